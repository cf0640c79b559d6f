import fs, { mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IExecuteFunctions } from 'n8n-workflow';

import { run as command } from '../../lib/command/main';
import { Engine } from '../../lib/run/engine';
import { openStore } from '../../lib/run/openStore';
import { EMBEDDED_LIMIT_BYTES, fleetingWarning, sizeWarning } from '../../lib/store/folder';
import { diskFull, transaction } from '../../lib/store/transaction';
import { STORE_OPERATIONS } from '../../nodes/JourneyControl/store';
import { copyEmptyStore } from '../support/embeddedTemplate';
import { ask } from '../support/world';

/** As Linux has it: id, parent, device, root, mount point, options, optional fields, -, type, source, options. */
const mounts = (...lines: Array<[point: string, type: string]>) => lines.map(([point, type], at) => `${at} 1 0:${at} / ${point} rw,relatime shared:1 - ${type} source rw`).join('\n');

describe('the folder of an embedded store', () => {
	const top = realpathSync(mkdtempSync(join(tmpdir(), 'journey-folder-')));
	const folder = join(top, 'home', 'node', '.n8n', 'journey');
	beforeAll(() => mkdirSync(folder, { recursive: true }));
	afterAll(() => rmSync(top, { recursive: true, force: true }));

	it('is warned about when it goes with its container', () => {
		const words = fleetingWarning(folder, mounts(['/', 'overlay'], ['/proc', 'proc']));
		expect(words).toMatch(/^The embedded store in .* is on the file system of the container: with the container it is gone.* Mount a volume there/);
		expect(fleetingWarning(folder, mounts(['/', 'ext4'], [`${top}/home`, 'tmpfs']))).toMatch(/is on memory/);
	});

	it('is fine on a volume, wherever that is mounted, and where nobody can tell', () => {
		expect(fleetingWarning(folder, mounts(['/', 'overlay'], [`${top}/home/node/.n8n`, 'ext4']))).toBeUndefined();
		expect(fleetingWarning(folder, mounts([`${top}/home/node/.n8n`, 'xfs'], ['/', 'overlay']))).toBeUndefined();
		expect(fleetingWarning(folder, mounts(['/', 'ext4']))).toBeUndefined();
		expect(fleetingWarning(folder, '')).toBeUndefined();
		// A neighbour whose name begins alike.
		expect(fleetingWarning(folder, mounts(['/', 'ext4'], [`${top}/ho`, 'tmpfs']))).toBeUndefined();
	});

	it('is warned about from 80 % of the limit on', () => {
		expect(sizeWarning(folder, 0.79 * EMBEDDED_LIMIT_BYTES)).toBeUndefined();
		expect(sizeWarning(folder, 0.8 * EMBEDDED_LIMIT_BYTES)).toMatch(/has 0\.8 GB, 80 % of the 1\.0 GB that it is meant for\. Move it to a Postgres: "n8n-nodes-journey move"/);
		expect(sizeWarning(folder, 1.5 * EMBEDDED_LIMIT_BYTES)).toMatch(/150 %/);
	});
});

it('what is wrong with the folder stands in the log, once an hour, in Check Health, in Get Status and in the command\'s status', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'journey-folder-'));
	const warned: string[] = [];
	const failed: string[] = [];
	const { readFileSync } = fs;
	const { setInterval } = globalThis;
	let anHourLater = () => undefined as void;
	let engine: Engine | undefined;
	try {
		await copyEmptyStore(folder, 'journey');
		// In a container without a volume, and grown.
		jest.spyOn(fs, 'readFileSync').mockImplementation(((path: string, ...more: never[]) => (path === '/proc/self/mountinfo' ? mounts(['/', 'overlay']) : readFileSync(path, ...more))) as never);
		writeFileSync(join(folder, 'pg', 'grown'), '');
		truncateSync(join(folder, 'pg', 'grown'), 0.95e9);
		const sentences = [
			expect.stringMatching(/The embedded store in .* is on the file system of the container: .* Mount a volume there/),
			expect.stringMatching(/The embedded store in .* has 0\.9 GB, 9\d % of the 1\.0 GB that it is meant for\. Move it to a Postgres/),
		];
		engine = await Engine.open({ folder, schema: 'journey' }, { info: () => undefined, warn: (message) => void warned.push(message), error: (message) => void failed.push(message) });
		const { store, janitor } = engine;

		jest.spyOn(globalThis, 'setInterval').mockImplementation(((run: () => void, ms: number) => {
			if (ms === 60 * 60_000) anHourLater = run;
			return setInterval(run, ms);
		}) as never);
		const upkeep = jest.spyOn(store, 'maintain');
		/** The hour's chores are done: those of the store are the last of them. */
		const kept = async (times: number) => {
			while (upkeep.mock.results.length < times) await ask(store, 'SELECT 1');
			await upkeep.mock.results[times - 1]!.value;
			await ask(store, 'SELECT 1');
		};
		janitor.start();
		await kept(1);
		expect(warned).toEqual(sentences);
		anHourLater();
		await kept(2);
		expect(warned).toEqual([...sentences, ...sentences]);
		expect(failed).toEqual([]);

		const hints: string[] = [];
		const context = { getNodeParameter: () => 0, addExecutionHints: ({ message }: { message: string }) => void hints.push(message) } as unknown as IExecuteFunctions;
		expect((await STORE_OPERATIONS.health(context, engine)).json).toMatchObject({ ok: false, warnings: sentences });
		expect((await STORE_OPERATIONS.status(context, engine)).json).toMatchObject({ notices: sentences });
		expect(hints).toEqual(sentences);
		expect((await command(['status', '--folder', folder])).trimEnd().split('\n\n').slice(1)).toEqual(sentences);
	} finally {
		jest.restoreAllMocks();
		await engine?.close();
		rmSync(folder, { recursive: true, force: true });
	}
}, 60_000);

it.each([
	['before it is open', 'SELECT 1', true, /EISDIR/],
	['when the months are made', 'DROP FUNCTION make_month', false, /make_month/],
	['when leases are ended', 'DROP TABLE claims CASCADE', false, /claims/],
])('what fails %s leaves the folder to the next try', async (_when, damage, noKey, words) => {
	const folder = mkdtempSync(join(tmpdir(), 'journey-folder-'));
	try {
		await copyEmptyStore(folder, 'journey');
		const store = await openStore({ folder, schema: 'journey' });
		await store.tx(async (db) => await db.rows(damage));
		await store.close();
		rmSync(join(folder, 'owner.key'));
		if (noKey) mkdirSync(join(folder, 'owner.key'));
		const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
		// Not: another n8n process already uses it.
		for (let tries = 0; tries < 2; tries++) await expect(Engine.open({ folder, schema: 'journey' }, log)).rejects.toThrow(words);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}, 60_000);

it('a full disk is said in words that help', async () => {
	const full = Object.assign(new Error('could not extend file "base/5/16396": No space left on device'), { code: '53100' });
	const session = { script: async () => [{ now: new Date() }] as never[], rows: async () => { throw full; } };
	await expect(transaction(session, 'journey', undefined, async (db) => await db.rows('INSERT'))).rejects.toThrow(diskFull(full.message, full).message);
	expect(diskFull(full.message, full).message).toMatch(/^Journey Store: the disk of the store is full \(could not extend file .*No space left on device\)\. Nothing more is stored until there is space: free some/);
});
