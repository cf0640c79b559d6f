import { lockRegistry } from '../store/locks';
import { lostSteps, switchOff } from '../store/steps';
import type { Store } from '../store/types';
import type { Dispatcher } from './dispatcher';

/** What this process runs of n8n's workflows. */
export interface Runs {
	/** Since when, by the store's clock; undefined: nothing. */
	since?: Date;
	/** Steps that have stopped a moment ago: what becomes of them is known soon. */
	leaving: number[];
}

/** n8n starts its workflows one after the other, some only after several tries. */
const SETTLED_AFTER_MS = 10 * 60_000;

/*
 * A step stays on through a restart. If its workflow was unpublished, or its node deleted, just before n8n stopped or while
 * it was away, nobody comes back to say so: a dead Entry Trigger would go on collecting people, and a dead Goal taking them
 * out.
 *
 * Only a process that runs workflows may judge, and only what was registered before it did: a worker, a main that does not
 * lead, or one that led before, knows nothing of the others. A workflow that somebody runs says so all the time, so of one
 * that is not run here only the silence counts, and of one that is, what does not run with it. A wrong judgement, of what
 * takes longer than this to start, costs nothing within the hour that a listener looks back when it returns.
 */
export class LostSteps {
	constructor(
		private readonly store: Store,
		private readonly dispatcher: Dispatcher,
		private readonly runs: () => Runs,
	) {}

	/** @returns how many steps were switched off */
	async sweep(): Promise<number> {
		const { since, leaving } = this.runs();
		const { steps } = this.dispatcher.listening();
		if (!since || steps.length === 0) return 0;
		const look = async () => await this.store.tx(async (db) => {
			const settled = new Date(+db.now - SETTLED_AFTER_MS);
			return since <= settled ? await lostSteps(db, steps, leaving, since, settled) : [];
		});
		// Looked for without the lock, for which matches would wait.
		if ((await look()).length === 0) return 0;
		return await this.store.tx(async (db) => {
			await lockRegistry(db, 'register');
			const lost = await lostSteps(db, steps, leaving, since, new Date(+db.now - SETTLED_AFTER_MS));
			await switchOff(db, lost, db.now);
			return lost.length;
		});
	}
}
