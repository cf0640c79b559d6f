import { compileRule } from '../core/rule';
import { touchesOf } from '../core/rule/touch';
import type { Rule } from '../core/types';
import type { Connection } from './types';

/** Stands for a write to a profile among the names of events by which people are touched. */
export const PROFILE = '';

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
	const { events, traits, profile } = touchesOf(rule);
	await db.rows(
		`INSERT INTO segments (name, rule, zone, refresh_minutes, refresh_at, created_at, touched_by)
		 VALUES ($1, $2, $3, $4, $5, $5, $6::text[] || ARRAY(SELECT DISTINCT event FROM traits WHERE name = ANY($7::text[])))
		 ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, zone = excluded.zone, refresh_minutes = excluded.refresh_minutes,
			refresh_at = excluded.refresh_at, touched_by = excluded.touched_by`,
		[name, JSON.stringify(rule), zone, minutes, db.now, [...events, ...(profile ? [PROFILE] : [])], traits],
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

/** How many were in a segment at its last refresh, and when that was. @returns undefined: there is no such segment */
export async function findSegment(db: Connection, name: string): Promise<{ size: number; refreshed_at: Date | null } | undefined> {
	return (await db.rows<{ size: number; refreshed_at: Date | null }>('SELECT size, refreshed_at FROM segments WHERE name = $1', [name]))[0];
}

/** Nodes that listen to a segment, as `node in journey or workflow`. */
export async function listenersOf(db: Connection, segment: string): Promise<string[]> {
	const rows = await db.rows<{ named: string }>(
		`SELECT format('"%s" of journey "%s"', s.name, coalesce(j.name, w.workflow_id)) AS named
		 FROM steps s JOIN workflows w ON w.id = s.workflow LEFT JOIN journeys j ON j.id = w.journey_id
		 WHERE s.config ? 'segment' AND s.config->>'segment' = $1 AND s.state = 'on' ORDER BY s.id`,
		[segment],
	);
	return rows.map(({ named }) => named);
}

/**
 * Takes the segment that has been due for longest, and says when it is due again.
 * @param which the name of one, due or not, even if it has to be waited for; or by when it has been due
 */
export async function claimSegment(db: Connection, which: string | Date): Promise<(Segment & { id: number }) | undefined> {
	const [segment] = await db.rows<Segment & { id: number }>(
		`UPDATE segments SET refresh_at = $1::timestamptz + make_interval(mins => refresh_minutes)
		 WHERE id = (SELECT id FROM segments WHERE ${typeof which === 'string' ? 'name = $2' : 'refresh_at <= $2'}
			ORDER BY refresh_at, id LIMIT 1 FOR NO KEY UPDATE ${typeof which === 'string' ? '' : 'SKIP LOCKED'})
		 RETURNING id, name, rule, zone, refresh_minutes`,
		[db.now, which],
	);
	return segment;
}

/** A segment whose members this transaction may change. */
export interface HeldSegment {
	id: number;
	name: string;
	rule: Rule;
	zone: string;
	/** It has been gone through once: who is found now was not in it before. */
	filled: boolean;
}

const HELD = 'g.id, g.name, g.rule, g.zone, g.refreshed_at IS NOT NULL AS filled';
/** Whether a step listens to the segment `g`, or has been off for less than its catch-up window and will look back. */
const LISTENED_TO = (offSince: string) => `EXISTS (SELECT FROM steps s WHERE s.config ? 'segment' AND s.config->>'segment' = g.name AND (s.state = 'on' OR s.off_since > ${offSince}))`;

/**
 * Holds a segment, so that whoever else looks for its people looks afterwards, and sees what was found here: else two
 * that look at the same person at once could each find what the other one is about to write. In a statement of its own,
 * before the registry lock and the match lock.
 *
 * @returns as it is now; undefined: it was deleted
 */
export async function holdSegment(db: Connection, id: number): Promise<HeldSegment | undefined> {
	return (await db.rows<HeldSegment>(`SELECT ${HELD} FROM segments g WHERE id = $1 FOR NO KEY UPDATE`, [id]))[0];
}

/** The same for all segments that are listened to, in the order of their ids. */
export async function holdSegmentsHeard(db: Connection, offSince: Date): Promise<HeldSegment[]> {
	return await db.rows<HeldSegment>(`SELECT ${HELD} FROM segments g WHERE ${LISTENED_TO('$1')} ORDER BY g.id FOR NO KEY UPDATE OF g`, [offSince]);
}

/** Of these segments those whose changes are recorded. The caller holds the registry lock: who listens from now on looks back. */
export async function heardOf(db: Connection, names: string[], offSince: Date): Promise<Set<string>> {
	if (names.length === 0) return new Set();
	const rows = await db.rows<{ name: string }>(`SELECT g.name FROM segments g WHERE g.name = ANY($1::text[]) AND ${LISTENED_TO('$2')}`, [names, offSince]);
	return new Set(rows.map(({ name }) => name));
}

/** Which of these names of events touch the people of a segment that is listened to. */
export const TOUCHING = (names: string, offSince: string) => `SELECT DISTINCT t.name FROM segments g CROSS JOIN LATERAL unnest(g.touched_by) AS t(name)
		 WHERE g.touched_by && ${names} AND t.name = ANY(${names}) AND ${LISTENED_TO(offSince)}`;

/** Notes people to be looked at anew. */
export async function touch(db: Connection, profiles: number[]): Promise<void> {
	await db.rows('INSERT INTO touched (profile_id) SELECT DISTINCT id FROM unnest($1::bigint[]) id', [profiles]);
}

/** Takes the oldest of those notes. @returns their profiles, each once; undefined: there are no more */
export async function takeTouched(db: Connection, most: number): Promise<number[] | undefined> {
	const rows = await db.rows<{ profile_id: number }>(
		`DELETE FROM touched WHERE id = ANY(ARRAY(SELECT id FROM touched ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING profile_id`,
		[most],
	);
	return rows.length > 0 ? [...new Set(rows.map((row) => row.profile_id))] : undefined;
}

/** How many notes there are, roughly: by the first and the last. */
export async function countTouched(db: Connection): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		'SELECT coalesce((SELECT id FROM touched ORDER BY id DESC LIMIT 1) - (SELECT id FROM touched ORDER BY id LIMIT 1) + 1, 0)::int AS count',
	);
	return row!.count;
}

