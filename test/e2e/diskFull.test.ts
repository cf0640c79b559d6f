import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../support/guard';
import { node24, repository } from '../support/n8nEnvironment';

jest.setTimeout(400_000);

const MEGABYTES = 120;

/** Fills the store until it refuses, makes room, and goes on; then fills the disk and opens it again. */
const SCRIPT = `
	const { openStore } = require('./dist/lib/run/openStore.js');
	const { takeIn } = require('./dist/lib/run/intake.js');
	const { rmSync, writeFileSync } = require('node:fs');
	const [folder] = process.argv.slice(1);
	const alive = setInterval(() => undefined, 1000);
	const entry = (index, pad) => ({ index, identities: [{ kind: 'user_id', value: 'customer-1' }], event: { name: 'Seen', properties: { pad } }, occurredAt: new Date() });
	const send = async (store, size) => await takeIn(store, 'test', Array.from({ length: 200 }, (_, at) => entry(at, 'x'.repeat(size))));
	(async () => {
		writeFileSync(folder + '/ballast', Buffer.alloc(30e6));
		const store = await openStore({ folder: folder + '/store', schema: 'journey' });
		let batches = 0, full = '';
		while (!full) await send(store, 5000).then(() => batches++, (error) => (full = error.message));
		rmSync(folder + '/ballast');
		await send(store, 5);
		const [{ count }] = await store.tx(async (db) => await db.rows('SELECT count(*) FROM events'));
		await store.close();
		try { for (;;) writeFileSync(folder + '/more', Buffer.alloc(1e6), { flag: 'a' }); } catch {}
		const again = await openStore({ folder: folder + '/store', schema: 'journey' }).then(() => 'opened', (error) => error.message);
		console.log(JSON.stringify({ full, lost: (batches + 1) * 200 - count, again }));
		clearInterval(alive);
		process.exit(0);
	})();
`;

it('a full disk is said, loses nothing that was acknowledged, and is survived by the embedded store', () => {
	const folder = temporaryFolder('journey-full');
	if (spawnSync('unshare', ['--map-root-user', '--mount', 'true']).status !== 0) {
		console.warn('SKIPPED: no disk of its own can be mounted here, so a full one is not tested.');
		return;
	}
	const shell = `mount -t tmpfs -o size=${MEGABYTES}m tmpfs "$1" && exec "$2" -e "$3" "$1"`;
	const output = execFileSync('unshare', ['--map-root-user', '--mount', 'sh', '-c', shell, 'sh', folder, node24, SCRIPT], { cwd: join(repository), encoding: 'utf8' });
	const { full, lost, again } = JSON.parse(output.trim().split('\n').at(-1)!) as { full: string; lost: number; again: string };
	expect(full).toMatch(/^Journey Store: the disk of the store is full \(.*No space left on device\)\. Nothing more is stored until there is space/);
	expect(lost).toBe(0);
	expect(again).toMatch(/^Journey Store: the disk of the store is full \(.*: \d+ bytes are free\)/);
});
