import { lockRegistry } from '../store/locks';
import { dropLeftCounts, fillTrait, saveTrait, scoreOldest, type TraitDefinition } from '../store/traits';
import type { Store } from '../store/types';

const PROFILES_AT_ONCE = 10_000;
const SCORES_LAST_MS = 60 * 60_000;

/**
 * Defines a trait, or defines it anew, and counts what happened before.
 * @throws FilterError for a filter or a path that cannot be read
 */
export async function keepTrait(store: Store, definition: TraitDefinition): Promise<void> {
	await store.tx(async (db) => {
		await lockRegistry(db, 'register');
		await saveTrait(db, definition);
	});
	await completeTraits(store);
}

/** Goes on counting what happened before traits were defined, where a process has left it, and forgets what traits that are gone have counted. */
export async function completeTraits(store: Store): Promise<void> {
	while ((await store.tx(async (db) => await dropLeftCounts(db, PROFILES_AT_ONCE))) > 0);
	while (await store.tx(async (db) => await fillTrait(db, PROFILES_AT_ONCE)));
}

/** Finds again where the fifths of everybody begin, where that was found an hour ago. */
export async function scoreTraits(store: Store): Promise<void> {
	while (await store.tx(async (db) => await scoreOldest(db, new Date(+db.now - SCORES_LAST_MS))));
}
