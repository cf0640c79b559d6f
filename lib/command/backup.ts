import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';

import { backup, readBackup } from '../run/backup';
import { StoreError } from '../store/types';
import { fileMeant, storeMeant, type Given } from './given';
import { withStore } from './open';

/** Writes a backup beside its place, reads it once to be sure, and puts it there. */
export async function backupCommand(given: Given): Promise<string> {
	const file = fileMeant(given, 'backup');
	if (existsSync(file)) throw new StoreError(`${file} is there already. Name another file.`);
	const part = `${file}.part`;
	return await withStore(storeMeant(given.values), async (store) => {
		try {
			const { takenAt, counts } = await backup(store, createWriteStream(part, { mode: 0o600, flush: true }));
			const { rows } = await readBackup(createReadStream(part));
			while (!(await rows.next()).done);
			await rename(part, file);
			const { size } = await stat(file);
			return `Backed up ${store.name} as it was at ${takenAt.toISOString()}: ${counts.profiles ?? 0} profiles, ${counts.instances ?? 0} people in journeys, `
				+ `${Object.values(counts).reduce((sum, count) => sum + count, 0)} rows in all, ${(size / 1024 ** 2).toFixed(1)} MB in ${file}.`;
		} catch (error) {
			await rm(part, { force: true });
			throw error;
		}
	}, true);
}
