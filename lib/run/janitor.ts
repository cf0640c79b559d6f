import { MOST_ATTEMPTS, expiredClaims } from '../store/claim';
import { doubtDeliveries } from '../store/deliveries';
import { evictAtEnd } from '../store/evict';
import { expireInstances } from '../store/finish';
import { returnClaim } from '../store/giveBack';
import { currentPause } from '../store/pause';
import type { Keep, Store } from '../store/types';
import { notices } from './notices';
import { forget, forgetTraces, openMonths } from './retention';
import { keepInForce } from './settings';
import { judgeDue } from './judgements';
import { refreshDue, reviewTouched } from './segments';
import { completeTraits, scoreTraits } from './traits';

const SWEEP_EVERY_MS = 5_000;
const HOUSEKEEPING_EVERY_MS = 60 * 60_000;
const AUDIENCES_EVERY_MS = 15_000;
/** How late somebody may be found in a segment by what they did. */
const REVIEW_EVERY_MS = 1_000;
const CLAIMS_A_SWEEP = 100;
const ROWS_A_SWEEP = 5_000;

/**
 * The standing chores: expired leases back to waiting, the journey's own limit and end, segments, partitions ahead, what is
 * too old, and notices.
 *
 * In a paused store they decide about nobody, and forget nothing: what happened since the backup is missing, and may be sent
 * again. Only what can be taken back, or holds for itself, goes on: leases, months ahead, what traits count.
 */
export class Janitor {
	private sweeping?: NodeJS.Timeout;
	private housekeeping?: NodeJS.Timeout;
	private audiences?: NodeJS.Timeout;
	private reviewing?: NodeJS.Timeout;
	private judging?: NodeJS.Timeout;
	private ending?: NodeJS.Timeout;

	constructor(
		private readonly store: Store,
		private readonly onWork: () => void,
		private readonly onError: (error: Error) => void,
		private readonly retention: { keep: Keep; warn: (message: string) => void } = { keep: {}, warn: () => undefined },
		private readonly chores: Array<{ sweep(): Promise<unknown> }> = [],
	) {}

	start(): void {
		if (this.sweeping) return;
		const every = (ms: number, chore: () => Promise<unknown>) => {
			let busy = false;
			let said: string | undefined;
			const run = async () => {
				if (busy) return;
				busy = true;
				// A store that is away is said once, and not every second.
				await chore().then(() => (said = undefined)).catch((error: Error) => {
					if (error.message !== said) this.onError(error);
					said = error.message;
				});
				busy = false;
			};
			void run();
			return setInterval(() => void run(), ms).unref();
		};
		this.housekeeping = every(HOUSEKEEPING_EVERY_MS, async () => await this.keepHouse());
		this.audiences = every(AUDIENCES_EVERY_MS, async () => await this.refreshAudiences());
		this.reviewing = every(REVIEW_EVERY_MS, async () => await this.review());
		this.judging = every(SWEEP_EVERY_MS, async () => await this.judge());
		this.ending = every(SWEEP_EVERY_MS, async () => await this.end());
		this.sweeping = every(SWEEP_EVERY_MS, async () => await this.sweep());
	}

	stop(): void {
		clearInterval(this.sweeping);
		this.sweeping = undefined;
		clearInterval(this.housekeeping);
		clearInterval(this.audiences);
		clearInterval(this.reviewing);
		clearInterval(this.judging);
		clearInterval(this.ending);
	}

	/** Frees what dead processes held, and looks for steps that are gone and whoever is there. @returns how many claims and instances it moved */
	async sweep(): Promise<{ claims: number; expired: number }> {
		const counts = await this.store.tx(async (db) => {
			const tokens = await expiredClaims(db, CLAIMS_A_SWEEP);
			for (const token of tokens) {
				await doubtDeliveries(db, token);
				await returnClaim(db, token, 'lease', db.now, MOST_ATTEMPTS, null);
			}
			return { claims: tokens.length, expired: (await currentPause(db)) ? 0 : await expireInstances(db, ROWS_A_SWEEP) };
		});
		if (counts.claims > 0) this.onWork();
		for (const chore of this.chores) await chore.sweep();
		return counts;
	}

	/** Everybody in a workflow whose end has come. On a timer of its own: it may be a million people, and leases must not wait for them. @returns how many */
	async end(): Promise<number> {
		let evicted = 0;
		for (let some = ROWS_A_SWEEP; some === ROWS_A_SWEEP; evicted += some) {
			some = await this.store.tx(async (db) => ((await currentPause(db)) ? 0 : await evictAtEnd(db, ROWS_A_SWEEP)));
		}
		return evicted;
	}

	/** Segments that are due, and traits: on a timer of its own, since it may take long and a sweep must not wait. */
	async refreshAudiences(): Promise<void> {
		const chores = [completeTraits, scoreTraits, async (store: Store) => await refreshDue(store, this.onError, this.onWork)];
		const problems = new Set<string>();
		// One that fails holds up no other.
		for (const chore of chores) await chore(this.store).catch((error: Error) => problems.add(error.message));
		if (problems.size > 0) throw new Error([...problems].join('\n'));
	}

	/** People to whom something happened, for the segments that journeys listen to. */
	async review(): Promise<void> {
		for (let some = await reviewTouched(this.store); some; some = await reviewTouched(this.store)) if (some.due > 0) this.onWork();
	}

	/** Goals on what does not happen, where its time is over. */
	async judge(): Promise<void> {
		if ((await judgeDue(this.store)).converted > 0) this.onWork();
	}

	async keepHouse(): Promise<void> {
		(await notices(this.store)).forEach(this.retention.warn);
		await openMonths(this.store);
		if (await this.store.tx(currentPause)) return await this.store.maintain();
		await forgetTraces(this.store);
		try {
			await forget(this.store, await keepInForce(this.store, this.retention.keep), this.retention.warn);
		} finally {
			await this.store.maintain();
		}
	}
}
