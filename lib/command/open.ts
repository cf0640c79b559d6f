import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { storeVersion } from '../store/archive';
import { openEmbedded, openThroughOwner } from '../store/embedded';
import { FolderInUse } from '../store/folderLock';
import { migrations } from '../store/migrate';
import { openPostgres } from '../store/postgres';
import { StoreError, type Store } from '../store/types';
import type { Found } from './given';

/** Opens a store or its empty place; an embedded one must not be in use. @throws StoreError */
export async function openPlace(settings: Found): Promise<Store> {
	return settings.url === undefined ? await openEmbedded({ ...settings, folder: settings.folder! }) : await openPostgres({ ...settings, url: settings.url });
}

/**
 * Does something with a store that is there, also while n8n runs.
 *
 * @param anyVersion the work is the same for every schema version, or sees to it
 * @throws StoreError when there is none, or it is of another version
 */
export async function withStore<T>(settings: Found, work: (store: Store) => Promise<T>, anyVersion = false): Promise<T> {
	const store = await openExisting(settings);
	try {
		const version = await store.tx(storeVersion);
		if (version === 0) throw noStore(store.name);
		const known = migrations().at(-1)!.version;
		if (version !== known && !anyVersion) {
			throw new StoreError(`Journey Store: ${store.name} has schema version ${version}, this command knows ${known}. Use the command of the n8n-nodes-journey that n8n runs.`);
		}
		return await work(store);
	} finally {
		await store.close();
	}
}

async function openExisting(settings: Found): Promise<Store> {
	const { folder } = settings;
	if (folder === undefined) return await openPlace(settings);
	mustBeThere(folder);
	try {
		return await openPlace(settings);
	} catch (error) {
		if (!(error instanceof FolderInUse)) throw error;
		return await openThroughOwner({ ...settings, folder });
	}
}

/** Opening makes a store where there is none. @throws StoreError when the folder has none */
export function mustBeThere(folder: string): void {
	if (!existsSync(join(folder, 'pg'))) throw noStore(folder);
}

/** What is said of a place without a store. */
export function noStore(where: string): StoreError {
	return new StoreError(`Journey Store: there is no store in ${where}. Name it with --url and --schema, or with --folder.`);
}
