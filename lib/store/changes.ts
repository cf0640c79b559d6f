import { NO_VARIABLES } from '../core/filter';
import type { AttributeDate } from '../core/types';
import type { Connection } from './types';

/** Whose waits are looked at: of people who were just written to, or of these instances. */
export type Who = { profiles: number[] } | { instances: number[] };

const WAITING = "i.status = 'waiting' AND i.wake IS NULL";
const waiting = (who: Who) => ('profiles' in who
	? `unnest($2::bigint[]) AS asked(id) CROSS JOIN LATERAL (SELECT * FROM instances i WHERE i.profile_id = asked.id AND ${WAITING} OFFSET 0) i`
	: `(SELECT * FROM instances i WHERE i.id = ANY($2::bigint[]) AND ${WAITING} OFFSET 0) i`);
const ids = (who: Who) => ('profiles' in who ? who.profiles : who.instances);

/**
 * What is waited for among changes: of these attributes, of what becomes of messages, or of membership in segments. Asked under the match lock: who
 * begins to wait afterwards looks for themselves.
 */
export async function changeListeners(db: Connection, subjects: string[]): Promise<Set<'attribute' | 'message' | 'segment' | 'date'>> {
	const rows = await db.rows<{ kind: 'attribute' | 'message' | 'segment' | 'date' }>(
		'SELECT DISTINCT kind FROM conditions WHERE subjects IS NOT NULL AND subjects && $1::text[]',
		[subjects],
	);
	return new Set(rows.map(({ kind }) => kind));
}

/**
 * Wakes those for whom it is true now what they wait for. They leave at the moment in which it became true, but never
 * before they came; what became true after their deadline does not count. The caller holds the match lock.
 *
 * @returns how many
 */
export async function wakeByChange(db: Connection, who: Who): Promise<number> {
	const rows = await db.rows(
		`WITH hit AS MATERIALIZED (
			SELECT DISTINCT ON (i.id) i.id, c.output, greatest(i.left_at, became.at) AS at
			FROM ${waiting(who)}
			JOIN conditions c ON c.set_id = i.set_id AND c.kind IN ('attribute', 'message', 'segment')
			JOIN profiles p ON p.id = i.profile_id
			CROSS JOIN LATERAL (
				SELECT (SELECT to_timestamp(max((p.attribute_times->>name)::numeric) / 1000) FROM unnest(c.subjects) name) AS at
				WHERE c.kind = 'attribute' AND jsonb_path_match_tz(p.attributes, c.filter, coalesce(i.vars, '${NO_VARIABLES}'), true)
				UNION ALL
				(SELECT g.at FROM engagements g JOIN deliveries d ON d.id = g.delivery_id AND d.profile_id = g.profile_id
				WHERE c.kind = 'message' AND g.profile_id = i.profile_id AND g.kind = ANY(c.subjects) AND d.instance_id = i.id
					AND (c.step IS NULL OR EXISTS (SELECT FROM steps s WHERE s.id = d.step_id AND s.node_id = c.step))
				ORDER BY g.at LIMIT 1)
				UNION ALL
				SELECT m.joined_at FROM segment_members m JOIN segments g ON g.id = m.segment_id
				WHERE c.kind = 'segment' AND g.name = ANY(c.subjects) AND m.profile_id = i.profile_id AND m.left_at IS NULL
			) became
			WHERE coalesce(became.at, i.left_at) <= i.due_at
			ORDER BY i.id, at, c.ordinal
		)
		UPDATE instances i SET wake = 'change', output = hit.output, due_at = $1, left_at = hit.at, expires = false
		FROM hit WHERE i.id = hit.id AND ${WAITING}
		RETURNING i.id`,
		[db.now, ids(who)],
	);
	return rows.length;
}

/** A wait for a date of an attribute, and what the attribute says now. */
export interface DatedWait {
	id: number;
	due_at: Date;
	until: AttributeDate;
	zone: string;
	/** Null: it says nothing. */
	value: unknown;
}

/** Who of these waits for a date of an attribute. */
export async function datedWaits(db: Connection, who: Who): Promise<DatedWait[]> {
	return await db.rows<DatedWait>(
		`SELECT i.id, i.due_at, s.until, coalesce(p.zone, j.zone) AS zone,
			nullif(p.attributes #> ARRAY(SELECT jsonb_array_elements_text(s.until->'path')), 'null') AS value
		 FROM ${waiting(who)}
		 JOIN condition_sets s ON s.id = i.set_id AND s.until IS NOT NULL
		 JOIN profiles p ON p.id = i.profile_id
		 JOIN journeys j ON j.id = i.journey_id
		 WHERE $1::timestamptz IS NOT NULL`,
		[db.now, ids(who)],
	);
}

/** Gives waits another deadline, and journals it. */
export async function moveDeadlines(db: Connection, waits: Array<{ id: number; due_at: Date }>): Promise<void> {
	await db.rows(
		`WITH moved AS (
			UPDATE instances i SET due_at = w.due_at FROM jsonb_to_recordset($1::jsonb) AS w(id bigint, due_at timestamptz)
			WHERE i.id = w.id AND ${WAITING} RETURNING i.*
		)
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id)
		SELECT $2, due_at, 'redated', journey_id, step_id, profile_id, id FROM moved`,
		[JSON.stringify(waits), db.now],
	);
}

/** Lets those go on whose attribute holds no date any more, and journals why. @param output hidden id of the output */
export async function wakeUndated(db: Connection, waits: Array<{ id: number; problem: string }>, output: string): Promise<void> {
	await db.rows(
		`WITH woken AS (
			UPDATE instances i SET wake = 'change', output = $3, due_at = $2, left_at = greatest(i.left_at, $2::timestamptz)
			FROM jsonb_to_recordset($1::jsonb) AS w(id bigint, problem text) WHERE i.id = w.id AND ${WAITING} RETURNING i.*, w.problem
		)
		INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT $2, 'undated', journey_id, step_id, profile_id, id, 'no_date', jsonb_build_object('error', problem) FROM woken`,
		[JSON.stringify(waits), db.now, output],
	);
}
