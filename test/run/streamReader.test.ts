import { Redis } from 'ioredis';

import { StreamReader } from '../../lib/run/redis/streamReader';
import { takeInParts, type Outcome, type Part } from '../../lib/run/takeInParts';
import { StoreError } from '../../lib/store/types';
import { startRedis, type RedisServer } from '../support/redis';
import { freshStore, type TestStore } from '../support/stores';
import { ask } from '../support/world';

describe('events from a Redis stream', () => {
	let server: RedisServer | undefined;
	let redis: Redis;
	let test: TestStore;
	let readers: StreamReader[] = [];
	let logged: string[];
	beforeAll(async () => {
		server = await startRedis();
		if (!server) return;
		redis = new Redis(server.url);
		test = await freshStore('postgres');
	}, 60_000);
	afterAll(async () => {
		redis?.disconnect();
		await server?.stop();
		await test?.drop();
	});
	beforeEach(async () => {
		if (!server) return;
		logged = [];
		await redis.flushall();
		await ask(test.store, 'TRUNCATE rejected, events, seen, profiles, identities RESTART IDENTITY CASCADE');
	});
	afterEach(async () => {
		await Promise.all(readers.map(async (reader) => await reader.stop()));
		readers = [];
	});

	const STREAM = 'shop';
	const log = { info: (message: string) => void logged.push(message), warn: (message: string) => void logged.push(message) };
	const store = async (parts: Part[]) => await takeInParts(test.store, 'redis', parts, () => undefined);
	function read(take: (parts: Part[]) => Promise<Outcome[]> = store): StreamReader {
		const reader = new StreamReader({ url: server!.url, stream: STREAM, group: 'journey' }, take, log);
		readers.push(reader);
		reader.start();
		return reader;
	}
	const add = async (...events: Array<string | object>) => {
		const pipeline = redis.pipeline();
		for (const event of events) pipeline.xadd(STREAM, '*', 'message', typeof event === 'string' ? JSON.stringify({ type: 'track', userId: 'u1', event }) : JSON.stringify(event));
		return (await pipeline.exec())!.map(([, id]) => id as string);
	};
	const names = async () => (await ask<{ name: string }>(test.store, 'SELECT name FROM events ORDER BY id')).map(({ name }) => name);
	/** Asks until it is so; it never sleeps. */
	async function until(check: () => Promise<boolean>): Promise<void> {
		while (!(await check()));
	}
	const settled = async (entries: number) => await until(async () => {
		const [group] = (await redis.xinfo('GROUPS', STREAM).catch(() => [])) as unknown[][];
		const about = Object.fromEntries((group ?? []).flatMap((value, at, all) => (at % 2 ? [] : [[value, all[at + 1]]]))) as Record<string, number>;
		return about.pending === 0 && about['entries-read'] === entries;
	});

	it('are stored in their order, also those from before anybody read, and acknowledged', async () => {
		if (!server) return;
		await add('a', 'b');
		read();
		await settled(2);
		await add('c');
		await settled(3);
		expect(await names()).toEqual(['a', 'b', 'c']);
	});

	it('are acknowledged after their commit, not before', async () => {
		if (!server) return;
		let open = () => undefined as void;
		const opened = new Promise<void>((resolve) => (open = resolve));
		const reached = new Promise<void>((resolve) => {
			read(async (parts) => {
				const outcomes = await store(parts);
				resolve();
				await opened;
				return outcomes;
			});
		});
		await add('a');
		await reached;
		expect(await redis.xpending(STREAM, 'journey')).toMatchObject([1, expect.any(String), expect.any(String), expect.anything()]);
		open();
		await settled(1);
	});

	it('go to the rejected with their reason when they are poison, and hold up nobody', async () => {
		if (!server) return;
		await add('a', { type: 'nonsense' });
		await redis.xadd(STREAM, '*', 'message', '{', 'other', 'field');
		await redis.xadd(STREAM, '*', 'event', 'Seen');
		await add('b');
		read();
		await settled(5);
		expect(await names()).toEqual(['a', 'b']);
		expect(await ask(test.store, `SELECT message_id ~ '^shop \\d{13}-\\d$' AS own_id, arrived_at = to_timestamp(substring(message_id FROM '\\d{13}')::numeric / 1000) AS when_redis_took_it FROM rejected`))
			.toEqual(Array(3).fill({ own_id: true, when_redis_took_it: true }));
		expect(await ask(test.store, 'SELECT source, reason, body FROM rejected ORDER BY id')).toEqual([
			{ source: 'redis', reason: expect.stringMatching(/^type must be one of .* \(entry \d+-\d\)$/), body: '{"type":"nonsense"}' },
			{ source: 'redis', reason: expect.stringContaining('message is not valid JSON'), body: '{' },
			{ source: 'redis', reason: expect.stringContaining('no field named message'), body: '["event","Seen"]' },
		]);
	});

	it('that are poison are kept once, though they are read again', async () => {
		if (!server) return;
		await add({ type: 'nonsense' });
		const reader = read();
		await settled(1);
		await reader.stop();
		// As if it had died before it acknowledged, or the group had been lost.
		await redis.xgroup('DESTROY', STREAM, 'journey');
		await add('a');
		read();
		await settled(2);
		expect(await ask(test.store, 'SELECT body FROM rejected')).toEqual([{ body: '{"type":"nonsense"}' }]);
	});

	it('that another consumer has just read are left to it', async () => {
		if (!server) return;
		await add('its own', 'ours');
		await redis.xgroup('CREATE', STREAM, 'journey', '0');
		await redis.xreadgroup('GROUP', 'journey', 'other', 'COUNT', 1, 'STREAMS', STREAM, '>');
		read();
		await until(async () => (await names()).length > 0);
		expect(await names()).toEqual(['ours']);
		// It is acknowledged behind its commit.
		await until(async () => ((await redis.xpending(STREAM, 'journey')) as unknown[])[0] === 1);
		expect(await redis.xpending(STREAM, 'journey')).toMatchObject([1, expect.anything(), expect.anything(), [['other', '1']]]);
	});

	it('that a dead consumer had read are taken over, and those that it had committed count once', async () => {
		if (!server) return;
		const ids = await add('a', 'b');
		const reader = read();
		await settled(2);
		await reader.stop();
		// As if it had died between the commit of `a` and `b` and their acknowledgement, with `c` just read.
		await redis.xgroup('SETID', STREAM, 'journey', '0');
		ids.push(...(await add('c')));
		await redis.xreadgroup('GROUP', 'journey', 'dead', 'STREAMS', STREAM, '>');
		for (const id of ids) await redis.xclaim(STREAM, 'journey', 'dead', 0, id, 'IDLE', 120_000);
		read();
		await until(async () => ((await redis.xpending(STREAM, 'journey')) as unknown[])[0] === 0);
		expect(await names()).toEqual(['a', 'b', 'c']);
	});

	it('that came in since a backup are read again when the group is set back, and those that the restored store knows count once', async () => {
		if (!server) return;
		const named = (event: string) => ({ type: 'track', userId: 'u1', event, messageId: event });
		const [first] = (await add('known', named('known by its id'))) as [string];
		let stored = 0;
		read(async (parts) => {
			const outcomes = await store(parts);
			stored += parts.length;
			return outcomes;
		});
		await settled(2);
		const backup = test.clock.now;
		test.clock.pass(1);
		await add('since', named('since, with an id'));
		await settled(4);
		for (const table of ['events', 'seen']) await ask(test.store, `DELETE FROM ${table} WHERE received_at > $1`, [backup]);

		const all = ['known', 'known by its id', 'since', 'since, with an id'];
		for (const times of [2, 3]) {
			await redis.xgroup('SETID', STREAM, 'journey', `${Number(first.split('-')[0]) - 1}-0`);
			await until(async () => ((await redis.xpending(STREAM, 'journey')) as unknown[])[0] === 0 && stored === times * all.length);
			expect(await names()).toEqual(all);
		}
	});

	it('leave no consumer behind in the group when their reader has stopped', async () => {
		if (!server) return;
		const reader = read();
		await add('a');
		await settled(1);
		await reader.stop();
		expect(await redis.xinfo('CONSUMERS', STREAM, 'journey')).toEqual([]);
	});

	it('leave no consumer of a killed process in the group for longer than a day, unless something is pending with it', async () => {
		if (!server) return;
		const [its] = (await add('a', 'b')) as [string, string];
		await redis.xgroup('CREATE', STREAM, 'journey', '0');
		await redis.xreadgroup('GROUP', 'journey', 'killed', 'COUNT', 1, 'STREAMS', STREAM, '>');
		await redis.xack(STREAM, 'journey', its);
		await redis.xreadgroup('GROUP', 'journey', 'killed too', 'COUNT', 1, 'STREAMS', STREAM, '>');
		const consumers = async () => ((await redis.xinfo('CONSUMERS', STREAM, 'journey')) as unknown[][]).map(([, name]) => name).filter((name) => String(name).startsWith('killed'));
		read();
		await add('c');
		await until(async () => (await names()).includes('c'));
		expect(await consumers()).toEqual(['killed', 'killed too']);
		readers.push(new StreamReader({ url: server.url, stream: STREAM, group: 'journey' }, store, log, 0));
		readers.at(-1)!.start();
		await until(async () => (await consumers()).length < 2);
		expect(await consumers()).toEqual(['killed too']);
	});

	it('that could not be stored before their reader stopped stay pending', async () => {
		if (!server) return;
		let reader!: StreamReader;
		const tried = new Promise<void>((resolve) => {
			reader = read(async (parts) => (resolve(), parts.map(() => ({ stored: false, error: new StoreError('away') }))));
		});
		await add('a');
		await tried;
		await reader.stop();
		expect(await redis.xpending(STREAM, 'journey')).toMatchObject([1, expect.anything(), expect.anything(), expect.anything()]);
	});

	it('are each stored once by several readers at once', async () => {
		if (!server) return;
		const events = Array.from({ length: 3_000 }, (_, at) => `e${at}`);
		readers = [];
		read();
		read();
		await add(...events);
		await settled(3_000);
		expect((await names()).sort()).toEqual([...events].sort());
	});

	it('are read many at once when they are small, and few when they are large', async () => {
		if (!server) return;
		const most = async (count: number, size: number) => {
			await redis.flushall();
			const text = 'x'.repeat(size);
			for (let from = 0; from < count; from += 100) await Promise.all(Array.from({ length: 100 }, async () => await redis.xadd(STREAM, '*', 'message', text)));
			const batches: number[] = [];
			const reader = read(async (parts) => (batches.push(parts.length), parts.map(() => ({ stored: true, refused: [] }))));
			await settled(count);
			await reader.stop();
			return batches;
		};
		expect(await most(3_000, 10)).toEqual([64, 128, 256, 512, 1_000, 1_000, 40]);
		expect(await most(200, 256 * 1024)).toEqual([64, 31, 31, 31, 31, 12]);
	});

	it('that come twice with the same messageId count once', async () => {
		if (!server) return;
		const event = { type: 'track', userId: 'u1', event: 'a', messageId: 'm1' };
		await add(event, event);
		read();
		await settled(2);
		expect(await names()).toEqual(['a']);
	});

	it('wait in Redis while the store is away, which is said once, and then they are stored', async () => {
		if (!server) return;
		let tries = 0;
		read(async (parts) => (++tries > 2 ? await store(parts) : parts.map(() => ({ stored: false, error: new StoreError('away') }))));
		await add('a', 'b');
		await settled(2);
		expect(await names()).toEqual(['a', 'b']);
		expect(logged).toEqual([expect.stringMatching(/stream shop: \d events cannot be stored now, and wait there \(away\)/), expect.stringContaining('are read again')]);
	});

	it('go on after somebody has deleted the stream', async () => {
		if (!server) return;
		read();
		await add('a');
		await settled(1);
		await redis.del(STREAM);
		await add('b');
		await until(async () => (await names()).length === 2);
		expect(await names()).toEqual(['a', 'b']);
	});
});
