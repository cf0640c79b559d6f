import { endPause, type Answer, type Pause } from '../store/pause';
import { StoreError, type Store } from '../store/types';

/**
 * Ends the pause of a store and lets everybody go on.
 *
 * @param answer `skip`: what fell due since the backup goes its way, and *Check before sending* lets none of it through
 * @throws StoreError when the store is not paused
 */
export async function resume(store: Store, answer: Answer): Promise<Pause> {
	const ended = await store.tx(async (db) => await endPause(db, answer));
	if (!ended) throw new StoreError(`Journey Store: ${store.name} is not paused.`);
	await store.hint();
	return ended;
}