/** Lets the segments that are listened to be refreshed next. */
export async function refreshSoon(db: Connection, offSince: Date): Promise<void> {
	await db.rows(`UPDATE segments g SET refresh_at = $2 WHERE g.refresh_at > $2 AND ${LISTENED_TO('$1')}`, [offSince, db.now]);
}

export interface Difference {
	/** The last profile that was looked at; null: there are no more. */
	last: number | null;
	/** Profiles of those who joined, and of those who left. */
	came: number[];
	went: number[];
}

/** The next profiles behind one, or these. */
export type Whom = { after: number; profiles: number } | { profiles: number[] };

/**
 * Brings the membership of some profiles up to date: writes who joined and who left since, and nothing else. One
 * statement; each person is looked up by their key, since the planner takes what a rule finds for one row. The caller
 * holds the segment.
 */
export async function refreshMembers(db: Connection, segment: { id: number; rule: Rule; zone: string }, whom: Whom): Promise<Difference> {
	const page = 'after' in whom;
	const { sql, params } = compileRule(segment.rule, { now: db.now, firstParameter: page ? 5 : 4, zone: segment.zone });
	const people = page ? 'SELECT * FROM profiles WHERE id > $3 ORDER BY id LIMIT $4' : 'SELECT * FROM profiles WHERE id = ANY($3::bigint[])';
	const [row] = await db.rows<Difference>(
		`WITH judged AS MATERIALIZED (
			SELECT p.id, p.merged_into IS NULL AND p.erased_at IS NULL AND ${sql} AS belongs, (
				SELECT m.joined_at FROM segment_members m WHERE m.segment_id = $1 AND m.profile_id = p.id AND m.left_at IS NULL
			) AS joined_at
			FROM (${people}) p
		), gone AS (
			UPDATE segment_members m SET left_at = $2 FROM judged g
			WHERE NOT g.belongs AND m.profile_id = g.id AND m.segment_id = $1 AND m.joined_at = g.joined_at
			RETURNING m.profile_id
		), come AS (
			INSERT INTO segment_members (profile_id, segment_id, joined_at)
			SELECT id, $1, $2 FROM judged WHERE belongs AND joined_at IS NULL ORDER BY id ON CONFLICT DO NOTHING
			RETURNING profile_id
		)
		SELECT (SELECT max(id) FROM judged) AS last, ARRAY(SELECT profile_id FROM come) AS came, ARRAY(SELECT profile_id FROM gone) AS went`,
		[segment.id, db.now, ...(page ? [whom.after, whom.profiles] : [whom.profiles]), ...params],
	);
	// Arrays of bigint come as text.
	return { last: row!.last, came: row!.came.map(Number), went: row!.went.map(Number) };
}

/** Of these profiles those that are somebody: neither merged away nor erased. The caller holds their match lock. */
export async function stillSomebody(db: Connection, profiles: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`SELECT p.id FROM profiles p WHERE p.id = ANY($1::bigint[]) AND p.merged_into IS NULL AND p.erased_at IS NULL
			AND (SELECT count(*) FROM (SELECT FROM identities i WHERE i.profile_id = p.id LIMIT 1) named) = 1 ORDER BY p.id`,
		[profiles],
	);
	return rows.map(({ id }) => id);
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
	const asked = `SELECT p.id FROM profiles p WHERE p.merged_into IS NULL AND p.erased_at IS NULL AND ${sql}`;
	const [row] = await db.rows<{ count: number; sample: number[] | null }>(
		`SELECT count(*)::int AS count, (array_agg(id ORDER BY id) FILTER (WHERE place <= $${params.length + 1}))::bigint[] AS sample
		 FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM (${asked}) AS found) AS numbered`,
		[...params, most],
	);
	return { count: row!.count, sample: (row!.sample ?? []).map(Number), sql: asked, params };
}
