import type { Connection } from './types';

/** The last attempt number kept apart; everything later is tried singly. */
export const MOST_ATTEMPTS = 4;

/** How many of a step and attempt are due, at the earliest when. `next` in the past means now. */
export interface Due {
	step_id: number;
	attempts: number;
	next: Date;
}

type Waiting = 'instances' | 'candidates';
const IS_WAITING = { instances: "status = 'waiting' AND NOT expires", candidates: 'token IS NULL' };

/** The earliest due time of each of these steps and attempt numbers: one index look-up each, however many wait. */
export async function nextDue(db: Connection, what: Waiting, steps: number[]): Promise<Due[]> {
	return await db.rows<Due>(
		`SELECT step_id, attempts, next FROM unnest($1::int[]) step_id, generate_series(0, $2::int) attempts,
		 LATERAL (
			SELECT due_at AS next FROM ${what} w
			WHERE w.step_id = step_id.step_id AND w.attempts = attempts.attempts AND ${IS_WAITING[what]}
			ORDER BY due_at LIMIT 1
		 ) first
		 ORDER BY next`,
		[steps, MOST_ATTEMPTS],
	);
}

/**
 * Takes up to `limit` due rows of one step and attempt number under one fresh token.
 *
 * The rows are locked in a CTE of their own: in an UPDATE … WHERE id IN (SELECT … FOR UPDATE SKIP LOCKED LIMIT n) the
 * planner may run the subquery again and take more than n.
 * They are found again by their place, which saves a look into the key's index for each: what is locked does not move.
 * A row that was changed between the look and the lock is somewhere else by then, and waits for the next claim.
 * A timeout is decided here: from now on an event no longer wins over it.
 *
 * @returns token and instance ids; none when somebody else was quicker
 */
export async function claimInstances(
	db: Connection, step: number, attempts: number, limit: number, leaseUntil: Date,
): Promise<{ token: string; ids: number[] } | undefined> {
	const rows = await db.rows<{ token: string; id: number; listened: boolean }>(
		`WITH due AS MATERIALIZED (
			SELECT ctid AS row, wake IS NULL AND set_id IS NOT NULL AS listened FROM instances
			WHERE step_id = $1 AND attempts = $2 AND status = 'waiting' AND NOT expires AND due_at <= $3
			ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED
		), claim AS (
			INSERT INTO claims (step_id, lease_until) SELECT $1, $5 WHERE EXISTS (SELECT FROM due) RETURNING token
		)
		UPDATE instances i SET status = 'running', token = claim.token, wake = coalesce(i.wake, 'time'),
			left_at = CASE WHEN i.wake IS NULL THEN greatest(i.left_at, i.due_at) ELSE i.left_at END
		FROM due, claim WHERE i.ctid = due.row
		RETURNING i.id, claim.token, due.listened`,
		[step, attempts, db.now, limit, leaseUntil],
	);
	const timedOut = rows.flatMap(({ id, listened }) => (listened ? [id] : []));
	if (timedOut.length > 0) await keepTimeouts(db, timedOut);
	return rows[0] && { token: rows[0].token, ids: rows.map(({ id }) => id) };
}

/** Remembers what instances listen to whose timeout is decided now: which events come too late is told by it. */
async function keepTimeouts(db: Connection, instances: number[]): Promise<void> {
	await db.rows(`${KEEP_TIMEOUTS} FROM instances WHERE id = ANY($2::bigint[])`, [db.now, instances]);
}

/** Of instances at the moment $1. */
export const KEEP_TIMEOUTS = `
	INSERT INTO timeouts (profile_id, journey_id, step_id, instance_id, set_id, correlation, after_arrival, since, due_at, parked_at, event_id, vars, claimed_at)
	SELECT profile_id, journey_id, step_id, id, set_id, correlation, after_arrival, since, due_at, parked_at, event_id, vars, $1`;

/** The same for candidates of an Entry Trigger, in the order of their events. */
export async function claimCandidates(
	db: Connection, step: number, attempts: number, limit: number, leaseUntil: Date,
): Promise<{ token: string; ids: number[] } | undefined> {
	const rows = await db.rows<{ token: string; id: number }>(
		`WITH due AS MATERIALIZED (
			SELECT id FROM candidates WHERE step_id = $1 AND attempts = $2 AND token IS NULL AND due_at <= $3
			ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
		), claim AS (
			INSERT INTO claims (step_id, lease_until) SELECT $1, $5 WHERE EXISTS (SELECT FROM due) RETURNING token
		)
		UPDATE candidates c SET token = claim.token FROM due, claim WHERE c.id = due.id RETURNING c.id, claim.token`,
		[step, attempts, db.now, limit, leaseUntil],
	);
	return rows[0] && { token: rows[0].token, ids: rows.map(({ id }) => id) };
}

/**
 * The start fence: the first execution that names itself owns the claim. n8n re-runs executions at boot and two
 * copies may hold one token; the second gets false and lets everything go.
 */
export async function startClaim(db: Connection, token: string, execution: string, leaseUntil: Date): Promise<boolean> {
	const rows = await db.rows(
		`UPDATE claims SET execution = $2, lease_until = $3
		 WHERE token = $1 AND (execution IS NULL OR execution = $2) RETURNING token`,
		[token, execution, leaseUntil],
	);
	return rows.length > 0;
}

/** Takes a claim away from whoever still writes under it, until the commit. @returns whether it is this execution's */
export async function lockClaim(db: Connection, token: string, execution: string): Promise<boolean> {
	return (await db.rows('SELECT FROM claims WHERE token = $1 AND execution = $2 FOR UPDATE', [token, execution])).length > 0;
}

const renew = (which: string) => `
	UPDATE claims SET lease_until = $2 WHERE token IN (
		SELECT token FROM claims WHERE token = ANY($1::uuid[]) AND ${which} ORDER BY token FOR UPDATE
	)`;

/** Renews the leases of claims that this process executes. */
export async function renewClaims(db: Connection, tokens: string[], leaseUntil: Date): Promise<void> {
	await db.rows(renew('true'), [tokens, leaseUntil]);
}

/** Renews the leases of claims that this process emitted and n8n has not started. */
export async function renewUnstarted(db: Connection, tokens: string[], leaseUntil: Date): Promise<void> {
	await db.rows(renew('execution IS NULL'), [tokens, leaseUntil]);
}

/** Whether a claim is there and no execution has started it. */
export async function isUnstarted(db: Connection, token: string): Promise<boolean> {
	return (await db.rows('SELECT FROM claims WHERE token = $1 AND execution IS NULL FOR UPDATE', [token])).length > 0;
}

/** Whether an execution has started a claim; gone: it is settled, or was given back. */
export async function claimState(db: Connection, token: string): Promise<'unstarted' | 'started' | 'gone'> {
	const [claim] = await db.rows<{ execution: string | null }>('SELECT execution FROM claims WHERE token = $1', [token]);
	if (!claim) return 'gone';
	return claim.execution === null ? 'unstarted' : 'started';
}

/** Ends every lease: for the one owner of a store, who has just opened it, so that whoever held a claim is dead. */
export async function endLeases(db: Connection): Promise<void> {
	await db.rows('UPDATE claims SET lease_until = $1', [new Date(+db.now - 1)]);
}

/** Claims whose process is dead or frozen, oldest first, at most `limit`. */
export async function expiredClaims(db: Connection, limit: number): Promise<string[]> {
	const rows = await db.rows<{ token: string }>(
		'SELECT token FROM claims WHERE lease_until < $1 ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED',
		[db.now, limit],
	);
	return rows.map(({ token }) => token);
}
