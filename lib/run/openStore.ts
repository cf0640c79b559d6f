import { openEmbedded } from '../store/embedded';
import { openPostgres } from '../store/postgres';
import type { Store, StoreSettings } from '../store/types';
import { openMonths } from './retention';

/** Opens the store that the settings name. @throws StoreError */
export async function openStore(settings: StoreSettings): Promise<Store> {
	const store = settings.url
		? await openPostgres({ ...settings, url: settings.url })
		: await openEmbedded({ ...settings, folder: settings.folder! });
	return await orClosed(store, async () => {
		if (settings.upTo === undefined) await openMonths(store);
		return store;
	});
}

/** What fails behind the opening of a store leaves it closed: else its folder, or its connections, stay taken. */
export async function orClosed<T>(store: Store, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		await store.close().catch(() => undefined);
		throw error;
	}
}
