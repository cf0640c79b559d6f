import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Arrangement } from '../support/arrangement';
import { baseNode, collector, journeyNode, wires } from '../support/canvas';
import { eventState } from '../support/journeys';
import { node24, repository } from '../support/n8nEnvironment';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { unprivileged } from '../support/postgresProgram';
import { smallDisk, type SmallDisk } from '../support/smallDisk';

jest.setTimeout(400_000);

/** Fills the store until it refuses, makes room, and goes on; then fills the disk and opens it again. */
const SCRIPT = `
	const { openStore } = require('${repository}/dist/lib/run/openStore.js');
	const { takeIn } = require('${repository}/dist/lib/run/intake.js');
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

it('a full disk is said, loses nothing that was acknowledged, and is survived by the embedded store', async () => {
	const disk = await smallDisk(120);
	if (!disk) return;
	const output = execFileSync('nsenter', [...disk.inside, node24, '-e', SCRIPT, disk.mountedAt], { encoding: 'utf8' });
	const { full, lost, again } = JSON.parse(output.trim().split('\n').at(-1)!) as { full: string; lost: number; again: string };
	expect(full).toMatch(/^Journey Store: the disk of the store is full \(.*No space left on device\)\. Nothing more is stored until there is space/);
	expect(lost).toBe(0);
	expect(again).toMatch(/^Journey Store: the disk of the store is full \(.*: \d+ bytes are free\)/);
});

const journey = {
	name: 'Shop',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), eventState('Wait', [{ event: 'order', output: 'ordered' }], [1, 'days']), baseNode('After', 'noOp', 1)],
	connections: wires('Entry > Wait', 'Wait:1 > After'),
};

/* In one process: it is the server that meets its disk, whoever asks it. */
describe('a full disk of a Postgres', () => {
	const user = unprivileged();
	let disk: SmallDisk | undefined;
	let postgres: PostgresServer;
	let on: Arrangement;
	let acknowledged = 0;

	/** One event, too large for what is left of a page. @returns the answer */
	const track = async (who: string, event: string): Promise<[number, string]> => {
		const answer = await fetch(`${on.webhooks.url}/webhook/journey/v1/track`, {
			method: 'POST', headers: { authorization: `Basic ${Buffer.from('key:').toString('base64')}` },
			body: JSON.stringify({ userId: who, event, properties: { pad: randomBytes(5_000).toString('hex') } }),
		});
		if (answer.status === 200) acknowledged++;
		return [answer.status, await answer.text()];
	};
	const STORED = [200, '{"rejected":[]}'];
	const REFUSED = [503, '{"error":"The store cannot be reached at the moment: nothing was kept, send the same again."}'];
	const ballast = () => join(disk!.folder, 'ballast');
	const fill = () => expect(spawnSync('sh', ['-c', 'cat /dev/zero > "$1"', 'sh', ballast()], user).stderr.toString()).toContain('No space left on device');
	const makeRoom = () => rmSync(ballast());

	beforeAll(async () => {
		disk = await smallDisk(200, user);
		if (!disk) return;
		postgres = await startPostgres({}, disk.folder);
		on = await Arrangement.start('single', { server: postgres.url });
		await on.publish(journey);
		const key = await on.n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: 'key' });
		await on.n8n.activate((await on.n8n.createWorkflow(collector(key))).id);
		for (const who of ['u1', 'u2']) expect(await track(who, 'cart')).toEqual(STORED);
		await on.watch.until('they wait', async () => (await on.watch.count("instances WHERE status = 'waiting'")) === 2);
	});
	afterAll(async () => {
		await on?.stop();
		await postgres?.stop();
	});

	it('is said, loses nothing that was acknowledged, and people go on as soon as there is space', async () => {
		if (!disk) return;
		fill();
		expect(await track('u1', 'order')).toEqual(REFUSED);
		expect(await on.watch.count('events')).toBe(acknowledged);
		expect(on.n8n.logs()).toMatch(/Collector: events could not be stored, .*: Journey Store: the disk of the store is full \(could not extend file .*No space left on device\)\. Nothing more is stored until there is space: free some/);
		makeRoom();
		expect(await track('u1', 'order')).toEqual(STORED);
		await on.watch.until('who has ordered is through', async () => (await on.watch.count('finished')) === 1);
		expect(await on.watch.count('events')).toBe(acknowledged);
	});

	it('ends the server when its log needs space; started again where there is some, it has everything, and people go on', async () => {
		if (!disk) return;
		fill();
		await on.watch.rows('SELECT pg_switch_wal()').catch(() => undefined);
		await on.watch.until('Postgres has ended', async () => (await track('u2', 'order'), postgres.logs().includes('database system is shut down')));
		await postgres.stop();
		expect(postgres.logs()).toMatch(/PANIC: {2}could not write to file "pg_wal\/.*No space left on device/);
		await expect(postgres.start()).rejects.toThrow('before it was ready');
		makeRoom();
		expect(await track('u2', 'order')).toEqual(REFUSED);
		await postgres.start();
		await on.watch.until('events are stored', async () => (await track('u2', 'order'))[0] === 200);
		await on.watch.until('who has ordered is through', async () => (await on.watch.count('finished')) === 2);
		expect(await on.watch.count('events')).toBe(acknowledged);
	});
});
