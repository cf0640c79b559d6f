import { findNames, type Suggested } from '../store/catalog';
import type { Store } from '../store/types';

/** Names seen so far that contain a text, in their order. */
export async function suggest(store: Store, what: Suggested, containing: string): Promise<Array<{ name: string; about: string | null }>> {
	return await store.tx(async (db) => await findNames(db, what, containing));
}
