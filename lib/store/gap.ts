import type { DatabaseError } from './transaction';
import type { Connection, Store } from './types';

export const LOCK_NOT_AVAILABLE = '55P03';
const TRIES = 20;
const PAUSE_MS = 500;

/** How long something is tried again whose lock others hold. */
export type Pause = (ms: number) => Promise<unknown>;
export const sleep: Pause = async (ms) => await new Promise((resolve) => setTimeout(resolve, ms).unref());

/**
 * Runs a transaction that gives up when it does not get its lock within a moment, again and again: while it waits,
 * everybody else waits behind it.
 *
 * @throws what it threw last
 */
export async function inAGap<T>(store: Pick<Store, 'tx'>, work: (db: Connection) => Promise<T>, pause = sleep): Promise<T> {
	for (let tries = 1; ; tries++) {
		try {
			return await store.tx(work);
		} catch (error) {
			if ((error as DatabaseError).code !== LOCK_NOT_AVAILABLE || tries === TRIES) throw error;
			await pause(PAUSE_MS);
		}
	}
}
