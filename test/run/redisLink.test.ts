import { Redis } from 'ioredis';

import { Engine } from '../../lib/run/engine';
import { openStore } from '../../lib/run/openStore';
import { RedisLink } from '../../lib/run/redis/link';
import type { Store } from '../../lib/store/types';
import { freshDatabase } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';
import { DAY_MS } from '../support/world';

const LET_GO_AFTER_MS = 60_000;

describe('what processes tell each other through Redis', () => {
	let server: RedisServer | undefined;
	let links: RedisLink[] = [];
	let logged: string[];
	beforeAll(async () => {
		server = await startRedis();
	});
	afterAll(async () => await server?.stop());
	beforeEach(() => (logged = []));
	afterEach(() => {
		links.forEach((link) => link.close());
		links = [];
	});

	const log = { info: (message: string) => void logged.push(message), warn: (message: string) => void logged.push(message), error: (message: string) => void logged.push(message) };
	async function link(name = 'journey:shop'): Promise<RedisLink> {
		const one = await RedisLink.open({ url: server!.url, group: 'journey' }, name, log);
		links.push(one);
		await until(async () => await one.hint());
		return one;
	}
	async function until(check: () => Promise<boolean>): Promise<void> {
		while (!(await check())) await new Promise((resolve) => setImmediate(resolve));
	}

	it('is that something is due, to those of the same store', async () => {
		if (!server) return;
		const [a, b, other] = [await link(), await link(), await link('journey:other')];
		const heard: string[] = [];
		await b.onHint(() => heard.push('b'));
		await other.onHint(() => heard.push('other'));
		expect(await a.hint()).toBe(true);
		await until(async () => heard.length > 0);
		await other.hint();
		await until(async () => heard.length > 1);
		expect(heard).toEqual(['b', 'other']);
	});

	it('needs a connection only as long as somebody uses it', async () => {
		if (!server) return;
		const timers: Array<() => void> = [];
		const timeout = setTimeout;
		jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
			if (ms === LET_GO_AFTER_MS) timers.push(run);
			return timeout(run, ms);
		}) as typeof setTimeout);
		const [a, b] = [await link(), await link('journey:other')];
		jest.restoreAllMocks();
		const connections = async () => {
			const asking = new Redis(server!.url);
			const list = (await asking.client('LIST')) as string;
			asking.disconnect();
			return list.split('\n').filter((line) => line.includes('name=n8n-nodes-journey')).length;
		};
		expect(await connections()).toBe(2);
		timers[0]!();
		await until(async () => (await connections()) === 1);
		expect(await a.hint()).toBe(false);
		await until(async () => await a.hint());
		expect(await connections()).toBe(2);

		// A limit, as well: this process counts for itself until it is back.
		timers[0]!();
		await until(async () => (await connections()) === 1);
		await until(async () => (await a.rate.take('s', 1_000), (await connections()) === 2));

		// Nobody uses it while Redis is away: it is not tried again, until somebody does.
		const client = (one: RedisLink) => (one as unknown as { client: { status: string; reconnectTimeout: unknown } }).client;
		await server.kill();
		await until(async () => Boolean(client(b).reconnectTimeout));
		timers[1]!();
		expect(client(b).reconnectTimeout).toBeNull();
		await server.start();
		await until(async () => await b.hint());
		await until(async () => await a.hint());
		a.close();
		await until(async () => client(a).status === 'end');
		expect(await a.hint()).toBe(false);
		expect(client(a).status).toBe('end');
	});

	it('wakes an engine that is idle, which Postgres does not tell and which would look again tomorrow', async () => {
		if (!server) return;
		const database = await freshDatabase();
		const store = await openStore({ url: database.url, schema: 'journey' });
		const [its, other] = [await link(), await link()];
		const engine = new Engine({ ...store, onHint: () => () => undefined }, log, true, {}, its);
		const tick = engine.dispatcher.tick.bind(engine.dispatcher);
		const looks = jest.spyOn(engine.dispatcher, 'tick').mockImplementation(async () => (await tick(), DAY_MS));
		try {
			engine.registry.register({ place: { host: 'installation', workflowId: 'shop', nodeId: 'state', name: 'The state', kind: 'state' }, limit: 10, emit: async () => undefined, since: new Date() });
			await until(async () => looks.mock.results.length > 0);
			await looks.mock.results[0]!.value;
			expect(looks).toHaveBeenCalledTimes(1);
			await until(async () => (await other.hint(), looks.mock.calls.length > 1));
		} finally {
			await engine.close();
			await database.drop();
		}
	});

	/** An engine that can also say through Postgres what it says through Redis. */
	const beside = (redis: RedisLink) => {
		const store = { hint: jest.fn().mockResolvedValue(undefined), onHint: () => undefined } as unknown as Store;
		return { store, engine: new Engine(store, log, false, {}, redis) };
	};

	it('is how many requests came: they share a limit', async () => {
		if (!server) return;
		const [a, b] = [await link(), await link()];
		expect([await a.rate.take('s', 3), await b.rate.take('s', 3), await a.rate.take('s', 3)]).toEqual([0, 0, 0]);
		expect(await b.rate.take('s', 3)).toBeGreaterThan(50);
		expect(await a.rate.take('s', 3)).toBeGreaterThan(50);
		expect(await a.rate.take('other', 3)).toBe(0);
	});

	it('is nothing while Redis is frozen: nobody waits for it longer than once, and it goes on when it thaws', async () => {
		if (!server) return;
		const a = await link();
		const { store, engine } = beside(a);
		server.freeze();
		try {
			const began = performance.now();
			expect([await a.rate.take('frozen', 1), await a.rate.take('frozen', 1)]).toEqual([0, expect.any(Number)]);
			const first = performance.now() - began;
			for (let at = 0; at < 20; at++) await a.rate.take('frozen', 100);
			expect(await a.hint()).toBe(false);
			engine.announce();
			await until(async () => (store.hint as jest.Mock).mock.calls.length > 0);
			// One answer was waited for, a second long: not each.
			expect(first).toBeLessThan(3_000);
			expect(performance.now() - began - first).toBeLessThan(3_000);
			await until(async () => logged.length > 0);
			expect(logged).toEqual([expect.stringMatching(/cannot be reached \(.+\)\. Everything else goes on/)]);
		} finally {
			server.thaw();
		}
		await until(async () => await a.hint());
		await until(async () => logged.at(-1) === 'Journey: Redis is back.');
	});

	it('is nothing while Redis is away: each counts for itself, hints go through Postgres, and it is said once', async () => {
		if (!server) return;
		const a = await link();
		const { store, engine } = beside(a);
		engine.announce();
		await until(async () => await a.hint());
		expect(store.hint).not.toHaveBeenCalled();

		await server.kill();
		await until(async () => logged.length > 0);
		expect([await a.rate.take('s', 1), await a.rate.take('s', 1)]).toEqual([0, expect.any(Number)]);
		expect(await a.rate.take('s', 1)).toBeGreaterThan(50);
		expect(await a.hint()).toBe(false);
		engine.announce();
		await until(async () => (store.hint as jest.Mock).mock.calls.length > 0);
		expect(logged).toEqual([expect.stringMatching(/^Journey: Redis 127\.0\.0\.1:\d+ cannot be reached \(.+\)\. Everything else goes on/)]);

		const heard: number[] = [];
		const listening = a.onHint(() => heard.push(1));
		await server.start();
		await listening;
		await until(async () => (await a.hint()) && heard.length > 0);
		await until(async () => logged.at(-1) === 'Journey: Redis is back.');
		expect(await a.rate.take('other', 1)).toBe(0);
		const b = await link();
		expect(await b.rate.take('other', 1)).toBeGreaterThan(50);
	});
});
