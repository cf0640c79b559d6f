import { FORGIVEN_LOSSES, LOSS_PAUSES_MS, SINGLY } from '../core/backoff';
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
const FINISH = `${FINISH_ALL}
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
 * those whom an execution has claimed and not let in: it finds them gone when it has the match lock. The caller holds the match lock as `match`, so that nobody of them enters or parks meanwhile.
 *
 * @returns how many instances of each person have ended
 */
export async function endOfPeople(db: Connection, journey: number, profiles: number[], reason: string): Promise<Map<number, number>> {
	const rows = await db.rows<{ profile_id: number; count: number }>(
		`WITH outside AS (
			DELETE FROM candidates WHERE profile_id = ANY($3::bigint[]) AND journey_id = $2 RETURNING *
		), turned_away AS (
			INSERT INTO journal (at, kind, journey_id, step_id, profile_id, reason, detail)
			SELECT $1, 'dropped', journey_id, step_id, profile_id, $4, jsonb_strip_nulls(jsonb_build_object('event_id', event_id)) FROM outside
		), locked AS MATERIALIZED (
			SELECT id FROM instances WHERE profile_id = ANY($3::bigint[]) AND journey_id = $2 ORDER BY id FOR UPDATE
		), gone AS (
			DELETE FROM instances i USING locked WHERE i.id = locked.id AND i.profile_id = ANY($3::bigint[]) RETURNING i.*
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

/** `$3` of those who wait at these steps and `$3` of those who have left them, by the indexes of who waits, who waits for ever, and who is under way: nobody else is read. */
const INSIDE = (steps: string) => `(SELECT found.id FROM unnest(${steps}) AS s(step), LATERAL (
		(SELECT id FROM instances WHERE step_id = s.step AND status = 'waiting' AND NOT expires ORDER BY attempts, due_at LIMIT $3)
		UNION ALL (SELECT id FROM instances WHERE step_id = s.step AND status = 'waiting' AND expires ORDER BY step_id LIMIT $3)
	) found LIMIT $3) UNION ALL (SELECT id FROM instances WHERE step_id = ANY(${steps}) AND token IS NOT NULL ORDER BY token LIMIT $3)`;

/**
 * Ends who is inside a workflow whose end has come, wherever they are, at most `limit` at a time. For a minute after
 * the end it is looked again, for those whose entry was being written just then; then it is done.
 *
 * @returns how many
 */
export async function evictAtEnd(db: Connection, limit: number): Promise<number> {
	const due = await db.rows<{ id: number; evict_at: Date; steps: number[] }>(
		'SELECT id, evict_at, ARRAY(SELECT s.id FROM steps s WHERE s.workflow = w.id) AS steps FROM workflows w WHERE evict_at <= $1', [db.now],
	);
	if (due.length === 0) return 0;
	// Of a table without statistics the planner thinks that most are under way, and reads everybody.
	await db.rows("SELECT set_config('enable_seqscan', 'off', true)");
	const [row] = await db.rows<{ count: number }>(
		`WITH inside AS MATERIALIZED (
			SELECT id FROM instances WHERE id = ANY(ARRAY(${INSIDE('$2::int[]')})) AND step_id = ANY($2::int[]) ORDER BY id LIMIT $3 FOR UPDATE
		), gone AS (DELETE FROM instances WHERE id IN (SELECT id FROM inside) RETURNING *),
		fate(status, reason, error) AS (VALUES ('done', 'ended', NULL::text)), ${FINISH}`,
		[db.now, due.flatMap(({ steps }) => steps), limit],
	);
	const settled = due.filter(({ evict_at }) => +db.now - +evict_at > LOOK_AGAIN_MS).map(({ id }) => id);
	if (row!.count === 0 && settled.length > 0) await db.rows('UPDATE workflows SET evicted_at = evict_at, evict_at = NULL WHERE id = ANY($1::int[])', [settled]);
	return row!.count;
}

/** No transaction lives longer than a lease. */
const LOOK_AGAIN_MS = 60_000;

/** A lost lease that counts as an attempt ($7 are forgiven, and an attempt from $8 on is single anyway). */
const COUNTS = "$2 = 'lease' AND losses >= $7 AND attempts < $8";

/**
 * Puts whoever holds the token back to where they were, to be tried again.
 *
 * Lost leases count apart; those beyond the forgiven ones count as attempts, and once that makes people single, apart
 * again: so both together are always how often they were tried. Candidates who are lost behind the fence were the batch
 * of an execution that died while it let them in, which counts at once: there is nothing between the two.
 *
 * @param why `error` counts an attempt; `lease` as above; `refused` (n8n would not start it) and
 * `restored` count nothing
 */
export async function returnClaim(
	db: Connection, token: string, why: 'error' | 'lease' | 'refused' | 'restored', dueAt: Date, mostAttempts: number, error: string | null,
): Promise<number> {
	const rows = await db.rows(
		`WITH claim AS (DELETE FROM claims WHERE token = $1 RETURNING execution), again AS (
			UPDATE candidates SET token = NULL, due_at = $3, attempts = CASE
				WHEN $2 = 'error' THEN least($4, attempts + 1)
				WHEN $2 = 'lease' AND attempts < $8 AND EXISTS (SELECT FROM claim WHERE execution IS NOT NULL) THEN attempts + 1
				ELSE attempts END
			WHERE token = $1
		), back AS (
			UPDATE instances SET status = 'waiting', token = NULL, error = coalesce($5, error),
				due_at = $3::timestamptz + CASE WHEN $2 = 'lease' AND losses >= $7
					THEN ($9::float8[])[least(attempts + losses - $7 + 1, cardinality($9::float8[]))] ELSE 0 END * interval '1 ms',
				attempts = CASE WHEN $2 = 'error' THEN least($4, attempts + 1) WHEN ${COUNTS} THEN attempts + 1 ELSE attempts END,
				losses = CASE WHEN $2 = 'lease' AND NOT (${COUNTS}) THEN least(losses + 1, 32767) ELSE losses END
			WHERE token = $1
			RETURNING *
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $6, due_at, 'retry', journey_id, step_id, profile_id, id, $2,
				CASE WHEN $5::text IS NOT NULL THEN jsonb_build_object('error', $5::text) END
			FROM back WHERE $2 <> 'refused'
		)
		SELECT id FROM back`,
		[token, why, dueAt, mostAttempts, error, db.now, FORGIVEN_LOSSES, SINGLY, LOSS_PAUSES_MS],
	);
	return rows.length;
}

/** The attempt number that a token's rows share, and how many there are. */
export async function claimSize(db: Connection, token: string): Promise<{ attempts: number; count: number }> {
	const [row] = await db.rows<{ attempts: number | null; count: number }>(
		`SELECT max(attempts)::int AS attempts, count(*)::int AS count FROM (
			SELECT attempts FROM instances WHERE token = $1 UNION ALL SELECT attempts FROM candidates WHERE token = $1
		) held`,
		[token],
	);
	return { attempts: row!.attempts ?? 0, count: row!.count };
}
