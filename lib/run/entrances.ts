import { bringCandidates, bringRuns } from '../store/entrances';
import type { Store } from '../store/types';

const PEOPLE_AT_ONCE = 5_000;

/**
 * Brings who is about to enter to the Entry Trigger that lets people in now, when its workflow's next generation was
 * published, or the node replaced. Again and again, since what was claimed at the old one may come back to it.
 */
export class Entrances {
	constructor(private readonly store: Store) {}

	/** @returns how many candidates */
	async sweep(): Promise<number> {
		let all = 0;
		for (let some = PEOPLE_AT_ONCE; some === PEOPLE_AT_ONCE; all += some) some = await this.store.tx(async (db) => await bringCandidates(db, PEOPLE_AT_ONCE));
		await this.store.tx(bringRuns);
		return all;
	}
}
