/** Rows of one batch, by attempt: a poison person is found in few executions and holds up nobody for long. */
const BATCH_SIZES = [5_000, 500, 50, 1] as const;
const FIRST_MS = 1_000;
const MOST_MS = 15 * 60_000;

/** The largest batch of this attempt, `limit` being the step's own bound. */
export function batchSize(attempts: number, limit: number): number {
	return Math.min(limit, BATCH_SIZES[Math.min(attempts, BATCH_SIZES.length - 1)]!);
}

/** How long to wait before the next attempt: 1 s, 4 s, 16 s …, at most 15 min. */
export function backoffMs(attempts: number): number {
	return Math.min(MOST_MS, FIRST_MS * 4 ** attempts);
}
