import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../../lib/command/main';
import * as open from '../../lib/command/open';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { openThroughOwner } from '../../lib/store/embedded';
import { socketName } from '../../lib/store/folderLock';
import { OwnerSession } from '../../lib/store/ownerDoor';
import { migrations } from '../../lib/store/migrate';
import { currentPause } from '../../lib/store/pause';
import type { Store, StoreSettings } from '../../lib/store/types';
import { copyEmptyStore } from '../support/embeddedTemplate';
import { freshDatabase } from '../support/postgres';
import { ask, eventOf, makeRunning, makeWorld } from '../support/world';

jest.setTimeout(120_000);
// For a test to come between: what is imported cannot be replaced.
jest.mock('../../lib/command/open', () => ({ __esModule: true, ...jest.requireActual<object>('../../lib/command/open') }));

describe.each(['postgres', 'embedded'] as const)('the command on %s', (kind) => {
	let folder: string;
	let database: Awaited<ReturnType<typeof freshDatabase>> | undefined;
	let n8n: Store;
	let settings: StoreSettings;
	let where: string[];
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'journey-command-'));
		if (kind === 'postgres') {
			database = await freshDatabase();
			settings = { url: database.url, schema: 'journey' };
			where = ['--url', database.url];
		} else {
			settings = { folder: join(folder, 'store'), schema: 'journey' };
			await copyEmptyStore(settings.folder!, 'journey');
			where = ['--folder', settings.folder!];
		}
		n8n = await openStore(settings);
		await makeRunning(n8n, await makeWorld(n8n), ['a', 'b', 'c'], 2);
	});
	afterAll(async () => {
		await n8n?.close();
		await database?.drop();
		rmSync(folder, { recursive: true, force: true });
	});

	it('says what is in the store while n8n runs', async () => {
		const words = await run(['status', ...where]);
		expect(words).toMatch(/^store\s+(postgres|embedded)\n/);
		expect(words).toMatch(/\nprofiles\s+3\n/);
		expect(words).toMatch(/\nrunning\s+3\n/);
		expect(words).toMatch(/\nmoving\s+yes\n/);
	});

	it('backs up while n8n runs, and never over a file', async () => {
		const file = join(folder, 'one.gz');
		const [words] = await Promise.all([
			run(['backup', file, ...where]),
			...Array.from({ length: 20 }, async (_, at) => await takeIn(n8n, 'test', [eventOf(`late${at}`, 'Seen', new Date())])),
		]);
		expect(words).toMatch(/^Backed up .* as it was at \S+Z: \d+ profiles, 3 people in journeys, \d+ rows in all, \S+ MB in /);
		expect(statSync(file).mode & 0o777).toBe(0o600);
		await expect(run(['backup', file, ...where])).rejects.toThrow(/is there already\. Name another file/);
		if (kind === 'embedded') expect(readdirSync(settings.folder!).sort()).toEqual(['owner.key', 'pg']);
		expect(await ask(n8n, "SELECT count(*) FROM events WHERE name = 'Seen'")).toEqual([{ count: 20 }]);
	});

	it('leaves no file behind that is no backup', async () => {
		const file = join(folder, 'no', 'such', 'folder', 'x.gz');
		await expect(run(['backup', file, ...where])).rejects.toThrow(/ENOENT/);
		await expect(run(['backup', join(folder, 'y.gz'), ...where, '--schema', 'nothing'])).rejects.toThrow(/there is no store in/);
		expect(readdirSync(folder).filter((name) => name.startsWith('y'))).toEqual([]);
	});

	it('restores: refused while there is a store, put aside with --replace, paused until "resume"', async () => {
		const file = join(folder, 'two.gz');
		await run(['backup', file, ...where]);
		await takeIn(n8n, 'test', [eventOf('lost', 'Lost', new Date())]);
		if (kind === 'embedded') {
			await expect(run(['restore', file, ...where])).rejects.toThrow(/another n8n process already uses the embedded store/);
			await expect(run(['restore', file, '--replace', ...where])).rejects.toThrow(/another n8n process already uses the embedded store/);
		}
		await n8n.close();
		await expect(run(['restore', file, ...where])).rejects.toThrow(/there is a store in .* already/);
		writeFileSync(join(folder, 'bad.gz'), 'no backup');
		await expect(run(['restore', join(folder, 'bad.gz'), '--replace', ...where])).rejects.toThrow(/damaged|not a backup/);
		expect(await run(['status', ...where])).toMatch(/moving\s+yes/);

		const words = await run(['restore', file, '--replace', ...where]);
		expect(words).toMatch(/instances\s+3\n/);
		expect(words).toMatch(kind === 'postgres' ? /What was there is in schema journey_until_\d{14}\./ : /What was there is in \S+pg-until-\d{14}-journey\./);
		expect(words).toMatch(/\n\nNobody moves: .* was restored at .* from a backup of .*"n8n-nodes-journey resume --skip" or "--go-on"\.\n$/);
		expect(await run(['status', ...where])).toMatch(/\nmoving\s+no\n\nNobody moves/);

		n8n = await openStore(settings);
		expect(await ask(n8n, "SELECT count(*) FROM events WHERE name = 'Lost'")).toEqual([{ count: 0 }]);
		await expect(run(['resume', ...where])).rejects.toThrow(/Say how: --skip .* --go-on/);
		await expect(run(['resume', '--skip', '--go-on', ...where])).rejects.toThrow(/Say how/);
		// While n8n runs.
		expect(await run(['resume', '--skip', ...where])).toMatch(/^3 people whose time is up and 0 who may enter go on; Check Before Sending skips them/);
		expect(await n8n.tx(currentPause)).toBeUndefined();
		expect(await ask(n8n, 'SELECT reason, answer FROM pauses')).toEqual([{ reason: 'restored', answer: 'skip' }]);
		await expect(run(['resume', '--go-on', ...where])).rejects.toThrow(/is not paused/);
		await expect(run(['resume', '--not-moved', ...where])).rejects.toThrow(/is not paused/);
	});

	it('takes a copy made by other means for what it is', async () => {
		await expect(run(['restored', ...where])).rejects.toThrow(/--taken-at 2026-01-31T02:00:00Z/);
		expect(await run(['restored', '--taken-at', '2026-01-31T02:00:00Z', ...where])).toMatch(/^Nobody moves: .* from a backup of 2026-01-31T02:00:00\.000Z/);
		await expect(run(['resume', '--not-moved', ...where])).rejects.toThrow(/was restored from a backup\. Say "resume --skip" or "--go-on"/);
		expect(await run(['resume', '--go-on', ...where])).toMatch(/and get their messages/);
	});

	it('takes a copy that is older than the package, and migrates it, paused', async () => {
		const place = kind === 'postgres' ? { ...settings, schema: 'older' } : { folder: join(folder, 'older'), schema: 'journey' };
		const args = kind === 'postgres' ? [...where, '--schema', 'older'] : ['--folder', place.folder!];
		await (await openStore({ ...place, upTo: migrations().at(-1)!.version - 1 })).close();
		await expect(run(['status', ...args])).rejects.toThrow(/has schema version \d+, this command knows \d+/);
		expect(await run(['restored', '--taken-at', '2026-01-31T02:00:00Z', ...args])).toMatch(/^Nobody moves/);
		expect(await run(['status', ...args])).toMatch(/\nmoving\s+no\n/);
		await expect(run(['restored', '--taken-at', '2026-01-31T02:00:00Z', ...(kind === 'postgres' ? [...where, '--schema', 'none'] : ['--folder', join(folder, 'none')])])).rejects.toThrow(/there is no store in/);
	});

	if (kind === 'postgres') return;

	it('moves a store to a Postgres only while n8n is stopped and that place is empty, and says afterwards which of the two to use', async () => {
		const target = await freshDatabase();
		try {
			const args = ['move', '--to', target.url, ...where];
			await expect(run(['move', '--to', target.url, '--folder', join(folder, 'wrong')])).rejects.toThrow(/there is no store in .*wrong\./);
			expect(existsSync(join(folder, 'wrong'))).toBe(false);
			await expect(run(args)).rejects.toThrow(/n8n uses .*\. Stop n8n, move, then start it with the new store\./);
			await n8n.close();
			await expect(run([...args, '--schema', 'wrong', '--to-schema', 'journey'])).rejects.toThrow(/there is no store in .*, schema wrong\./);
			expect(await run(args)).toMatch(/instances\s+3\n[\s\S]*Both stores have these rows\. Everybody waits in .*JOURNEY_STORE_URL, and start it\./);
			expect(await run(['status', ...where])).toMatch(/Nobody moves: the people of .* were moved to .*, schema journey at/);
			expect(await run(['status', '--url', target.url])).toMatch(/moving\s+yes/);
			await expect(run(args)).rejects.toThrow(/is paused: its people were moved/);
			// Its people would get everything from both.
			await expect(run(['resume', '--go-on', ...where])).rejects.toThrow(/were moved to .*, and would get everything twice\. Use that store.* "n8n-nodes-journey resume --not-moved"/);
			expect(await run(['status', ...where])).toMatch(/moving\s+no/);
			expect(await run(['resume', '--not-moved', ...where])).toMatch(/go on here\. See that n8n does not use /);
			await expect(run(args)).rejects.toThrow(/there is a store in .* already\. Name another schema/);
			expect(await run(['status', ...where])).toMatch(/moving\s+yes/);
		} finally {
			await target.drop();
			n8n = await openStore(settings);
		}
	});

	it.each([['before the restoration', false], ['when it has failed', true]])('leaves a store alone that n8n has made, started %s', async (_when, fails) => {
		const place = { folder: join(folder, `meanwhile-${fails}`), schema: 'journey' };
		await copyEmptyStore(place.folder, 'journey');
		const file = join(folder, `meanwhile-${fails}.gz`);
		await run(['backup', file, ...where]);
		if (fails) truncateSync(file, statSync(file).size - 20);
		let started: Store | undefined;
		const start = async () => {
			started = await openStore(place);
			await takeIn(started, 'test', [eventOf('mine', 'Seen', new Date())]);
		};
		const { openPlace } = open;
		const spy = jest.spyOn(open, 'openPlace').mockImplementationOnce(async (found) => {
			if (!fails) await start();
			const store = await openPlace(found);
			return { ...store, close: async () => (await store.close(), await start()) };
		});
		try {
			await expect(run(['restore', file, '--replace', '--folder', place.folder]))
				.rejects.toThrow(/n8n was started in the middle, and .* is its own now\. Nothing was restored\. What was there is in \S+pg-until-\d{14}-journey: stop n8n/);
			await started!.close();
			started = await openStore(place);
			expect(await ask(started, 'SELECT name FROM events')).toEqual([{ name: 'Seen' }]);
			expect(readdirSync(place.folder).filter((name) => name.startsWith('pg-until-'))).toHaveLength(1);
		} finally {
			spy.mockRestore();
			await started?.close();
		}
	});

	it('leaves no copy behind when it is killed in the middle of a backup', async () => {
		const session = await OwnerSession.connect(settings.folder!, socketName(settings.folder!));
		const copied = await session.copy();
		expect(readdirSync(copied)).toContain('PG_VERSION');
		session.end();
		while (existsSync(copied)) await ask(n8n, 'SELECT 1');
		expect(readdirSync(settings.folder!).filter((name) => name.startsWith('copy-'))).toEqual([]);
	});

	it('is let in by the owner only with the key from the folder, and holds up nobody when it goes in the middle', async () => {
		const connection = createConnection(socketName(settings.folder!));
		connection.on('error', () => undefined);
		connection.write(Buffer.alloc(64));
		await new Promise((resolve) => connection.once('close', resolve));

		const through = await openThroughOwner({ ...settings, folder: settings.folder! });
		await expect(through.tx(async (db) => {
			await db.rows("INSERT INTO refusals SELECT id, 1, 'half', '2026-01-01', now(), now(), 1, '{}' FROM profiles LIMIT 1");
			throw new Error('gone');
		})).rejects.toThrow('gone');
		expect(await ask(n8n, "SELECT count(*) FROM refusals WHERE reason = 'half'")).toEqual([{ count: 0 }]);
		const values = await through.tx(async (db) => await db.rows<{ at: Date; big: number; list: string[] }>("SELECT '2026-01-01T00:00:00Z'::timestamptz AS at, 5::bigint AS big, $1::text[] AS list", [['a']]));
		expect(values).toEqual([{ at: new Date('2026-01-01'), big: 5, list: ['a'] }]);
		await expect(through.tx(async (db) => await db.rows('SELECT 1/0'))).rejects.toMatchObject({ code: '22012' });
	});
});

it('says what it does not understand', async () => {
	expect(await run([])).toMatch(/^n8n-nodes-journey <command>/);
	await expect(run(['frobnicate'])).rejects.toThrow('There is no command "frobnicate".');
	await expect(run(['status', '--nonsense'])).rejects.toThrow(/Unknown option '--nonsense'/);
	await expect(run(['backup'])).rejects.toThrow('Name one file: n8n-nodes-journey backup <file>');
	for (const url of ['mysql://x', 'postgres://shop:se#cret@db/shop']) await expect(run(['status', '--url', url])).rejects.toThrow(/^The URL of a store has the form postgres:(?!.*se#cret)/);
	await expect(run(['status', '--url', 'postgres://x', '--folder', '/y'])).rejects.toThrow(/are two stores/);
	await expect(run(['status', '--folder', '/no/such/place'])).rejects.toThrow(/there is no store in \/no\/such\/place/);
	expect(existsSync('/no/such/place')).toBe(false);
});
