import { createReadStream, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { readBackup, type Counts } from '../run/backup';
import { pauseNotice } from '../run/notices';
import { markRestored, restore } from '../run/restore';
import { FolderInUse, ownFolder } from '../store/folderLock';
import { migrate } from '../store/migrate';
import { currentPause } from '../store/pause';
import { StoreError, type Store } from '../store/types';
import { fileMeant, storeMeant, Usage, type Found, type Given } from './given';
import { openPlace, withStore } from './open';

/** Makes a store of a backup. */
export async function restoreCommand(given: Given): Promise<string> {
	const file = fileMeant(given, 'restore');
	if (!existsSync(file)) throw new StoreError(`There is no file ${file}.`);
	const reader = await readBackup(createReadStream(file));
	const settings = storeMeant(given.values);
	const replace = given.values.replace ?? false;
	const folder = await folderAside(settings, replace);
	let store: Store | undefined;
	try {
		store = await openPlace(settings);
		const { counts, aside } = await restore(store, settings.schema, reader, replace);
		await store.maintain();
		const kept = folder ? `What was there is in ${folder.aside}.` : aside && `What was there is in schema ${aside}.`;
		return [listed(counts), kept, await pausedWords(store)].filter((line) => line).join('\n\n');
	} catch (error) {
		await store?.close();
		store = undefined;
		await folder?.back(error);
		throw error;
	} finally {
		await store?.close();
	}
}

/** Says of a copy made by other means that it is one. */
export async function restoredCommand(given: Given): Promise<string> {
	const takenAt = new Date(given.values['taken-at'] ?? NaN);
	if (Number.isNaN(+takenAt)) throw new Usage('Say when the copy was made: --taken-at 2026-01-31T02:00:00Z');
	const settings = storeMeant(given.values);
	return await withStore(settings, async (store) => {
		// A copy may be older than the package, and an n8n that is started to migrate it would begin to send.
		await migrate(async (work) => await store.tx(work), settings.schema);
		await markRestored(store, takenAt);
		return await pausedWords(store);
	}, true);
}

async function pausedWords(store: Store): Promise<string> {
	return pauseNotice(store, (await store.tx(currentPause))!);
}

/** An embedded store is put aside with its files: one that cannot be opened any more, too. */
async function folderAside({ folder, schema }: Found, replace: boolean): Promise<{ aside: string; back(after: unknown): Promise<void> } | undefined> {
	const database = folder === undefined ? undefined : join(folder, 'pg');
	if (!replace || database === undefined || !existsSync(database)) return undefined;
	// Not under n8n's feet.
	const release = await ownFolder(folder!, (connection) => connection.end());
	const aside = `${database}-until-${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}-${schema}`;
	renameSync(database, aside);
	await release();
	return {
		aside,
		back: async (after) => {
			// Started meanwhile, n8n has made a store of its own there, which may have customers by now.
			const taken = (error: unknown): never => {
				if (!(error instanceof FolderInUse)) throw error;
				throw new StoreError(`Journey Store: n8n was started in the middle, and ${database} is its own now. Nothing was restored. What was there is in ${aside}: stop n8n, put ${database} aside and ${aside} in its place, then try again.`, { cause: error });
			};
			if (after instanceof FolderInUse) taken(after);
			const own = await ownFolder(folder!, (connection) => connection.end()).catch(taken);
			rmSync(database, { recursive: true, force: true });
			renameSync(aside, database);
			await own();
		},
	};
}

/** Rows of each table that has some. */
export function listed(counts: Counts): string {
	return Object.entries(counts).filter(([, count]) => count > 0).map(([table, count]) => `${table.padEnd(16)}${String(count).padStart(10)}`).join('\n');
}
