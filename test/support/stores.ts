import { openEmbedded } from '../../lib/store/embedded';
import { openPostgres } from '../../lib/store/postgres';
import type { Store } from '../../lib/store/types';
import { temporaryFolder } from './guard';
import { freshDatabase } from './postgres';

/**
 * The stores that everything must run on, by name, for `describe.each`. Each call opens a new and empty one;
 * `clock` freezes its time.
 */
export const STORES: Array<[kind: Store['kind'], open: (clock?: () => Date) => Promise<Store>]> = [
	['postgres', async (clock) => {
		const { url, drop } = await freshDatabase();
		const store = await openPostgres({ url, schema: 'journey', clock });
		return { ...store, close: async () => await store.close().then(drop) };
	}],
	['embedded', async (clock) => await openEmbedded({ folder: temporaryFolder('journey-embedded'), schema: 'journey', clock })],
];
