import { SHORTEST_NUMBER } from '../core/keptError';
import type { Connection } from './types';

/** These profiles and those that were merged into them, whose rows may still name them. */
export async function withMerged(db: Connection, profiles: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`WITH RECURSIVE everyone AS (
			SELECT unnest($1::bigint[]) AS id UNION SELECT p.id FROM profiles p JOIN everyone e ON p.merged_into = e.id
		) SELECT id FROM everyone ORDER BY id`,
		[profiles],
	);
	return rows.map(({ id }) => id);
}

/** Tables that know a profile. */
async function tablesAbout(db: Connection): Promise<string[]> {
	const rows = await db.rows<{ name: string }>(
		`SELECT quote_ident(c.relname) AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'profile_id' AND NOT a.attisdropped
		 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`,
	);
	return rows.map(({ name }) => name);
}

/** Every row of every table that is about these profiles, as JSON, by table. */
export async function exportRows(db: Connection, profiles: number[]): Promise<Record<string, object[]>> {
	const all: Record<string, object[]> = {
		profiles: (await db.rows<{ row: object }>('SELECT to_jsonb(p) AS row FROM profiles p WHERE id = ANY($1::bigint[]) ORDER BY id', [profiles])).map(({ row }) => row),
	};
	for (const [table, where] of [...(await tablesAbout(db)).map((name) => [name, 'profile_id = ANY($1::bigint[])']), ['moves', MOVED]]) {
		const rows = await db.rows<{ row: object }>(`SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${where}`, [profiles]);
		if (rows.length > 0) all[table!] = rows.map(({ row }) => row);
	}
	return all;
}

/** What a removed step's people were moved from knows their instances only. */
const MOVED = `instance_id = ANY(ARRAY(
	SELECT id FROM instances WHERE profile_id = ANY($1::bigint[]) UNION ALL SELECT id FROM finished WHERE profile_id = ANY($1::bigint[])))`;

/** The words by which these profiles are known: identities, addresses and numbers. */
export async function namesOf(db: Connection, profiles: number[]): Promise<string[]> {
	const rows = await db.rows<{ name: string }>(
		`SELECT lower(value) AS name FROM (
			SELECT value FROM identities WHERE profile_id = ANY($1::bigint[])
			UNION SELECT email FROM profiles WHERE id = ANY($1::bigint[]) UNION SELECT phone FROM profiles WHERE id = ANY($1::bigint[])
		) names WHERE value <> '' GROUP BY 1 ORDER BY 1`,
		[profiles],
	);
	return rows.map(({ name }) => name);
}

/**
 * Refused input that names somebody. It need not be JSON, so it is searched as text: for a name as a whole JSON string,
 * its quotes escaped or not, or, from five characters on, as a whole number. A part of a string or number is another
 * name: 10001 is not in order-100012. The pattern is only asked where the name is found at all.
 */
const NAMED = String.raw`EXISTS (
	SELECT FROM unnest($1::text[]) AS n(name) CROSS JOIN LATERAL (SELECT regexp_replace(name, '([][(){}.*+?^$|\\-])', '\\\1', 'g') AS literal) l
		CROSS JOIN LATERAL (VALUES (lower(r.body)), (lower(r.reason))) AS t(said)
	WHERE strpos(said, name) > 0 AND said ~ ('"' || literal || '\\?"' || CASE WHEN length(name) >= ${SHORTEST_NUMBER} THEN '|(^|[[:space:]:,[])' || literal || '([[:space:],}]|]|$)' ELSE '' END))`;

/** Input that was refused and names somebody by one of these names. */
export async function rejectedNaming(db: Connection, names: string[]): Promise<object[]> {
	return await db.rows(`SELECT r.received_at, r.arrived_at, r.source, r.reason, r.body, r.message_id FROM rejected r WHERE ${NAMED} ORDER BY r.id`, [names]);
}

