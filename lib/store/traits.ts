import { numbersAt } from '../core/rule/behaviour';
import { compileFilter, NO_VARIABLES } from '../core/filter';
import type { Filter } from '../core/types';
import type { Merge } from './merge';
import type { Connection } from './types';

/** What is counted of every person. */
export interface TraitDefinition {
	name: string;
	event: string;
	filter: Filter;
	/** Path of the property whose numbers are summed; absent: nothing is. */
	amount?: string;
}

export interface TraitSummary {
	name: string;
	event: string;
	definition: TraitDefinition;
	/** Profiles that have it. */
	people: number;
	/** All events of before have been counted. */
	complete: boolean;
	scored_at: Date | null;
}

/** One event of a batch. */
export interface Counted {
	profile_id: number;
	name: string;
	properties: object;
	occurred_at: Date;
}

/** What is counted of events `e` for traits `t`, by profile. */
const COUNTED = `t.id, count(*), coalesce(sum(n.amounts), 0), coalesce(sum(n.total), 0), min(e.occurred_at), max(e.occurred_at)`;
const OF_EVENT = `CROSS JOIN LATERAL (
			SELECT count(*) AS amounts, sum(value::numeric) AS total FROM jsonb_path_query(e.properties, t.amount, '{}', true) AS v(value)
		) n`;
const MATCHES = `(t.filter IS NULL OR jsonb_path_match_tz(e.properties, t.filter, '${NO_VARIABLES}', true))`;
const ADD = `ON CONFLICT (profile_id, trait_id) DO UPDATE SET count = own.count + excluded.count, amounts = own.amounts + excluded.amounts,
			total = own.total + excluded.total, first_at = least(own.first_at, excluded.first_at), last_at = greatest(own.last_at, excluded.last_at)`;
const INTO = 'INSERT INTO profile_traits AS own (profile_id, trait_id, count, amounts, total, first_at, last_at)';

/** Counts new events. The caller holds the match lock of their people. */
export async function countEvents(db: Connection, events: Counted[]): Promise<void> {
	await db.rows(
		`${INTO} SELECT e.profile_id, ${COUNTED}
		 FROM jsonb_to_recordset($1::jsonb) AS e(profile_id bigint, name text, properties jsonb, occurred_at timestamptz)
			JOIN traits t ON t.event = e.name ${OF_EVENT}
		 WHERE ${MATCHES} GROUP BY e.profile_id, t.id ORDER BY e.profile_id, t.id ${ADD}`,
		[JSON.stringify(events)],
	);
}

/**
 * Defines a trait, or defines it anew. The caller holds the registry lock as `register`: whatever is stored from now on is
 * counted as it arrives, and what was stored before has smaller ids and is counted by `fillTrait`.
 */
export async function saveTrait(db: Connection, definition: TraitDefinition): Promise<void> {
	await deleteTrait(db, definition.name);
	await db.rows(
		`INSERT INTO traits (name, event, filter, amount, definition, before_event, created_at)
		 SELECT $1, $2, $3::jsonpath, $4::jsonpath, $5, CASE WHEN is_called THEN last_value ELSE last_value - 1 END, $6 FROM event_ids`,
		[definition.name, definition.event, compileFilter(definition.filter), definition.amount === undefined ? null : numbersAt(definition.amount), JSON.stringify(definition), db.now],
	);
}

/** Deletes the trait alone; what it has counted goes by `dropLeftCounts`. @returns whether there was one */
export async function deleteTrait(db: Connection, name: string): Promise<boolean> {
	return (await db.rows('DELETE FROM traits WHERE name = $1 RETURNING 1', [name])).length > 0;
}

/**
 * Forgets what was counted for traits that are gone, a bounded number of people at a time. The ids in use are found by
 * one look-up each.
 * @returns how many
 */
export async function dropLeftCounts(db: Connection, limit: number): Promise<number> {
	const rows = await db.rows(
		`WITH RECURSIVE counted(id) AS (
			(SELECT trait_id FROM profile_traits ORDER BY trait_id LIMIT 1)
			UNION ALL SELECT (SELECT trait_id FROM profile_traits WHERE trait_id > counted.id ORDER BY trait_id LIMIT 1) FROM counted WHERE id IS NOT NULL
		)
		DELETE FROM profile_traits WHERE ctid = ANY(ARRAY(
			SELECT v.ctid FROM counted CROSS JOIN LATERAL (SELECT ctid FROM profile_traits WHERE trait_id = counted.id LIMIT $1) v
			WHERE counted.id NOT IN (SELECT id FROM traits) LIMIT $1
		)) RETURNING 1`,
		[limit],
	);
	return rows.length;
}

/**
 * Counts the events of before the definition for the next profiles of one trait. The row of the trait is held until the
 * commit, so that a merge comes before these profiles or after them.
 * @returns whether some trait is not complete yet
 */
