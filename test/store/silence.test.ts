import { openStore } from '../../lib/run/openStore';
import type { Store } from '../../lib/store/types';
import { Link } from '../support/link';
import { freshDatabase } from '../support/postgres';
import { ask } from '../support/world';

describe('a connection that goes silent', () => {
	let link: Link;
	let store: Store;
	let other: Store;
	let drop: () => Promise<void>;

	beforeEach(async () => {
		const database = await freshDatabase();
		link = await Link.to(database.url);
		other = await openStore({ url: database.url, schema: 'journey' });
		store = await openStore({ url: link.url, schema: 'journey' });
		drop = database.drop;
		jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date', 'hrtime'] });
	});
	afterEach(async () => {
		jest.useRealTimers();
		await store.close();
		await other.close();
		await link.close();
		await drop();
	});

	/** Resolves when it is so; what passes until then is the server's time, and not the timers'. */
	const until = async (check: () => boolean | Promise<boolean>) => {
		do await new Promise((resolve) => setImmediate(resolve));
		while (!(await check()));
	};
	const seconds = async (count: number) => await jest.advanceTimersByTimeAsync(count * 1_000);
	/** A statement, and how it ends. */
	const follow = (answer: Promise<unknown>) => {
		const outcome: { error?: Error; value?: unknown } = {};
		return { outcome, ended: answer.then((value) => (outcome.value = value), (error: Error) => (outcome.error = error)) };
	};
	/** What the other store sees of who holds the lock of a test, or waits for it. */
	const atLock = async () => (await ask<{ state: string }>(other, "SELECT state FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND objid = 77")).map(({ state }) => state);
	const LOCK = 'SELECT pg_advisory_xact_lock(77)';

	it('is given up, says why, and those that were idle with it are not used again', async () => {
		await Promise.all([1, 2, 3].map(async () => await ask(store, LOCK)));
		link.silence();
		const { outcome, ended } = follow(ask(store, 'SELECT 1'));
		await until(() => true);
		await seconds(24);
		expect(outcome).toEqual({});
		await seconds(1);
		await ended;
		expect(outcome.error?.message).toMatch(/^Journey Store: nothing comes from 127\.0\.0\.1:\d+\/journey_test\S+ any more, though the connection has not ended\. Its work is tried again/);
		expect(await Promise.all([1, 2, 3].map(async () => await ask(store, 'SELECT 2 AS two')))).toEqual([[{ two: 2 }], [{ two: 2 }], [{ two: 2 }]]);
	});

	it('is found out for that of hints as well', async () => {
		let hints = 0;
		store.onHint(() => hints++);
		await until(async () => (await other.hint(), hints > 0));
		link.silence();
		const before = hints;
		const { ended } = follow(ask(store, 'SELECT 1'));
		await until(() => true);
		await seconds(25);
		await ended;
		await until(async () => (await other.hint(), hints > before));
	});

	it('is given up where the server cannot be reached either', async () => {
		link.silence();
		link.block();
		const { outcome, ended } = follow(ask(store, 'SELECT 1'));
		const made = link.made;
		await until(() => true);
		await seconds(25);
		await until(() => link.made > made);
		expect(outcome).toEqual({});
		await seconds(10);
		await ended;
		expect(outcome.error?.message).toContain('nothing comes from');
		link.block(false);
		expect(await ask(store, 'SELECT 2 AS two')).toEqual([{ two: 2 }]);
	});

	it('leaves no locks behind where an answer was lost', async () => {
		let asks = false;
		const { outcome, ended } = follow(store.tx(async (db) => {
			await db.rows(LOCK);
			link.silence('client');
			asks = true;
			return await db.rows('SELECT 2 AS two');
		}));
		await until(async () => asks && (await atLock())[0] === 'idle in transaction');
		await seconds(25);
		await ended;
		expect(outcome.error?.message).toContain('nothing comes from');
		const began = performance.now();
		await until(async () => (await atLock()).length === 0);
		// Left alone, the server would end it after 30 s.
		expect(performance.now() - began).toBeLessThan(20_000);
	});

	it('is no silence while the server is at work, however long', async () => {
		let free: () => void;
		const holds = other.tx(async (db) => {
			await db.rows(LOCK);
			await new Promise<void>((resolve) => (free = resolve));
		});
		await until(async () => (await atLock()).length === 1);
		const { outcome, ended } = follow(ask(store, `SELECT 2 AS two FROM (${LOCK}) locked`));
		await until(async () => (await atLock()).length === 2);
		for (let looks = 0; looks < 5; looks++) {
			const [made, open] = [link.made, link.open];
			await seconds(25);
			await until(() => link.made > made && link.open === open);
		}
		expect(outcome).toEqual({});
		free!();
		await holds;
		await ended;
		expect(outcome.value).toEqual([{ two: 2 }]);
	});
});
