import { readSecret } from '../../store/secrets';
import type { Store } from '../../store/types';

/** For so long a process takes its word for which links are valid; the docs say it. */
const KEPT_MS = 2_000;

interface Asked {
	/** Undefined: no link was ever made, or all were ended. */
	secret: string | undefined;
	/** Of the store. */
	now: Date;
}

/**
 * The secret that links are signed with: asked of the store at most once in two seconds, so that no number of wrong links
 * costs it more. What failed is kept as long: a store that is away is not asked once for each request either.
 */
export class KeptSecret {
	private asked?: { answer: Promise<Asked>; at: number; pending: boolean };

	constructor(private readonly store: Store) {}

	/** @returns with the store's time at this moment. @throws what the store said */
	async get(): Promise<Asked> {
		const tick = performance.now();
		if (!this.asked || (!this.asked.pending && tick - this.asked.at >= KEPT_MS)) this.asked = this.ask(tick);
		const { answer, at } = this.asked;
		const { secret, now } = await answer;
		return { secret, now: new Date(+now + Math.max(0, Math.floor(tick - at))) };
	}

	private ask(at: number) {
		const asking = { at, pending: true, answer: this.store.tx(async (db) => ({ secret: await readSecret(db, 'status page'), now: db.now })) };
		const over = () => void (asking.pending = false);
		asking.answer.then(over, over);
		return asking;
	}
}
