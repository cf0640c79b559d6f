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

/**
 * Leases lost that say nothing of the batch: whoever happened to be under way when n8n was killed. More of them do, since
 * it may be the batch that kills n8n, by the memory that it takes: each counts as a try, for the size of the next batch
 * and how long it waits, until people are tried singly. Nobody is given up for it.
 */
export const FORGIVEN_LOSSES = 2;
/** From which attempt on people are tried singly. */
export const SINGLY: number = BATCH_SIZES.length - 1;
/** How long to wait after the first loss that counts, the second, and so on; the last for all further ones. */
export const LOSS_PAUSES_MS: readonly number[] = [0, 1, 2, 3, 4, 5].map(backoffMs);
