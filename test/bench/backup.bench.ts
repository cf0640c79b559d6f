import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { backup, readBackup } from '../../lib/run/backup';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { restore } from '../../lib/run/restore';
import { folderBytes } from '../../lib/store/folder';
import { freshDatabase } from '../support/postgres';
import { fillWaiting } from '../support/waiting';
import { eventOf, makeWorld } from '../support/world';
import { figure, printTable } from './table';

/** As many as the embedded store is meant for. */
const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 450_000);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

describe('backing up and restoring people who wait', () => {
	const folder = mkdtempSync(join(tmpdir(), 'journey-bench-backup-'));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it.each(['embedded', 'postgres'] as const)('%s', async (kind) => {
		const place = kind === 'postgres' ? await freshDatabase() : { url: undefined, drop: async () => undefined };
		const settings = { ...(place.url === undefined ? { folder: join(folder, 'store') } : { url: place.url }), schema: 'journey' };
		const store = await openStore(settings);
		await makeWorld(store);
		await fillWaiting(store, 'The state', PEOPLE);
		let began = performance.now();
		await store.maintain();
		const kept = performance.now() - began;

		// How long an event waits while the backup is made.
		let going = true;
		let longest = 0;
		const events = (async () => {
			for (let n = 0; going; n++) {
				const asked = performance.now();
				await takeIn(store, 'bench', [eventOf(`visitor-${n}`, 'Seen', new Date())]);
				longest = Math.max(longest, performance.now() - asked);
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		})();
		const file = join(folder, `${kind}.gz`);
		began = performance.now();
		await backup(store, createWriteStream(file));
		const took = performance.now() - began;
		going = false;
		await events;
		const bytes = kind === 'embedded' ? await folderBytes(join(folder, 'store', 'pg')) : 0;
		await store.close();

		const target = kind === 'embedded' ? await openStore({ folder: join(folder, 'restored'), schema: 'journey', upTo: 0 }) : await openStore({ ...settings, schema: 'restored', upTo: 0 });
		began = performance.now();
		await restore(target, kind === 'embedded' ? 'journey' : 'restored', await readBackup(createReadStream(file)), false);
		const restored = performance.now() - began;
		await target.close();
		await place.drop();
		const megabytes = (of: number) => `${(of / 1024 ** 2).toFixed(1)} MB`;
		figure({ what: 'backup', measured: seconds(took) });
		figure({ what: 'longest wait of an event meanwhile', measured: seconds(longest) });
		figure({ what: 'file', measured: megabytes(statSync(file).size) });
		figure({ what: 'restore', measured: seconds(restored) });
		if (kind === 'embedded') figure({ what: 'VACUUM, ANALYZE and CHECKPOINT', measured: seconds(kept) });
		if (kind === 'embedded') figure({ what: 'folder', measured: megabytes(bytes) });
		printTable(`Backup and restore, ${kind}, ${PEOPLE.toLocaleString('en')} people waiting`);
	}, 1_200_000);
});
