import { Redis } from 'ioredis';
import type { INodeExecutionData, ITriggerFunctions } from 'n8n-workflow';

import type { Engine } from '../../lib/run/engine';
import { journeyEngine } from '../../nodes/shared/engine';
import { subscribe } from '../../nodes/shared/trigger';
import { freshDatabase } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';
import { ask, wakesBy } from '../support/world';

const STREAM = 'shop';
const LOOK_EVERY_MS = 10_000;
const GONE_AFTER_MS = 30_000;
const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC' };

describe('a credential that is changed while journeys are published with it', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let server: RedisServer | undefined;
	let redis: Redis;
	let credential: Record<string, unknown>;
	const looks: Array<() => void> = [];
	const halfAMinuteLater: Array<() => void> = [];
	const engines = new Set<Engine>();
	const said: string[] = [];
	const told: string[] = [];
	const closing: Array<() => Promise<void>> = [];
	beforeAll(async () => {
		server = await startRedis();
		if (!server) return;
		redis = new Redis(server.url);
		database = await freshDatabase();
		const { hostname, port, username, password, pathname } = new URL(database.url);
		credential = {
			host: hostname, port: Number(port), database: decodeURIComponent(pathname.slice(1)), user: decodeURIComponent(username), password: decodeURIComponent(password),
			schema: 'first', ssl: 'disable', redis: true, redisHost: '127.0.0.1', redisPort: server.port, redisSsl: 'disable', stream: STREAM,
		};
		const { setInterval: interval, setTimeout: timeout } = globalThis;
		jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
			if (ms === GONE_AFTER_MS) halfAMinuteLater.push(run);
			return timeout(run, ms);
		}) as typeof setTimeout);
		jest.spyOn(globalThis, 'setInterval').mockImplementation(((run: () => void, ms?: number) => {
			if (ms === LOOK_EVERY_MS) looks.push(run);
			return interval(run, ms);
		}) as typeof setInterval);
	}, 60_000);
	afterAll(async () => {
		jest.restoreAllMocks();
		await Promise.all(closing.map(async (close) => await close()));
		for (const engine of engines) await engine.close();
		redis?.disconnect();
		await server?.stop();
		await database?.drop();
	});

	const context = (workflow: string, emitted: string[]) => ({
		getNode: () => ({ id: 'entry', name: `Entry of ${workflow}`, credentials: { journeyStore: { id: 'credential', name: 'Store' } } }),
		getWorkflow: () => ({ id: workflow }), getInstanceId: () => 'installation', getMode: () => 'trigger', getCredentials: async () => ({ ...credential }),
		emit: (data: INodeExecutionData[][], _response: undefined, done: { resolve(value: undefined): void }) => {
			emitted.push(...data[0]!.map(() => workflow));
			done.resolve(undefined);
		},
		helpers: { createDeferredPromise: () => Promise.withResolvers() },
		logger: { info: (message: string) => void told.push(message), warn: (message: string) => void said.push(message), error: (message: string) => void said.push(message) },
	}) as unknown as ITriggerFunctions;
	async function engineNow(): Promise<Engine> {
		const engine = await journeyEngine(context('any', []));
		engines.add(engine);
		return engine;
	}
	const until = async (check: () => Promise<boolean>) => {
		for (const began = Date.now(); !(await check()); await new Promise((resolve) => setImmediate(resolve))) {
			if (Date.now() - began > 45_000) throw new Error(`It never was so: ${String(check)}. ${said.join(' ')}`);
		}
	};
	const listening = ({ dispatcher }: Engine) => dispatcher.listening().steps.length;
	const consumers = async () => ((await redis.xinfo('CONSUMERS', STREAM, 'journey')) as unknown[][]).map(([, name]) => name);
	const names = async ({ store }: Engine) => (await ask<{ name: string }>(store, 'SELECT name FROM events ORDER BY id')).map(({ name }) => name);
	const add = async (event: string) => await redis.xadd(STREAM, '*', 'message', JSON.stringify({ type: 'track', userId: 'u1', event }));

	it('takes all of them along to the other store, with the stream of events', async () => {
		if (!server) return;
		const emitted: string[] = [];
		for (const workflow of ['a', 'b']) {
			const { closeFunction } = await subscribe(context(workflow, emitted), {
				kind: 'entry', limit: 1, journey: { key: workflow, name: workflow, rules }, listens: { conditions: [wakesBy('Enter')], config: {} },
			});
			closing.push(closeFunction!);
		}
		const first = await engineNow();
		await until(async () => listening(first) === 2);
		await add('before');
		await until(async () => (await names(first)).length === 1);

		const [reader] = await consumers();
		credential.schema = 'second';
		looks.forEach((look) => look());
		const second = await engineNow();
		expect(second).not.toBe(first);
		await until(async () => listening(second) === 2);
		expect(listening(first)).toBe(0);
		const chores = jest.spyOn(first.janitor, 'stop');
		halfAMinuteLater.splice(0).forEach((run) => run());
		expect(chores).toHaveBeenCalled();
		const { engines: held } = (globalThis as unknown as Record<symbol, { engines: Map<string, Promise<Engine>> }>)[Symbol.for('n8n-nodes-journey')]!;
		expect(await Promise.all(held.values())).toEqual([second]);
		await until(async () => !(await consumers()).includes(reader));
		for (let at = 0; at < 20; at++) await add(`after ${at}`);
		await until(async () => (await names(second)).length === 20);
		expect(await names(first)).toEqual(['before']);
		await add('Enter');
		await until(async () => emitted.length === 2);
		expect(emitted.sort()).toEqual(['a', 'b']);

		const twice = listening(second);
		looks.forEach((look) => look());
		await engineNow();
		expect(listening(second)).toBe(twice);
		await Promise.all(closing.splice(0).map(async (close) => await close()));
		// n8n waits for these when it stops, for three seconds at most: nothing of this process is left in the group.
		await until(async () => (await consumers()).length === 0);
		expect(said).toEqual([]);
		const { host, port, database: name } = credential as Record<string, string>;
		expect(told.filter((line) => line.includes('credential'))).toEqual([
			`Journey: the credential "Store" leads to ${host}:${port}/${name}, schema second, with Redis 127.0.0.1:${server.port}/0 now. `
			+ 'What is published with it (nodes: 2) listens there from now on; who waits, waits on in the store where they are.',
		]);
	});
});
