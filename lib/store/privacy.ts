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
	for (const table of await tablesAbout(db)) {
		const rows = await db.rows<{ row: object }>(`SELECT to_jsonb(t) AS row FROM ${table} t WHERE profile_id = ANY($1::bigint[])`, [profiles]);
		if (rows.length > 0) all[table] = rows.map(({ row }) => row);
	}
	return all;
}

/** The words by which a person is known, as input that was refused may hold them: short ones only as whole JSON texts. */
const KNOWN_BY = `
	SELECT lower(CASE WHEN length(value) < 5 THEN '"' || value || '"' ELSE value END) AS word FROM (
		SELECT value FROM identities WHERE profile_id = ANY($1::bigint[])
		UNION SELECT email FROM profiles WHERE id = ANY($1::bigint[]) UNION SELECT phone FROM profiles WHERE id = ANY($1::bigint[])
	) names WHERE value <> ''`;

/** Input that was refused and names these profiles. */
export async function rejectedAbout(db: Connection, profiles: number[]): Promise<object[]> {
	return await db.rows(
		`SELECT r.received_at, r.source, r.reason, r.body FROM rejected r
		 WHERE EXISTS (SELECT FROM (${KNOWN_BY}) k WHERE strpos(lower(r.body), k.word) > 0 OR strpos(lower(r.reason), k.word) > 0) ORDER BY r.id`,
		[profiles],
	);
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
 * Blanks everything that says who these profiles are. The caller holds their match lock and has ended what they are in.
 *
 * @returns how many rows of each table were blanked or deleted
 */
export async function blank(db: Connection, profiles: number[]): Promise<Record<string, number>> {
	const count = async (sql: string) => (await db.rows<{ count: number }>(`WITH touched AS (${sql} RETURNING 1) SELECT count(*)::int AS count FROM touched`, [profiles]))[0]!.count;
	const counts: Record<string, number> = {
		// First: it asks the identities.
		rejected: await count(`UPDATE rejected r SET body = '', reason = 'erased' WHERE EXISTS (
			SELECT FROM (${KNOWN_BY}) k WHERE strpos(lower(r.body), k.word) > 0 OR strpos(lower(r.reason), k.word) > 0)`),
	};
	// What a removed step's people were moved from knows their instances only, which have ended.
	counts.moves = await count('DELETE FROM moves WHERE instance_id IN (SELECT id FROM finished WHERE profile_id = ANY($1::bigint[]))');
	for (const table of await tablesAbout(db)) {
		const how = BLANKED[table];
		if (how === '') continue;
		const where = 'WHERE profile_id = ANY($1::bigint[])';
		counts[table] = await count(how === undefined ? `DELETE FROM ${table} ${where}` : `UPDATE ${table} SET ${how} ${where}`);
	}
	counts.profiles = await count(
		`UPDATE profiles SET attributes = '{}', attribute_times = '{}', tags = '{}', consent = '{}', email = NULL, phone = NULL, locale = NULL, zone = NULL
		 WHERE id = ANY($1::bigint[])`,
	);
	return counts;
}

/** The instances that these profiles are in. */
export async function instancesOf(db: Connection, profiles: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>('SELECT id FROM instances WHERE profile_id = ANY($1::bigint[]) ORDER BY id', [profiles]);
	return rows.map(({ id }) => id);
}
