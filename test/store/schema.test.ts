import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { storeVersion } from '../../lib/store/archive';
import { migrate, migrations } from '../../lib/store/migrate';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { makeMonths } from '../../lib/store/retention';
import type { Store } from '../../lib/store/types';
import { dumpSchema } from '../support/dumpSchema';
import { untilBlocked } from '../support/intercept';
import { freshDatabase } from '../support/postgres';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf } from '../support/world';

const SCHEMA = join(__dirname, '../../lib/store/schema.sql');

describe.each(STORES)('the schema on %s', (kind) => {
	let it_: TestStore;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	it('is the one that is committed; after a change to it, run `npm run schema:dump`', async () => {
		const dump = await dumpSchema(it_.store);
		if (process.env.JOURNEY_WRITE_SCHEMA && kind === 'postgres') writeFileSync(SCHEMA, dump);
		expect(dump).toBe(readFileSync(SCHEMA, 'utf8'));
	});

	it('makes room for rows that came before their month', async () => {
		const much = it_.clock.pass(200 * DAY_MS);
		await takeIn(it_.store, 'test', [eventOf('early', 'Seen', much, { change: { attributes: { a: 1 } } })]);
		const where = async () => await ask(it_.store, `SELECT tableoid::regclass::text AS table FROM events WHERE name = 'Seen'`);
		expect(await where()).toEqual([{ table: 'events_other' }]);
		await it_.store.tx(makeMonths);
		await it_.store.tx(makeMonths);
		expect(await where()).toEqual([{ table: 'events_2026_09' }]);
		expect(await takeIn(it_.store, 'test', [eventOf('early', 'Later', much)])).toMatchObject({ events: 1 });
	});
});

describe('a schema on a server', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	beforeEach(async () => {
		database = await freshDatabase();
	});
	afterEach(async () => await database.drop());
	const open = async (schema = 'journey') => await openStore({ url: database.url, schema, connections: 2 });

	it('is made once by processes that start together', async () => {
		const stores = await Promise.all(Array.from({ length: 5 }, async () => await open()));
		expect(await ask(stores[0]!, 'SELECT version, name FROM migrations ORDER BY version')).toEqual(migrations().map(({ version, name }) => ({ version, name })));
		await Promise.all(stores.map(async (store) => await store.close()));
	});

	it('is refused when a newer version of the pack made it, and left alone', async () => {
		const store = await open();
		await ask(store, 'DROP TABLE refusals CASCADE');
		await ask(store, `INSERT INTO migrations VALUES (999, 'of_the_future', now())`);
		await expect(open()).rejects.toThrow(/schema "journey" has version 999, made by a newer n8n-nodes-journey; this one knows \d+\. Update the package/);
		// As every process that ran already.
		await expect(ask(store, `SELECT to_regclass('refusals') AS gone`)).rejects.toThrow(/schema "journey" has been migrated to version 999 by another process, and this n8n process works with \d+\. Give all/);
		const asFound = await openStore({ url: database.url, schema: 'journey', connections: 1, upTo: 0 });
		expect(await ask(asFound, `SELECT to_regclass('refusals') AS gone`)).toEqual([{ gone: null }]);
		await asFound.close();
		await store.close();
	});

	it('is migrated when the processes of the older version have finished what they do, and they are refused from then on', async () => {
		const old = await openStore({ url: database.url, schema: 'journey', connections: 2, upTo: 1 });
		let go = () => undefined as void;
		const gate = new Promise<void>((resolve) => (go = resolve));
		let inside = () => undefined as void;
		const begun = new Promise<void>((resolve) => (inside = resolve));
		const underWay = old.tx(async (db) => {
			inside();
			await gate;
			return await db.rows('SELECT max(version) AS version FROM migrations');
		});
		await begun;
		const watch = await openStore({ url: database.url, schema: 'elsewhere', connections: 1 });
		const opening = open();
		await untilBlocked(watch);
		// Whoever comes while the migration is on waits for it, and sees it. On a busy machine they may come between two of its tries.
		const late = ask(old, 'SELECT 1').then(() => 'served between two tries', ({ message }: Error) => message);
		go();
		expect(await underWay).toEqual([{ version: 1 }]);
		const store = await opening;
		const refused = /has been migrated to version \d+ by another process, and this n8n process works with 1\. .* restart this one/;
		expect(await late).toMatch(new RegExp(`^served between two tries$|${refused.source}`));
		await expect(ask(old, 'SELECT 1')).rejects.toThrow(refused);
		expect(await ask(store, 'SELECT max(version) AS version FROM migrations')).toEqual([{ version: migrations().at(-1)!.version }]);
		await Promise.all([old, watch, store].map(async (one) => await one.close()));
	});

	it('is migrated between two backups: nobody waits behind it for long, and if there is no gap it says what is in the way', async () => {
		const old = await openStore({ url: database.url, schema: 'journey', connections: 2, upTo: 1 });
		const mover = await openStore({ url: database.url, schema: 'elsewhere', connections: 1 });
		const tx: Store['tx'] = async (work) => await mover.tx(async (db) => (await db.rows('SET LOCAL search_path = journey'), await work(db)));
		let begin = () => undefined as void;
		let end = () => undefined as void;
		const [begun, ended] = [new Promise<void>((resolve) => (begin = resolve)), new Promise<void>((resolve) => (end = resolve))];
		const backup = old.snapshot(async (db) => (await storeVersion(db), begin(), await ended));
		await begun;
		// Between two tries others go on. No time passes but that which a try may take for its lock.
		let tries = 0;
		await expect(migrate(tx, 'journey', 2, async () => (tries++, expect(await ask(old, 'SELECT max(version) AS version FROM migrations')).toEqual([{ version: 1 }]))))
			.rejects.toThrow(/schema "journey" must be migrated to version 2, but something has been reading it .* a backup .* or another long transaction; pg_stat_activity lists it\. n8n tries again by itself/);
		expect(tries).toBe(19);
		await migrate(tx, 'journey', 2, async () => (end(), await backup));
		expect(await ask(mover, 'SELECT max(version) AS version FROM journey.migrations')).toEqual([{ version: 2 }]);
		await Promise.all([old, mover].map(async (one) => await one.close()));
	}, 60_000);

	it('lives beside others in one database, and only takes a plain name', async () => {
		const [one, other] = [await open('one'), await open('other')];
		await takeIn(one, 'test', [eventOf('u', 'Seen', new Date())]);
		expect(await ask(other, 'SELECT FROM events')).toEqual([]);
		await Promise.all([one, other].map(async (store) => await store.close()));
		for (const name of ['Journey', 'a-b', 'a"b', "a';--", '', '1a', 'x'.repeat(42)]) await expect(open(name)).rejects.toThrow(/schema ".*" cannot be used/s);
	});
});
