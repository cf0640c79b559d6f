import type { Connection } from './types';

/** Moves instances out of the hot table. Reads `gone` (instances rows), `fate(status, reason, kind)`. */
export const FINISH_ALL = `
	filed AS (
		INSERT INTO finished (id, profile_id, journey_id, step_id, correlation, status, reason, error, entered_at, ended_at, visit, context)
		SELECT id, profile_id, journey_id, step_id, correlation, fate.status, coalesce(end_reason, fate.reason), fate.error,
			entered_at, $1, visit, context
		FROM gone, fate
	), left_journey AS (
		UPDATE enrolments en SET last_exit = $1 FROM gone
		WHERE en.profile_id = gone.profile_id AND en.journey_id = gone.journey_id AND en.correlation = gone.correlation
			AND en.slot = gone.slot
	), told AS (
		INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT $1, fate.status, journey_id, step_id, profile_id, id, coalesce(end_reason, fate.reason),
			CASE WHEN fate.error IS NOT NULL THEN jsonb_build_object('error', fate.error) END
		FROM gone, fate
	)`;
/** The same, and counts them. */
export const FINISH = `${FINISH_ALL}
	SELECT count(*)::int AS count FROM gone`;

/** Ends whoever still holds the token: the execution succeeded and nothing more waits for them. @returns how many */
export async function completeClaim(db: Connection, token: string): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		`WITH claim AS (DELETE FROM claims WHERE token = $2), late AS (DELETE FROM candidates WHERE token = $2),
		gone AS (DELETE FROM instances WHERE token = $2 RETURNING *),
		fate(status, reason, error) AS (VALUES ('done', 'completed', NULL::text)), ${FINISH}`,
		[db.now, token],
	);
	return row!.count;
}

/** Gives up on whoever holds the token; an operator can send them on. Who did not get in is journaled. @returns how many */
export async function failClaim(db: Connection, token: string, error: string): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		`WITH claim AS (DELETE FROM claims WHERE token = $2),
		outside AS (DELETE FROM candidates WHERE token = $2 RETURNING *),
		turned_away AS (
			INSERT INTO journal (at, kind, journey_id, step_id, profile_id, reason, detail)
			SELECT $1, 'failed', journey_id, step_id, profile_id, 'error', jsonb_strip_nulls(jsonb_build_object('error', $3::text, 'event_id', event_id)) FROM outside
		),
		gone AS (DELETE FROM instances WHERE token = $2 RETURNING *),
		fate(status, reason, error) AS (SELECT 'failed', 'error', $3::text), ${FINISH}`,
		[db.now, token, error],
	);
	return row!.count;
}

/** Ends named running instances of this execution. @returns how many */
export async function endRunning(
	db: Connection, claim: { token: string; execution: string }, ids: number[], reason: string,
): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		`WITH gone AS (
			DELETE FROM instances WHERE id = ANY($2::bigint[]) AND token = $3
				AND EXISTS (SELECT FROM claims WHERE token = $3 AND execution = $4)
			RETURNING *
		), fate(status, reason, error) AS (SELECT 'done', $5::text, NULL::text), ${FINISH}`,
		[db.now, ids, claim.token, claim.execution, reason],
	);
	return row!.count;
}

/**
 * Ends whatever these people are doing in a journey, wherever they are, and turns away who was about to enter, also
 * those whom an execution has claimed and not let in: it finds them gone when it has the match lock. The caller holds the
 * match lock as `match`, so that nobody of them enters or parks meanwhile. Rows are named by their ids before they go:
 * without statistics the planner would go through the whole journey for them, or compare each with each.
 *
 * @returns how many instances of each person have ended
 */
export async function endOfPeople(db: Connection, journey: number, profiles: number[], reason: string): Promise<Map<number, number>> {
	const rows = await db.rows<{ profile_id: number; count: number }>(
		`WITH outside AS (
			DELETE FROM candidates WHERE profile_id = ANY($3::bigint[]) AND id = ANY(ARRAY(
				SELECT c.id FROM unnest($3::bigint[]) AS asked(profile_id)
					CROSS JOIN LATERAL (SELECT id FROM candidates WHERE profile_id = asked.profile_id AND journey_id = $2 OFFSET 0) c
			)) RETURNING *
		), turned_away AS (
			INSERT INTO journal (at, kind, journey_id, step_id, profile_id, reason, detail)
			SELECT $1, 'dropped', journey_id, step_id, profile_id, $4, jsonb_strip_nulls(jsonb_build_object('event_id', event_id)) FROM outside
		), locked AS MATERIALIZED (
			SELECT id FROM instances WHERE profile_id = ANY($3::bigint[]) AND journey_id = $2 ORDER BY id FOR UPDATE
		), gone AS (
			DELETE FROM instances WHERE id = ANY(ARRAY(SELECT id FROM locked)) AND profile_id = ANY($3::bigint[]) RETURNING *
		), fate(status, reason, error) AS (SELECT 'done', $4::text, NULL::text), ${FINISH_ALL}
		SELECT profile_id, count(*)::int AS count FROM gone GROUP BY profile_id`,
		[db.now, journey, profiles, reason],
	);
	return new Map(rows.map((row) => [row.profile_id, row.count]));
}

/** Ends instances wherever they are, also on their way: their execution goes on, and later journey nodes drop them. @returns how many there were */
export async function endInstances(db: Connection, ids: number[], reason: string): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		`WITH doomed AS MATERIALIZED (SELECT id FROM instances WHERE id = ANY($2::bigint[]) ORDER BY id FOR UPDATE),
		gone AS (DELETE FROM instances WHERE id IN (SELECT id FROM doomed) RETURNING *),
		fate(status, reason, error) AS (SELECT 'done', $3::text, NULL::text), ${FINISH}`,
		[db.now, ids, reason],
	);
	return row!.count;
}

/** Ends named instances that wait. @returns how many still did */
export async function endWaiting(db: Connection, ids: number[], reason: string): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		`WITH gone AS (DELETE FROM instances WHERE id = ANY($2::bigint[]) AND status = 'waiting' AND wake IS NULL RETURNING *),
		fate(status, reason, error) AS (SELECT 'done', $3::text, NULL::text), ${FINISH}`,
		[db.now, ids, reason],
	);
	return row!.count;
}

/** Ends who has reached the journey's own limit, at most `limit` at a time. @returns how many */
export async function expireInstances(db: Connection, limit: number): Promise<number> {
	const [row] = await db.rows<{ count: number }>(
		`WITH due AS MATERIALIZED (
			SELECT id FROM instances WHERE status = 'waiting' AND expires AND due_at <= $1
			ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
		), gone AS (DELETE FROM instances WHERE id IN (SELECT id FROM due) RETURNING *),
		fate(status, reason, error) AS (VALUES ('done', 'expired', NULL::text)), ${FINISH}`,
		[db.now, limit],
	);
	return row!.count;
}
