import { compileRule } from '../core/rule';
import type { Rule } from '../core/types';
import type { Connection } from './types';

/** An audience with a name. */
export interface Segment {
	name: string;
	rule: Rule;
	/** IANA zone whose calendar counts for people without one. */
	zone: string;
	refresh_minutes: number;
}

export interface SegmentSummary extends Segment {
	size: number;
	refreshed_at: Date | null;
	refresh_at: Date;
	/** Why the last refresh failed; null: it did not. */
	error: string | null;
}

/** Saves a segment, due at once; of one that is there, members stay until then. */
export async function saveSegment(db: Connection, { name, rule, zone, refresh_minutes: minutes }: Segment): Promise<void> {
	await db.rows(
		`INSERT INTO segments (name, rule, zone, refresh_minutes, refresh_at, created_at) VALUES ($1, $2, $3, $4, $5, $5)
		 ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, zone = excluded.zone, refresh_minutes = excluded.refresh_minutes, refresh_at = excluded.refresh_at`,
		[name, JSON.stringify(rule), zone, minutes, db.now],
	);
}

/** Deletes a segment and its history. @returns whether there was one */
export async function deleteSegment(db: Connection, name: string): Promise<boolean> {
	return (await db.rows('DELETE FROM segments WHERE name = $1 RETURNING 1', [name])).length > 0;
}

/** All segments, by name. */
export async function listSegments(db: Connection): Promise<SegmentSummary[]> {
	return await db.rows('SELECT name, rule, zone, refresh_minutes, size, refreshed_at, refresh_at, error FROM segments ORDER BY name');
}

/**
 * Takes the segment that has been due for longest, and says when it is due again.
 * @param which the name of one, due or not, or by when it has been due
 */
export async function claimSegment(db: Connection, which: string | Date): Promise<(Segment & { id: number }) | undefined> {
	const [segment] = await db.rows<Segment & { id: number }>(
		`UPDATE segments SET refresh_at = $1::timestamptz + make_interval(mins => refresh_minutes)
		 WHERE id = (SELECT id FROM segments WHERE ${typeof which === 'string' ? 'name = $2' : 'refresh_at <= $2'}
			ORDER BY refresh_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
		 RETURNING id, name, rule, zone, refresh_minutes`,
		[db.now, which],
	);
	return segment;
}

export interface Difference {
	/** The last profile that was looked at; null: there are no more. */
	last: number | null;
	joined: number;
	left: number;
	/** Profiles of those who joined. */
	came: number[];
}

/**
 * Brings the membership of the next profiles up to date: writes who joined and who left since, and nothing else. One
 * statement; each person is looked up by their key, since the planner takes what a rule finds for one row.
 * @param after the profile behind which to begin
 */
export async function refreshMembers(db: Connection, segment: { id: number; rule: Rule; zone: string }, after: number, profiles: number): Promise<Difference> {
	const { sql, params } = compileRule(segment.rule, { now: db.now, firstParameter: 5, zone: segment.zone });
	const [row] = await db.rows<Difference>(
		`WITH judged AS MATERIALIZED (
			SELECT p.id, p.merged_into IS NULL AND ${sql} AS belongs, (
				SELECT m.joined_at FROM segment_members m WHERE m.segment_id = $1 AND m.profile_id = p.id AND m.left_at IS NULL
			) AS joined_at
			FROM (SELECT * FROM profiles WHERE id > $2 ORDER BY id LIMIT $3) p
		), gone AS (
			UPDATE segment_members m SET left_at = $4 FROM judged g
			WHERE NOT g.belongs AND m.profile_id = g.id AND m.segment_id = $1 AND m.joined_at = g.joined_at
			RETURNING 1
		), come AS (
			INSERT INTO segment_members (profile_id, segment_id, joined_at)
			SELECT id, $1, $4 FROM judged WHERE belongs AND joined_at IS NULL ORDER BY id ON CONFLICT DO NOTHING
			RETURNING profile_id
		)
		SELECT (SELECT max(id) FROM judged) AS last, (SELECT count(*) FROM come)::int AS joined, (SELECT count(*) FROM gone)::int AS left,
			ARRAY(SELECT profile_id FROM come) AS came`,
		[segment.id, after, profiles, db.now, ...params],
	);
	return row!;
}

/** How a refresh ended. @param error null: it went well */
export async function tellRefreshed(db: Connection, id: number, error: string | null): Promise<void> {
	await db.rows(
		`UPDATE segments SET error = $3, refreshed_at = CASE WHEN $3::text IS NULL THEN $2 ELSE refreshed_at END,
			size = (SELECT count(*) FROM segment_members WHERE segment_id = $1 AND left_at IS NULL) WHERE id = $1`,
		[id, db.now, error],
	);
}

export interface Preview {
	count: number;
	/** Profile ids. */
	sample: number[];
	/** What was asked, with the values of its parameters. */
	sql: string;
	params: unknown[];
}

/** Who is in an audience now: reads everybody. @param most people in the sample */
export async function previewAudience(db: Connection, rule: Rule | null, zone: string, most: number): Promise<Preview> {
	const { sql, params } = rule ? compileRule(rule, { now: db.now, firstParameter: 1, zone }) : { sql: 'true', params: [] };
	const asked = `SELECT p.id FROM profiles p WHERE p.merged_into IS NULL AND ${sql}`;
	const [row] = await db.rows<{ count: number; sample: number[] | null }>(
		`SELECT count(*)::int AS count, (array_agg(id ORDER BY id) FILTER (WHERE place <= $${params.length + 1}))::bigint[] AS sample
		 FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM (${asked}) AS found) AS numbered`,
		[...params, most],
	);
	return { count: row!.count, sample: (row!.sample ?? []).map(Number), sql: asked, params };
}
