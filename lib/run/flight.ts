import { claimState, isUnstarted, MOST_ATTEMPTS } from '../store/claim';
import { returnClaim } from '../store/giveBack';
import type { Store } from '../store/types';
import { LEASE_MS } from './leases';

const REFUSED_AGAIN_MS = 10_000;
const MOST_LEASES_BETWEEN_COPIES = 60;

/** One batch on its way into n8n. */
export interface Batch {
	/** Empty where nobody was claimed. */
	token: string;
	/** `removed`: nobody, but steps that do not listen any more. */
	kind: 'instances' | 'candidates' | 'removed';
	ids: number[];
	/** When it is emitted, by the store's clock: n8n runs it on the canvas that is published then. */
	at: Date;
}

/**
 * Emits and waits until n8n says that it has ended. Where n8n works with a queue, a Redis that comes back empty has
 * lost executions, or the news of their end. So the store is asked once a lease, and what nobody has started is emitted
 * again under the same token, of which the start fence lets one copy through; what is settled has ended.
 *
 * Nobody can tell a lost execution from one that is waiting its turn, since all workers are away or n8n runs as many as
 * it may. Each copy is an execution and a job with the whole batch, so the time until the next doubles: after 1 minute,
 * 3, 7, 15 …, at the end once an hour. A night without workers leaves a dozen, and what is lost waits as long again as
 * it has waited, at most an hour more.
 *
 * Where its step does not listen any more in this process, nothing is emitted again, and a lease that is renewed would
 * keep people from whoever moves them now. So they are given back; copies that come to run later do not pass the fence.
 *
 * @param start one n8n execution; resolves when it has ended, however it ended
 * @param listens whether this process still has the step
 */
export async function carry(store: Store, batch: Batch, start: (batch: Batch) => Promise<void>, listens: () => boolean): Promise<void> {
	const copies = new Set<Promise<void>>();
	const began = Date.now();
	const emit = (at = batch.at) => {
		const copy: Promise<void> = start({ ...batch, at }).finally(() => copies.delete(copy));
		copies.add(copy);
	};
	emit();
	let [pause, left] = [1, 1];
	for (;;) {
		const ask = timer(LEASE_MS);
		const asked = await Promise.race([ask.over.then(() => true), ...[...copies].map(async (copy) => await copy.then(() => false))]);
		ask.cancel();
		if (copies.size === 0) return;
		const state = await store.tx(async (db) => await claimState(db, batch.token)).catch(() => 'not known');
		// A copy that ended without a start was refused, as any other would be.
		if (state === 'gone' || (state === 'unstarted' && !asked)) return;
		if (state === 'unstarted' && !listens()) return;
		left -= asked ? 1 : 0;
		if (left > 0 || state !== 'unstarted') continue;
		emit(new Date(+batch.at + Date.now() - began));
		left = pause = Math.min(2 * pause, MOST_LEASES_BETWEEN_COPIES);
	}
}

/**
 * What n8n did not start (unpublished), or a step refused before any effect (a wrong canvas), goes back now instead
 * of after its lease, and not as an attempt.
 */
export async function giveBackUnstarted(store: Store, token: string): Promise<void> {
	await store.tx(async (db) => {
		if (!(await isUnstarted(db, token))) return;
		await returnClaim(db, token, 'refused', new Date(+db.now + REFUSED_AGAIN_MS), MOST_ATTEMPTS, null);
	});
}

function timer(ms: number): { over: Promise<void>; cancel(): void } {
	let handle: NodeJS.Timeout;
	const over = new Promise<void>((resolve) => (handle = setTimeout(resolve, ms).unref()));
	return { over, cancel: () => clearTimeout(handle) };
}