export async function fillTrait(db: Connection, profiles: number): Promise<boolean> {
	const [open] = await db.rows<{ id: number; filled_to: number }>('SELECT id, filled_to FROM traits WHERE filled_to IS NOT NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED');
	if (!open) return false;
	const [page] = await db.rows<{ last: number | null }>('SELECT max(id) AS last FROM (SELECT id FROM profiles WHERE id > $1 ORDER BY id LIMIT $2) AS page', [open.filled_to, profiles]);
	const last = page!.last;
	if (last === null) {
		await db.rows('UPDATE traits SET filled_to = NULL WHERE id = $1', [open.id]);
		await scoreTrait(db, open.id);
		return true;
	}
	await db.rows(
		`${INTO} SELECT e.profile_id, ${COUNTED}
		 FROM traits t JOIN profiles p ON p.id > $2 AND p.id <= $3
			CROSS JOIN LATERAL (SELECT * FROM events ev WHERE ev.profile_id = p.id AND ev.name = t.event AND ev.id <= t.before_event OFFSET 0) e ${OF_EVENT}
		 WHERE t.id = $1 AND ${MATCHES} GROUP BY e.profile_id, t.id ORDER BY e.profile_id ${ADD}`,
		[open.id, open.filled_to, last],
	);
	await db.rows('UPDATE traits SET filled_to = $2 WHERE id = $1', [open.id, last]);
	return true;
}

/** Of two people who become one while a trait is being filled: counts the older events that nobody will pass again. */
export async function fillMerged(db: Connection, merges: Merge[]): Promise<void> {
	const filling = await db.rows<{ id: number; filled_to: number }>('SELECT id, filled_to FROM traits WHERE filled_to IS NOT NULL ORDER BY id FOR SHARE');
	for (const { id, filled_to: filledTo } of filling) {
		const passed = merges.filter(({ from, into }) => into <= filledTo && from > filledTo).map(({ from }) => from);
		if (passed.length === 0) continue;
		await db.rows(
			`${INTO} SELECT e.profile_id, ${COUNTED}
			 FROM traits t CROSS JOIN unnest($2::bigint[]) AS p(id)
				CROSS JOIN LATERAL (SELECT * FROM events ev WHERE ev.profile_id = p.id AND ev.name = t.event AND ev.id <= t.before_event OFFSET 0) e ${OF_EVENT}
			 WHERE t.id = $1 AND ${MATCHES} GROUP BY e.profile_id, t.id ORDER BY e.profile_id ${ADD}`,
			[id, passed],
		);
	}
}

/** What was counted of two people who become one. */
export async function mergeTraits(db: Connection, merges: Merge[]): Promise<void> {
	const pairs = [merges.map(({ from }) => from), merges.map(({ into }) => into)];
	await db.rows(
		`${INTO} SELECT m."into", o.trait_id, o.count, o.amounts, o.total, o.first_at, o.last_at
		 FROM profile_traits o JOIN unnest($1::bigint[], $2::bigint[]) AS m("from", "into") ON m."from" = o.profile_id ${ADD}`,
		pairs,
	);
	await db.rows('DELETE FROM profile_traits WHERE profile_id = ANY($1::bigint[])', [pairs[0]]);
}

/** Where the fifths of everybody begin, by when they did it last, how often, and for how much. */
async function scoreTrait(db: Connection, id: number): Promise<void> {
	await db.rows(
		`UPDATE traits t SET recency_cuts = fifths.recency, frequency_cuts = fifths.frequency, monetary_cuts = fifths.monetary, scored_at = $2 FROM (
			SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY last_at) AS recency,
				percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY count) AS frequency,
				percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY total) AS monetary
			FROM profile_traits WHERE trait_id = $1
		 ) fifths WHERE t.id = $1`,
		[id, db.now],
	);
}

/** Finds again where the fifths begin, for the complete trait for which that was longest ago. @returns whether there was one from before `before` */
export async function scoreOldest(db: Connection, before: Date): Promise<boolean> {
	const [oldest] = await db.rows<{ id: number }>('SELECT id FROM traits WHERE filled_to IS NULL AND scored_at < $1 ORDER BY scored_at, id LIMIT 1 FOR UPDATE SKIP LOCKED', [before]);
	if (oldest) await scoreTrait(db, oldest.id);
	return oldest !== undefined;
}

/** All traits, by name. */
export async function listTraits(db: Connection): Promise<TraitSummary[]> {
	return await db.rows(
		`SELECT name, event, definition, (SELECT count(*)::int FROM profile_traits v WHERE v.trait_id = t.id) AS people, filled_to IS NULL AS complete, scored_at
		 FROM traits t ORDER BY name`,
	);
}
