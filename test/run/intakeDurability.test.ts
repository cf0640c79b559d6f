import { takeIn } from '../../lib/run/intake';
import { openStore } from '../../lib/run/openStore';
import type { IntakeEntry } from '../../lib/core/types';
import { stopping } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { freshDatabase } from '../support/postgres';
import { ask, eventOf } from '../support/world';

describe.each(STORES)('what is acknowledged on %s', (kind) => {
	let it_: TestStore;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	it('is not a transaction in which a statement failed, even if nobody heard of it', async () => {
		const work = it_.store.tx(async (db) => {
			await db.rows("INSERT INTO journeys (key, name, created_at) VALUES ('swallowed', 'x', now())");
			await db.rows('SELECT 1 / 0').catch(() => undefined);
		});
		await expect(work).rejects.toThrow(/transaction is aborted/);
		expect(await ask(it_.store, 'SELECT FROM journeys')).toEqual([]);
	});

	it('is kept once, also within a batch and among other messages', async () => {
		const entries = ['m1', 'm2', 'm1', undefined, 'm3', undefined, 'm2'].map((messageId, index) => ({ ...eventOf('u', 'Seen', it_.clock.now), index, messageId }));
		expect(await takeIn(it_.store, 'test', entries)).toMatchObject({ events: 5, duplicates: 2 });
		expect(await takeIn(it_.store, 'test', entries)).toMatchObject({ events: 2, duplicates: 5 });
		expect(await ask(it_.store, 'SELECT message_id FROM events WHERE message_id IS NOT NULL ORDER BY 1'))
			.toEqual([{ message_id: 'm1' }, { message_id: 'm2' }, { message_id: 'm3' }]);
	});

	it('is not a batch that failed; sent again, it is kept', async () => {
		const entries = ['f1', 'f2'].map((messageId) => eventOf('failing', 'Seen', it_.clock.now, { messageId }));
		const broken = [...entries, eventOf('failing', 'Seen', new Date(NaN), { messageId: 'f3' })];
		await expect(takeIn(it_.store, 'test', broken, [{ position: 9, reason: 'x', body: 'y' }])).rejects.toThrow();
		expect(await ask(it_.store, `SELECT FROM rejected`)).toEqual([]);
		expect(await takeIn(it_.store, 'test', entries)).toMatchObject({ events: 2, duplicates: 0 });
	});
});

describe('what is acknowledged on a server under load and in trouble', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Awaited<ReturnType<typeof openStore>>;
	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey', connections: 10 });
	}, 60_000);
	afterAll(async () => {
		await store?.close();
		await database?.drop();
	});

	it.each([
		['before the events are stored', 'before', /INSERT INTO events/],
		['after everything but the commit', 'after', /FROM conditions c LEFT JOIN steps/],
	] as const)('is nothing when the server ends the session %s; sent again, it is kept once', async (_when, where, statement) => {
		const entries = Array.from({ length: 20 }, (_, at) => eventOf(`k${at}`, 'Seen', new Date(), { messageId: `${where}-${at}` }));
		const { store: stopped, gate } = stopping(store, where, statement);
		const taking = takeIn(stopped, 'test', entries).then(() => 'acknowledged', (error: Error) => error.message);
		await gate.reached;
		const ended = await ask(store, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`);
		expect(ended).toHaveLength(1);
		gate.open();
		expect(await taking).toMatch(/terminat|not queryable|connection/i);
		expect(await ask(store, 'SELECT FROM events WHERE message_id LIKE $1', [`${where}-%`])).toEqual([]);
		expect(await takeIn(store, 'test', entries)).toMatchObject({ events: 20, duplicates: 0 });
		expect(await takeIn(store, 'test', entries)).toMatchObject({ events: 0, duplicates: 20 });
	});

	it('is each message once, however many send it at once', async () => {
		const messages = Array.from({ length: 200 }, (_, at) => eventOf(`u${at % 40}`, 'Sent', new Date(), { messageId: `c${at}` }));
		const shuffled = (by: number) => messages.map((_, at) => messages[(at * 7 + by * 31) % messages.length]!);
		const results = await Promise.all(Array.from({ length: 8 }, async (_, sender) => await takeIn(store, 'test', shuffled(sender))));
		const sum = (of: 'events' | 'duplicates') => results.reduce((total, one) => total + one[of], 0);
		expect([sum('events'), sum('duplicates')]).toEqual([200, 1_400]);
		expect(await ask(store, `SELECT count(*) AS events, count(DISTINCT message_id) AS messages FROM events WHERE name = 'Sent'`)).toEqual([{ events: 200, messages: 200 }]);
	});

	it('is about one profile per person, while strangers come, identities meet and people merge', async () => {
		const people = 40;
		const batchOf = (sender: number, round: number): IntakeEntry[] => Array.from({ length: 12 }, (_, at) => {
			const who = (sender * 13 + round * 5 + at * 3) % people;
			const identities: IntakeEntry['identities'] = [{ kind: 'user_id', value: `crowd${who}` }];
			// Some bring a browser, some an old user id: at the end the even person and the odd one behind it are one.
			if (at % 3 === 1) identities.push({ kind: 'anonymous_id', value: `browser${who}` });
			const alias = at % 6 === 2 ? { alias: true as const } : {};
			if (at % 6 === 2) identities.push({ kind: 'user_id', value: `crowd${who ^ 1}` });
			return { ...eventOf('', 'Crowd', new Date(), { messageId: `${sender}-${round}-${at}` }), ...alias, index: at, identities };
		});
		await Promise.all(Array.from({ length: 8 }, async (_, sender) => {
			for (let round = 0; round < 6; round++) await takeIn(store, 'test', batchOf(sender, round));
		}));
		const [row] = await ask(store, `SELECT
			(SELECT count(*) FROM events WHERE name = 'Crowd') AS events,
			(SELECT count(*) FROM events e JOIN profiles p ON p.id = e.profile_id WHERE p.merged_into IS NOT NULL) AS left_behind,
			(SELECT count(*) FROM identities i JOIN profiles p ON p.id = i.profile_id WHERE p.merged_into IS NOT NULL) AS dead_ends,
			(SELECT count(DISTINCT profile_id) FROM identities WHERE value LIKE 'crowd%') AS people`);
		expect(row).toEqual({ events: 8 * 6 * 12, left_behind: 0, dead_ends: 0, people: people / 2 });
	});
});
