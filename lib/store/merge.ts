import { strictest, tellStricter } from './consents';
import { FINISH_ALL } from './finish';
import { touch } from './segments';
import { fillMerged, mergeTraits } from './traits';
import type { Connection } from './types';

export interface Merge {
	from: number;
	into: number;
}

/** Goals find an instance by its enrolment, so that is the one still inside, else the one that entered last. */
const THEIRS = `CASE WHEN EXISTS (SELECT FROM instances WHERE id = en.instance_id) THEN false
	ELSE excluded.entered_at > en.entered_at OR EXISTS (SELECT FROM instances WHERE id = excluded.instance_id) END`;

/**
 * Makes two profiles one: identities, attributes (newest write), consent (the strictest), tags, and everything that
 * names the profile. Of live instances with the same journey, correlation and slot the older survives, the other is done:
 * merged. The old profile stays, `merged_into` the new, for what still names it.
 * The caller holds the registry lock and the match lock of all of them.
 *
 * @param merges each `into` at most once a call
 * @returns the live instances of the merged people: events that were another's yesterday may wake them
 */
export async function mergeProfiles(db: Connection, merges: Merge[]): Promise<number[]> {
	const pairs = [merges.map(({ from }) => from), merges.map(({ into }) => into)];
	// Arrays, since the planner knows how long they are: it reached for whole tables behind a list in JSON.
	const M = 'unnest($1::bigint[], $2::bigint[]) AS m("from", "into")';
	const LATER_M = 'unnest($2::bigint[], $3::bigint[]) AS m("from", "into")';

	await tellStricter(db, merges);
	await db.rows(
		`UPDATE profiles p SET
			attributes = newest.attributes, attribute_times = newest.times,
			consent = ${strictest('old.consent', 'own.consent', '$3::timestamptz')},
			tags = ARRAY(SELECT DISTINCT t FROM unnest(old.tags || p.tags) t ORDER BY t),
			email = coalesce(p.email, old.email), phone = coalesce(p.phone, old.phone),
			zone = coalesce(p.zone, old.zone), locale = coalesce(p.locale, old.locale), updated_at = $3
		 FROM ${M} JOIN profiles old ON old.id = m."from" JOIN profiles own ON own.id = m."into", LATERAL (
			-- A deleted attribute has a time and no value.
			SELECT coalesce(jsonb_object_agg(key, value) FILTER (WHERE value IS NOT NULL), '{}') AS attributes,
				coalesce(jsonb_object_agg(key, time), '{}') AS times
			FROM (
				SELECT key, greatest(theirs, ours) AS time,
					CASE WHEN theirs > coalesce(ours, '-infinity') THEN old.attributes->key ELSE own.attributes->key END AS value
				FROM jsonb_object_keys(old.attribute_times || own.attribute_times) key,
					LATERAL (SELECT (old.attribute_times->>key)::numeric AS theirs, (own.attribute_times->>key)::numeric AS ours) written
			) merged
		 ) newest
		 WHERE p.id = m."into"`,
		[...pairs, db.now],
	);
	await db.rows(`UPDATE profiles p SET merged_into = m."into", updated_at = $3 FROM ${M} WHERE p.id = m."from"`, [...pairs, db.now]);

	await db.rows(
		`WITH pairs AS (
			SELECT i.id, row_number() OVER (PARTITION BY coalesce(m."into", i.profile_id), i.journey_id, i.correlation, i.slot ORDER BY i.entered_at, i.id) AS place
			FROM instances i LEFT JOIN ${LATER_M} ON m."from" = i.profile_id
			WHERE i.profile_id = ANY($2::bigint[] || $3::bigint[])
		), gone AS (
			DELETE FROM instances WHERE id IN (SELECT id FROM pairs WHERE place > 1) RETURNING *
		), fate(status, reason, error) AS (SELECT 'done', 'merged', NULL::text), ${FINISH_ALL}
		SELECT FROM gone`,
		[db.now, ...pairs],
	);
	await db.rows(
		`INSERT INTO enrolments AS en (profile_id, journey_id, correlation, slot, instance_id, entry_event_id, entered_at, held_out, arm,
			entries, entry_times, first_entry, last_entry, last_exit, converted_at, scheduled_for, judge_at, workflow)
		 SELECT m."into", o.journey_id, o.correlation, o.slot, o.instance_id, o.entry_event_id, o.entered_at, o.held_out, o.arm,
			o.entries, o.entry_times, o.first_entry, o.last_entry, o.last_exit, o.converted_at, o.scheduled_for, o.judge_at, o.workflow
		 FROM enrolments o JOIN ${M} ON m."from" = o.profile_id
		 ON CONFLICT (profile_id, journey_id, correlation, slot) DO UPDATE SET
			entries = en.entries + excluded.entries,
			entry_times = ARRAY(SELECT t FROM unnest(en.entry_times || excluded.entry_times) t ORDER BY t),
			instance_id = CASE WHEN ${THEIRS} THEN excluded.instance_id ELSE en.instance_id END,
			entry_event_id = CASE WHEN ${THEIRS} THEN excluded.entry_event_id ELSE en.entry_event_id END,
			entered_at = CASE WHEN ${THEIRS} THEN excluded.entered_at ELSE en.entered_at END,
			held_out = CASE WHEN ${THEIRS} THEN excluded.held_out ELSE en.held_out END,
			judge_at = CASE WHEN ${THEIRS} THEN excluded.judge_at ELSE en.judge_at END,
			workflow = CASE WHEN ${THEIRS} THEN excluded.workflow ELSE en.workflow END,
			arm = CASE WHEN excluded.first_entry < en.first_entry THEN coalesce(excluded.arm, en.arm) ELSE coalesce(en.arm, excluded.arm) END,
			first_entry = least(en.first_entry, excluded.first_entry), last_entry = greatest(en.last_entry, excluded.last_entry),
			last_exit = greatest(en.last_exit, excluded.last_exit), converted_at = least(en.converted_at, excluded.converted_at),
			scheduled_for = greatest(en.scheduled_for, excluded.scheduled_for)`,
		pairs,
	);
	await db.rows(`DELETE FROM enrolments WHERE profile_id IN (SELECT "from" FROM ${M})`, pairs);
	await fillMerged(db, merges);
	for (const table of ['identities', 'events', 'instances', 'candidates', 'finished', 'deliveries', 'engagements', 'journal', 'timeouts', 'consents']) {
		await db.rows(`UPDATE ${table} t SET profile_id = m."into" FROM ${M} WHERE t.profile_id = m."from"`, pairs);
	}
	await db.rows(
		`UPDATE conversions t SET profile_id = m."into", first = false FROM ${M} WHERE t.profile_id = m."from"
			AND EXISTS (SELECT FROM conversions c WHERE c.profile_id = m."into" AND c.journey_id = t.journey_id)`,
		pairs,
	);
	await db.rows(`UPDATE conversions t SET profile_id = m."into" FROM ${M} WHERE t.profile_id = m."from"`, pairs);
	await db.rows(
		`INSERT INTO refusals AS r SELECT m."into", o.journey_id, o.reason, o.day, o.first_at, o.last_at, o.times, o.detail
		 FROM refusals o JOIN ${M} ON m."from" = o.profile_id
		 ON CONFLICT (profile_id, journey_id, reason, day) DO UPDATE
			SET times = r.times + excluded.times, first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at)`,
		pairs,
	);
	await db.rows(`DELETE FROM refusals WHERE profile_id IN (SELECT "from" FROM ${M})`, pairs);
	await db.rows(
		`INSERT INTO segment_members SELECT m."into", o.segment_id, o.joined_at, o.left_at FROM segment_members o JOIN ${M} ON m."from" = o.profile_id
		 ON CONFLICT DO NOTHING`, pairs);
	await db.rows(`DELETE FROM segment_members WHERE profile_id IN (SELECT "from" FROM ${M})`, pairs);
	await mergeTraits(db, merges);
	// Together they may be in segments in which neither was. Noted whether somebody listens or not, since merges are rare.
	await touch(db, merges.map(({ into }) => into));
	const live = await db.rows<{ id: number }>(`SELECT id FROM instances WHERE profile_id IN (SELECT "into" FROM ${M})`, pairs);
	return live.map(({ id }) => id);
}
