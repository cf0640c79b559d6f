import { FINISH } from './finish';
import type { Connection } from './types';

/** No transaction lives longer than a lease. */
const LOOK_AGAIN_MS = 60_000;

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
