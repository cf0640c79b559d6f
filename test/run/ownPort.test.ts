import { connect, createServer, type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { CollectorSettings } from '../../lib/run/collector';
import { OwnPort } from '../../lib/run/collector/ownPort';
import { RequestRate } from '../../lib/run/collector/requestRate';
import { Engine } from '../../lib/run/engine';
import { openStore } from '../../lib/run/openStore';
import { takeInParts } from '../../lib/run/takeInParts';
import { StoreError, type Store } from '../../lib/store/types';
import { intercepted, stopping } from '../support/intercept';
import { freshDatabase } from '../support/postgres';
import { ask } from '../support/world';

const basic = (user: string) => `Basic ${Buffer.from(`${user}:`).toString('base64')}`;
const track = (event: string, more: object = {}) => JSON.stringify({ userId: 'u1', event, ...more });

describe('the collector’s own port', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Store;
	let port: OwnPort | undefined;
	let troubles: unknown[];
	const settings: CollectorSettings = { writeKeys: ['key-one'], bodyLimitBytes: 10_000, batchLimit: 500, requestsPerMinute: 10_000, latenessDays: 7 };

	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey' });
	}, 60_000);
	afterAll(async () => {
		await store?.close();
		await database?.drop();
	});
	beforeEach(async () => {
		troubles = [];
		await ask(store, 'TRUNCATE rejected, events, seen, profiles, identities RESTART IDENTITY CASCADE');
	});
	afterEach(async () => await port?.close());

	/** @returns how many transactions took events in, as it grows */
	async function open(more: { store?: Store; settings?: Partial<CollectorSettings> } = {}) {
		const commits = { count: 0 };
		port = await OwnPort.open({
			address: '127.0.0.1', port: 0, settings: () => ({ ...settings, ...more.settings }), rate: () => rate,
			store: async (parts) => await takeInParts(more.store ?? store, 'collector', parts, () => void commits.count++),
			onTrouble: (cause) => troubles.push(cause),
		});
		const rate = new RequestRate();
		return commits;
	}
	const send = async (body: string | Buffer, { path = '/v1/track', ...more }: RequestInit & { path?: string } = {}) => {
		const answer = await fetch(`http://127.0.0.1:${port!.port}${path}`, { method: 'POST', headers: { authorization: basic('key-one') }, ...(more.method === 'GET' ? {} : { body: body as string }), ...more });
		return { status: answer.status, headers: Object.fromEntries(answer.headers), body: answer.status === 204 ? undefined : await answer.json() };
	};
	const names = async () => (await ask<{ name: string }>(store, 'SELECT name FROM events ORDER BY name')).map(({ name }) => name);

	it('takes what the webhook takes: long and short paths, gzip, keys in header or body, any content type', async () => {
		await open();
		const batch = (event: string) => JSON.stringify({ batch: [{ type: 'track', userId: 'u1', event }, { nonsense: 1 }] });
		expect(await send(track('a'))).toMatchObject({ status: 200, body: { rejected: [] } });
		expect(await send(track('b'), { path: '/shop/v1/t?x=1' })).toMatchObject({ status: 200 });
		expect(await send(batch('c'), { path: '/v1/batch' })).toMatchObject({ status: 200, body: { rejected: [{ index: 1 }] } });
		expect(await send(gzipSync(track('d')), { headers: { authorization: basic('key-one'), 'content-encoding': 'gzip', 'content-type': 'application/json' } })).toMatchObject({ status: 200 });
		expect(await send(track('e', { writeKey: 'key-one' }), { headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 200 });
		expect(await names()).toEqual(['a', 'b', 'c', 'd', 'e']);
		expect(await ask(store, 'SELECT count(*)::int AS n FROM rejected')).toEqual([{ n: 1 }]);
	});

	it('lets browsers in from any origin', async () => {
		await open();
		const preflight = await send('', { method: 'OPTIONS', headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'POST' } });
		expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'POST', 'access-control-allow-headers': expect.stringContaining('Authorization') } });
		expect((await send(track('a'))).headers).toMatchObject({ 'access-control-allow-origin': '*' });
		expect((await send(track('a'), { headers: {} })).headers).toMatchObject({ 'access-control-allow-origin': '*' });
	});

	it('answers like the webhook when it refuses', async () => {
		await open({ settings: { requestsPerMinute: 4 } });
		expect(await send(track('a'), { headers: { authorization: basic('wrong') } })).toMatchObject({ status: 401, body: { error: expect.stringContaining('write key') } });
		expect(await send(track('a'), { path: '/v1/pixel' })).toMatchObject({ status: 404 });
		expect(await send('', { method: 'GET' })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
		expect(await send('x'.repeat(10_001))).toMatchObject({ status: 413, headers: { 'access-control-allow-origin': '*' }, body: { error: expect.stringContaining('larger than 10000 bytes') } });
		expect(await send(gzipSync('x'.repeat(10_001)), { headers: { authorization: basic('key-one'), 'content-encoding': 'gzip' } })).toMatchObject({ status: 413 });
		expect(await send('{')).toMatchObject({ status: 400 });
		expect(await send('')).toMatchObject({ status: 400 });
		expect(await send(track('a'))).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } });
		expect([await names(), troubles]).toEqual([[], []]);
	});

	/** Sends the head of a request, and so much of its body. @returns the answer, if there is one by then */
	async function begin(headers: Record<string, string>, { method = 'POST', path = '/v1/track', size = 9_000, sent = 1 } = {}) {
		const slow = request({ port: port!.port, host: '127.0.0.1', method, path, headers: { 'content-length': size, ...headers } });
		const answered = new Promise<{ status: number; retryAfter?: string } | undefined>((resolve) => {
			slow.once('response', (response) => resolve({ status: response.statusCode!, ...(response.headers['retry-after'] && { retryAfter: response.headers['retry-after'] }) }));
			slow.on('error', () => resolve(undefined));
		});
		await new Promise<void>((resolve) => slow.write('{'.padEnd(sent), () => resolve()));
		return { answered, end: () => slow.destroy() };
	}

	it.each([
		['a sender whose key is wrong', 401, { authorization: basic('wrong') }, {}],
		['a path that is not there', 404, {}, { path: '/v1/pixel' }],
		['a method that is not supported', 405, {}, { method: 'PUT' }],
		['a preflight, of whatever type', 204, { 'content-type': 'text/plain' }, { method: 'OPTIONS' }],
		['more than the limit', 413, {}, { size: 10_001 }],
	])('reads no body of %s', async (_what, status, headers, more) => {
		await open();
		const begun = await begin(headers, more);
		expect(await begun.answered).toEqual({ status });
		begun.end();
	});

	it('reads no body of who sends too often', async () => {
		await open({ settings: { requestsPerMinute: 1 } });
		expect(await send(track('a'))).toMatchObject({ status: 200 });
		const begun = await begin({ authorization: basic('key-one') });
		expect(await begun.answered).toEqual({ status: 429, retryAfter: expect.any(String) });
		begun.end();
	});

	const MEGABYTE = 2 ** 20;
	const bodyLimitBytes = 5 * MEGABYTE;
	const large = { size: bodyLimitBytes, sent: bodyLimitBytes - 1 };

	it.each<[string, number, Record<string, string>]>([['strangers', 16, {}], ['known senders', 64, { authorization: basic('key-one') }]])('has room for %s by what they sent, not by what they say they will', async (_who, megabytes, headers) => {
		await open({ settings: { bodyLimitBytes } });
		const saying = await Promise.all(Array.from({ length: 40 }, async () => await begin(headers, { size: bodyLimitBytes })));
		const whole = (event: string) => track(event, { writeKey: 'key-one' }).padEnd(bodyLimitBytes);
		expect(await send(whole('a'), { headers })).toMatchObject({ status: 200 });
		saying.forEach(({ end }) => end());

		const held = Math.floor(megabytes / 5);
		const sending = await Promise.all(Array.from({ length: held + 1 }, async () => await begin(headers, large)));
		expect(await Promise.race(sending.map(async ({ answered }) => await answered))).toEqual({ status: 503, retryAfter: '1' });
		// The others have their room beside them, and whoever leaves gives it back.
		const others = megabytes === 16 ? { authorization: basic('key-one') } : {};
		expect(await send(track('b', { writeKey: 'key-one' }), { headers: others })).toMatchObject({ status: 200 });
		sending.forEach(({ end }) => end());
		for (let more = 0; more <= held;) more += (await send(whole('c'), { headers })).status === 200 ? 1 : 0;
		expect(new Set(await names())).toEqual(new Set(['a', 'b', 'c']));
		expect(troubles).toEqual([]);
	});

	it('has room for what is unpacked, too', async () => {
		await open({ settings: { bodyLimitBytes } });
		const packed = gzipSync(track('a', { writeKey: 'key-one' }).padEnd(bodyLimitBytes));
		const unpacked = async () => (await send(packed, { headers: { 'content-encoding': 'gzip' } })).status;
		expect(await unpacked()).toBe(200);
		const sending = await Promise.all(Array.from({ length: 3 }, async () => await begin({}, large)));
		while ((await unpacked()) !== 503);
		sending.forEach(({ end }) => end());
		while ((await unpacked()) !== 200);
	});

	it('answers one that turns out too large, and the next on the same connection', async () => {
		await open();
		const head = (more: string) => `POST /v1/track HTTP/1.1\r\nHost: shop.example.com\r\n${more}\r\n\r\n`;
		const small = track('a', { writeKey: 'key-one' });
		const chunk = `2000\r\n${' '.repeat(0x2000)}\r\n`;
		const socket = connect(port!.port, '127.0.0.1');
		socket.write(`${head('Transfer-Encoding: chunked')}${chunk.repeat(20)}0\r\n\r\n${head(`Connection: close\r\nContent-Length: ${small.length}`)}${small}`);
		const answers = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
		expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
	});

	it('commits together what arrives during a commit, and answers nothing before it is committed', async () => {
		const { store: held, gate } = stopping(store, 'before', /INSERT INTO events/);
		const commits = await open({ store: held });
		const answered: string[] = [];
		const post = async (event: string) => await send(track(event)).then(({ status }) => answered.push(`${event} ${status}`));
		const first = post('first');
		await gate.reached;
		const rest = Array.from({ length: 30 }, (_, at) => post(`e${at}`));
		// Answered after everything that arrived before it was read.
		expect((await send('{')).status).toBe(400);
		expect(answered).toEqual([]);
		gate.open();
		await Promise.all([first, ...rest]);
		expect(answered).toHaveLength(31);
		expect(await names()).toHaveLength(31);
		expect(commits.count).toBeLessThan(5);
	});

	it('refuses a poison event alone, wherever it came with others', async () => {
		const poisoned = intercepted(store, () => async (sql, params, pass) => {
			if (/INSERT INTO events/.test(sql) && String(params[0]).includes('"Poison"')) throw Object.assign(new Error('unsupported'), { code: '22P05' });
			return await pass();
		});
		const { store: held, gate } = stopping(poisoned, 'before', /INSERT INTO events/);
		await open({ store: held });
		const first = send(track('first'));
		await gate.reached;
		const rest = ['a', 'Poison', 'b'].map(async (event) => await send(track(event)));
		expect((await send('{')).status).toBe(400);
		gate.open();
		expect((await Promise.all([first, ...rest])).map(({ status, body }) => [status, body])).toEqual([
			[200, { rejected: [] }], [200, { rejected: [] }], [200, { rejected: [{ index: 0, reason: 'cannot be stored: unsupported' }] }], [200, { rejected: [] }],
		]);
		expect(await names()).toEqual(['a', 'b', 'first']);
		expect(await ask(store, 'SELECT reason, body FROM rejected')).toEqual([{ reason: 'cannot be stored: unsupported', body: JSON.stringify({ ...(JSON.parse(track('Poison')) as object), type: 'track' }) }]);
	});

	it('holds no more than 64 MB while the store takes nothing, however small they were packed', async () => {
		const { store: held, gate } = stopping(store, 'before', /INSERT INTO events/);
		await open({ store: held, settings: { bodyLimitBytes: 50_000_000 } });
		const large = async (event: string) => await send(gzipSync(track(event, { padding: ' '.repeat(35_000_000) })), { headers: { authorization: basic('key-one'), 'content-encoding': 'gzip' } });
		const first = large('first');
		await gate.reached;
		expect(await large('second')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
		gate.open();
		expect((await first).status).toBe(200);
		expect(await names()).toEqual(['first']);
	});

	it('asks to send again while the store is away, and says why in the log', async () => {
		let away = true;
		const error = new StoreError('away');
		await open({ store: { ...store, tx: async (work) => (away ? await Promise.reject(error) : await store.tx(work)) } });
		expect(await send(track('a'))).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
		expect(troubles).toEqual([error]);
		away = false;
		expect(await send(track('a'))).toMatchObject({ status: 200 });
		expect(await names()).toEqual(['a']);
	});

	it('stops: takes no more, answers what has arrived after its commit, and loses nothing', async () => {
		const { store: held, gate } = stopping(store, 'before', /INSERT INTO events/);
		await open({ store: held });
		const sent = Array.from({ length: 20 }, async (_, at) => await send(track(`e${at}`)));
		await gate.reached;
		expect((await send('{')).status).toBe(400);
		const closing = port!.close();
		await expect(send(track('late'))).rejects.toThrow();
		gate.open();
		expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(20).fill(200));
		await closing;
		expect(await names()).toHaveLength(20);
		port = undefined;
	});

	it('stops although a sender never ends its request', async () => {
		jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'setInterval', 'queueMicrotask', 'performance'] });
		await open();
		const slow = request({ port: port!.port, host: '127.0.0.1', method: 'POST', path: '/v1/track', headers: { 'content-length': 100 } });
		const ended = new Promise((resolve) => slow.once('error', resolve));
		await new Promise<void>((resolve) => slow.write('{', () => resolve()));
		const closing = port!.close();
		jest.advanceTimersByTime(10_000);
		jest.useRealTimers();
		await Promise.all([closing, ended]);
		port = undefined;
	});

	it('says which field is wrong when it cannot listen', async () => {
		const other = createServer().listen(0, '127.0.0.1');
		await new Promise((resolve) => other.once('listening', resolve));
		const { port: taken } = other.address() as AddressInfo;
		const at = async (address: string, number: number) => await OwnPort.open({ address, port: number, settings: () => settings, rate: () => new RequestRate(), store: async () => [], onTrouble: () => undefined });
		await expect(at('127.0.0.1', taken)).rejects.toThrow(`Port: ${taken} is taken on 127.0.0.1 by another process or another collector. Enter a free one.`);
		await expect(at('192.0.2.1', taken)).rejects.toThrow('Address: 192.0.2.1 is not an address of this machine.');
		await new Promise((resolve) => other.close(resolve));
	});

	it('moves who is due when its events wake them', async () => {
		const engine = new Engine(store, { info: () => undefined, warn: () => undefined, error: () => undefined }, false);
		const announced = jest.spyOn(engine, 'announce').mockImplementation(() => undefined);
		port = await OwnPort.open({ address: '127.0.0.1', port: 0, settings: () => settings, rate: () => engine.rate, store: async (parts) => await engine.takeIn('collector', parts), onTrouble: (cause) => troubles.push(cause) });
		expect(await send(track('nobody waits for it'))).toMatchObject({ status: 200 });
		expect(announced).not.toHaveBeenCalled();
		await ask(store, `WITH j AS (INSERT INTO journeys (key, name, created_at) VALUES ('k', 'k', now()) RETURNING id),
			w AS (INSERT INTO workflows (host, workflow_id, journey_id, seen_at) SELECT 'h', 'w', id, now() FROM j RETURNING id),
			c AS (INSERT INTO condition_sets (hash) VALUES ('h') RETURNING id), o AS (INSERT INTO conditions (set_id, ordinal, output, event, effect) SELECT id, 0, 'o', 'Enter', 'wake' FROM c)
			INSERT INTO steps (workflow, node_id, kind, name, set_id, state, registered_at) SELECT w.id, 'n', 'entry', 'Entry', c.id, 'on', now() FROM w, c`);
		await ask(store, 'UPDATE journeys SET entrance = (SELECT max(id) FROM steps)');
		expect(await send(track('Enter'))).toMatchObject({ status: 200 });
		expect(announced).toHaveBeenCalledTimes(1);
	});
});
