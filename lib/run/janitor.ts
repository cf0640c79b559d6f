import { MOST_ATTEMPTS, expiredClaims } from '../store/claim';
import { doubtDeliveries } from '../store/deliveries';
import { evictAtEnd, expireInstances, returnClaim } from '../store/finish';
import type { Keep, Store } from '../store/types';
import { notices } from './notices';
import { forget, forgetTraces, openMonths } from './retention';
import { keepInForce } from './settings';
import { refreshDue } from './segments';
import { completeTraits, scoreTraits } from './traits';

const SWEEP_EVERY_MS = 5_000;
const HOUSEKEEPING_EVERY_MS = 60 * 60_000;
const AUDIENCES_EVERY_MS = 15_000;
const CLAIMS_A_SWEEP = 100;
const ROWS_A_SWEEP = 5_000;

/** The standing chores: expired leases back to waiting, the journey's own limit and end, partitions ahead, what is too old, and notices. */
export class Janitor {
	private sweeping?: NodeJS.Timeout;
	private housekeeping?: NodeJS.Timeout;
	private audiences?: NodeJS.Timeout;

	constructor(
		private readonly store: Store,
		private readonly onWork: () => void,
		private readonly onError: (error: Error) => void,
		private readonly retention: { keep: Keep; warn: (message: string) => void } = { keep: {}, warn: () => undefined },
		private readonly removed?: { sweep(): Promise<number> },
	) {}

	start(): void {
		if (this.sweeping) return;
		const every = (ms: number, chore: () => Promise<unknown>) => {
			let busy = false;
			const run = async () => {
				if (busy) return;
				busy = true;
				await chore().catch(this.onError);
				busy = false;
			};
			void run();
			return setInterval(() => void run(), ms).unref();
		};
		this.housekeeping = every(HOUSEKEEPING_EVERY_MS, async () => await this.keepHouse());
		this.audiences = every(AUDIENCES_EVERY_MS, async () => await this.refreshAudiences());
		this.sweeping = every(SWEEP_EVERY_MS, async () => await this.sweep());
	}

	stop(): void {
		clearInterval(this.sweeping);
		clearInterval(this.housekeeping);
		clearInterval(this.audiences);
	}

	/** Frees what dead processes held, and looks for people at steps that are gone. @returns how many claims and instances it moved */
	async sweep(): Promise<{ claims: number; expired: number; evicted: number }> {
		const counts = await this.store.tx(async (db) => {
			const tokens = await expiredClaims(db, CLAIMS_A_SWEEP);
			for (const token of tokens) {
				await doubtDeliveries(db, token);
				await returnClaim(db, token, 'lease', db.now, MOST_ATTEMPTS, null);
			}
			return { claims: tokens.length, expired: await expireInstances(db, ROWS_A_SWEEP) };
		});
		let evicted = 0;
		for (let some = ROWS_A_SWEEP; some === ROWS_A_SWEEP; evicted += some) some = await this.store.tx(async (db) => await evictAtEnd(db, ROWS_A_SWEEP));
		if (counts.claims > 0) this.onWork();
		await this.removed?.sweep();
		return { ...counts, evicted };
	}

	/** Segments that are due, and traits: on a timer of its own, since it may take long and a sweep must not wait. */
	async refreshAudiences(): Promise<void> {
		await completeTraits(this.store).catch(this.onError);
		await scoreTraits(this.store).catch(this.onError);
		await refreshDue(this.store, this.onError);
	}

	async keepHouse(): Promise<void> {
		(await notices(this.store)).forEach(this.retention.warn);
		await openMonths(this.store);
		await forgetTraces(this.store);
		try {
			await forget(this.store, await keepInForce(this.store, this.retention.keep), this.retention.warn);
		} finally {
			await this.store.maintain();
		}
	}
}
