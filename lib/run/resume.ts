import { currentPause, endPause, type Answer, type Pause } from '../store/pause';
import { StoreError, type Store } from '../store/types';

/**
 * Ends the pause of a restored store and lets everybody go on.
 *
 * @param answer `skip`: what fell due since the backup goes its way, and *Check before sending* lets none of it through
 * @throws StoreError when the store is not paused, or its people were moved: they would get everything from both stores
 */
export async function resume(store: Store, answer: Answer): Promise<Pause> {
	return await end(store, 'restored', answer, ({ since, moved_to: to }) =>
		`the people of ${store.name} were moved to ${to} at ${since.toISOString()}, and would get everything twice. Use that store: set the Journey Store credential, or JOURNEY_STORE_URL. `
			+ 'Only if the move was cut off, and nobody is there: the command "n8n-nodes-journey resume --not-moved".');
}

/**
 * Takes back the pause of a store whose move was cut off.
 *
 * @throws StoreError when its people were not moved
 */
export async function resumeUnmoved(store: Store): Promise<Pause> {
	return await end(store, 'moved', 'go_on', () => `${store.name} was restored from a backup. Say "resume --skip" or "--go-on".`);
}

async function end(store: Store, reason: Pause['reason'], answer: Answer, refusal: (other: Pause) => string): Promise<Pause> {
	const ended = await store.tx(async (db) => {
		const pause = await currentPause(db);
		if (pause && pause.reason !== reason) throw new StoreError(`Journey Store: ${refusal(pause)}`);
		return await endPause(db, reason, answer);
	});
	if (!ended) throw new StoreError(`Journey Store: ${store.name} is not paused.`);
	await store.hint();
	return ended;
}
