import { FORGIVEN_LOSSES, LOSS_PAUSES_MS, SINGLY } from '../core/backoff';
import type { Connection } from './types';

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