/** Blanks it. Reads everything that was refused, so nobody should wait for it. @returns how many rows */
export async function blankRejected(db: Connection, names: string[]): Promise<number> {
	return (await db.rows(`UPDATE rejected r SET body = '', reason = 'erased', message_id = NULL WHERE ${NAMED} RETURNING 1`, [names])).length;
}

/**
 * By which names these people are known, whether one of them was erased, so that their names are not known any more, and
 * who took over those who were merged. All of one moment: an erasure comes before it or after it.
 */
export async function namesInBatch(db: Connection, profiles: number[]): Promise<{ names: string[]; erased: boolean; into: number[] }> {
	const [found] = await db.rows<{ names: string[]; erased: boolean; into: number[] }>(
		`SELECT ARRAY(SELECT name FROM (
			SELECT value AS name FROM identities WHERE profile_id = ANY((SELECT $1::bigint[])::bigint[])
			UNION SELECT unnest(ARRAY[email, phone]) FROM profiles WHERE id = ANY((SELECT $1::bigint[])::bigint[])
		) n WHERE name IS NOT NULL) AS names,
		EXISTS (SELECT FROM profiles WHERE id = ANY((SELECT $1::bigint[])::bigint[]) AND erased_at IS NOT NULL) AS erased,
		ARRAY(SELECT merged_into FROM profiles WHERE id = ANY((SELECT $1::bigint[])::bigint[]) AND merged_into IS NOT NULL) AS into`,
		[profiles],
	);
	return found!;
}

/**
 * What becomes of each table about people: rows stay where they are counted, without anything that tells who it was. A
 * table that is not named here loses its rows.
 */
const BLANKED: Record<string, string> = {
	events: "properties = '{}', message_id = NULL",
	journal: "detail = jsonb_strip_nulls(jsonb_build_object('event_id', detail->'event_id', 'delivery', detail->'delivery'))",
	finished: "correlation = CASE correlation WHEN '' THEN '' ELSE 'erased' END, error = NULL, context = '{}'",
	// Part of a key: each stays one of its own. What does not happen to somebody who is not known any more says nothing.
	enrolments: "correlation = CASE correlation WHEN '' THEN '' ELSE 'erased ' || instance_id END, judge_at = NULL",
	refusals: "detail = '{}'",
	deliveries: 'provider_id = NULL, error = NULL',
	engagements: "detail = '{}'",
	conversions: '',
};

/**
 * Blanks everything that says who these profiles are, and marks them, for whoever knows them and waits for their match
 * lock. The caller holds it and has ended what they are in.
 *
 * @returns how many rows of each table were blanked or deleted
 */
export async function blank(db: Connection, profiles: number[]): Promise<Record<string, number>> {
	const count = async (sql: string, ...more: unknown[]) =>
		(await db.rows<{ count: number }>(`WITH touched AS (${sql} RETURNING 1) SELECT count(*)::int AS count FROM touched`, [profiles, ...more]))[0]!.count;
	const counts: Record<string, number> = { moves: await count(`DELETE FROM moves WHERE ${MOVED}`) };
	for (const table of await tablesAbout(db)) {
		const how = BLANKED[table];
		if (how === '') continue;
		const where = 'WHERE profile_id = ANY($1::bigint[])';
		counts[table] = await count(how === undefined ? `DELETE FROM ${table} ${where}` : `UPDATE ${table} SET ${how} ${where}`);
	}
	counts.profiles = await count(
		`UPDATE profiles SET attributes = '{}', attribute_times = '{}', tags = '{}', consent = '{}', email = NULL, phone = NULL, locale = NULL, zone = NULL, erased_at = $2
		 WHERE id = ANY($1::bigint[])`,
		db.now,
	);
	return counts;
}

/** The instances that these profiles are in. */
export async function instancesOf(db: Connection, profiles: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>('SELECT id FROM instances WHERE profile_id = ANY($1::bigint[]) ORDER BY id', [profiles]);
	return rows.map(({ id }) => id);
}
