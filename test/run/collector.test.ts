import { Analytics } from '@segment/analytics-node';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import type { IntakeEntry } from '../../lib/core/types';
import { collect, type Accept, type CollectorRequest, type CollectorSettings } from '../../lib/run/collector';
import { readBody } from '../../lib/run/collector/body';
import { RequestRate } from '../../lib/run/collector/requestRate';
import type { Outcome } from '../../lib/run/takeInParts';
import type { Refused } from '../../lib/store/events';

const now = new Date('2026-03-10T12:00:00.000Z');
const settings: CollectorSettings = { writeKeys: ['key-one', 'key-two'], bodyLimitBytes: 100_000, batchLimit: 500, requestsPerMinute: 60, latenessDays: 7 };
const basic = (user: string) => `Basic ${Buffer.from(`${user}:`).toString('base64')}`;
const STORED: Outcome = { stored: true, refused: [] };
const track = (more: object = {}) => ({ type: 'track', userId: 'u1', event: 'Order Completed', ...more });

/** Sends one request to the collector; what it handed over is in `entries` and `refused`. */
async function send(body: unknown, more: Partial<CollectorRequest> & { settings?: Partial<CollectorSettings>; accept?: Accept; rate?: RequestRate } = {}) {
	const entries: IntakeEntry[] = [];
	const refused: Refused[] = [];
	let calls = 0;
	const accept: Accept = async (part) => {
		calls++;
		entries.push(...part.entries);
		refused.push(...part.refused);
		return (await more.accept?.(part, 0)) ?? STORED;
	};
	const limits = { ...settings, ...more.settings };
	const headers = more.headers ?? { authorization: basic('key-one'), 'content-type': 'application/json' };
	const sent = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
	const request = {
		method: more.method ?? 'POST',
		path: more.path ?? '/webhook/journey/v1/batch',
		headers,
		body: async () => await readBody(Object.assign(Readable.from(sent), { headers: headers as IncomingHttpHeaders }), limits.bodyLimitBytes),
	};
	const answer = await collect(request, limits, more.rate ?? new RequestRate(), () => now, accept);
	return { ...answer, entries, refused, calls };
}

describe('what gets in', () => {
	it('answers 200 after the hand-over, with what was refused by index; the rest is in', async () => {
		const answer = await send({ batch: [track({ messageId: 'm0' }), { nonsense: 1 }, track({ timestamp: '31/02' }), track({ messageId: 'm3' })] });
		expect(answer.status).toBe(200);
		expect(answer.body).toEqual({
			rejected: [
				{ index: 1, reason: expect.stringContaining('type must be one of') },
				{ index: 2, reason: expect.stringContaining('timestamp: "31/02"') },
			],
		});
		expect(answer.entries.map(({ index, messageId }) => [index, messageId])).toEqual([[0, 'm0'], [3, 'm3']]);
		expect(answer.refused[0]).toEqual({ position: 1, reason: expect.any(String), body: '{"nonsense":1}' });
	});

	it('takes single calls by their path, long and short', async () => {
		for (const path of ['/v1/track', '/v1/t', '/track', '/t', '/webhook/journey/v1/t/']) {
			const { status, entries } = await send({ userId: 'u1', event: 'Signed Up' }, { path });
			expect([path, status, entries[0]?.event?.name]).toEqual([path, 200, 'Signed Up']);
		}
		expect((await send({ userId: 'u1' }, { path: '/v1/t' })).body).toEqual({ rejected: [{ index: 0, reason: 'event must be text, found nothing' }] });
	});

	it('applies the batch’s sentAt to each message', async () => {
		const { entries } = await send({ batch: [track({ timestamp: '2026-03-10T12:50:00Z' })], sentAt: '2026-03-10T13:00:00Z' });
		expect(entries[0]?.occurredAt.toISOString()).toBe('2026-03-10T11:50:00.000Z');
	});

	it('keeps at most 32,768 characters of a refused message, and nothing that Postgres cannot hold', async () => {
		const { refused } = await send({ batch: [{ type: 'nothing', text: 'x'.repeat(40_000) }, { text: 'a\0' }, { text: '😀'.repeat(20_000) }] }, { settings: { bodyLimitBytes: 1_000_000 } });
		expect(refused[0]?.body).toHaveLength(32_768 + '… (cut off, 40028 characters)'.length);
		expect(refused[1]?.body).toBe('{"text":"a\\u0000"}');
		expect(refused[2]?.body).toContain('😀\uFFFD… (cut off, ');
	});

	it('answers an empty batch without asking the store', async () => {
		expect(await send({ batch: [] })).toMatchObject({ status: 200, body: { rejected: [] }, calls: 0 });
	});
});

describe('the write key', () => {
	it('is the user of basic authentication or in the body; two are valid at once', async () => {
		for (const key of settings.writeKeys) {
			expect((await send({ batch: [track()] }, { headers: { authorization: basic(key) } })).status).toBe(200);
			expect((await send({ batch: [track()], writeKey: key }, { headers: { 'content-type': 'text/plain' } })).status).toBe(200);
		}
	});

	it.each<[string, Record<string, string>, object]>([
		['no key', {}, {}],
		['a wrong key in the header', { authorization: basic('key-three') }, {}],
		['a wrong key in the header and a right one in the body', { authorization: basic('key-three') }, { writeKey: 'key-one' }],
		['a wrong key in the body', {}, { writeKey: 'key-on' }],
		['an empty key', { authorization: basic('') }, { writeKey: '' }],
		['a key that is no text', {}, { writeKey: ['key-one'] }],
		['another kind of authentication', { authorization: 'Bearer key-one' }, {}],
	])('%s is answered with 401 and stores nothing', async (_what, headers, more) => {
		const answer = await send({ batch: [track()], ...more }, { headers, settings: { writeKeys: ['key-one', ''] } });
		expect(answer).toMatchObject({ status: 401, calls: 0, body: { error: expect.stringContaining('write key') } });
	});

	it('is checked before the body is unpacked', async () => {
		expect((await send(Buffer.from('nonsense'), { headers: { authorization: basic('x'), 'content-encoding': 'gzip' } })).status).toBe(401);
	});
});

describe('bodies', () => {
	const plain = { authorization: basic('key-one') };
	const gzip = { authorization: basic('key-one'), 'content-encoding': 'gzip' };

	it('may be gzipped, and in any content type', async () => {
		expect((await send(gzipSync(JSON.stringify({ batch: [track()] })), { headers: gzip })).entries).toHaveLength(1);
		expect((await send({ batch: [track()] }, { headers: { authorization: basic('key-one'), 'content-type': 'application/x-www-form-urlencoded' } })).entries).toHaveLength(1);
	});

	it.each<[number, string, unknown, Record<string, string>]>([
		[400, 'not valid JSON', '{"batch":', plain],
		[400, 'not valid JSON', '', plain],
		[400, 'not valid UTF-8', Buffer.from('{"batch":[],"a":"\xff"}', 'latin1'), plain],
		[400, 'no list named batch', track(), plain],
		[400, 'no list named batch', 'null', plain],
		[400, 'not valid gzip', 'nonsense', gzip],
		[413, 'larger than 100000 bytes', ' '.repeat(100_001), plain],
		[413, 'larger than 100000 bytes', gzipSync(' '.repeat(50_000_000)), gzip],
		[413, '501 messages, at most 500', { batch: Array.from({ length: 501 }, () => 0) }, plain],
		[415, 'Content-Encoding br is not supported', '{}', { authorization: basic('key-one'), 'content-encoding': 'br' }],
	])('is answered with %i: %s', async (status, error, body, headers) => {
		const answer = await send(body, { headers });
		expect(answer).toMatchObject({ status, calls: 0, body: { error: expect.stringContaining(error) } });
	});

	it('are not kept in the pieces in which they come: each costs hundreds of bytes, and may be a single one', async () => {
		const stream = Object.assign(new Readable({ read: () => undefined }), { headers: {} });
		const reading = readBody(stream, 1_000);
		for (const letter of 'abc') {
			const piece = Buffer.from(letter);
			stream.push(piece);
			await new Promise((resolve) => setImmediate(resolve));
			piece.fill('x');
		}
		stream.push(null);
		expect(String(await reading)).toBe('abc');
	});

	it('of a sender that goes away are no fault that would be logged', async () => {
		const stream = Object.assign(new Readable({ read: () => undefined }), { headers: {} });
		const answer = collect({ method: 'POST', path: '/v1/track', headers: {}, body: async () => await readBody(stream, 1_000) }, settings, new RequestRate(), () => now, async () => STORED);
		stream.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
		expect(await answer).toEqual({ status: 400, headers: {}, body: { error: 'The body ended early: send it again.' } });
	});

	it('survives deep nesting', async () => {
		const answer = await send('{"batch":[' + '['.repeat(40_000) + ']'.repeat(40_000) + ']}');
		expect(answer.body).toEqual({ rejected: [{ index: 0, reason: 'the message must be an object, found a list' }] });
	});
});

describe('what is not answered with 200', () => {
	it('404 for other paths, 405 for other methods', async () => {
		expect((await send('', { path: '/v1/pixel' })).status).toBe(404);
		expect(await send('', { method: 'GET' })).toMatchObject({ status: 405, headers: { Allow: 'POST' } });
	});

	it('503 with Retry-After when the store throws, with the cause for the log only', async () => {
		const cause = new Error('connect ECONNREFUSED 10.0.0.1');
		const answer = await send({ batch: [track()] }, { accept: async () => { throw cause; } });
		expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, cause });
		expect(JSON.stringify(answer.body)).not.toContain('ECONNREFUSED');
	});

	it('says what the store refused, in the order of the batch, with what was sent at hand to be kept', async () => {
		const kept: string[] = [];
		const accept: Accept = async ({ entries, keptOf }) => {
			kept.push(keptOf(entries[1]!).body);
			return { stored: true, refused: [{ position: entries[1]!.index, reason: 'cannot be stored', body: '' }] };
		};
		const answer = await send({ batch: [track(), { nonsense: 1 }, track({ event: 'Poison' }), 7] }, { accept });
		expect((answer.body as { rejected: Array<{ index: number }> }).rejected.map(({ index }) => index)).toEqual([1, 2, 3]);
		expect(kept).toEqual(['{"type":"track","userId":"u1","event":"Poison"}']);
	});

	it('429 with Retry-After beyond the rate, for each key alone, until the minute is over', async () => {
		jest.useFakeTimers();
		const rate = new RequestRate();
		const request = (key: string) => send({ batch: [track()] }, { rate, headers: { authorization: basic(key) } });
		for (let i = 0; i < 60; i++) expect((await request('key-one')).status).toBe(200);
		jest.advanceTimersByTime(20_000);
		expect(await request('key-one')).toMatchObject({ status: 429, headers: { 'Retry-After': '40' }, calls: 0 });
		expect((await request('key-two')).status).toBe(200);
		jest.advanceTimersByTime(40_001);
		expect((await request('key-one')).status).toBe(200);
		jest.useRealTimers();
	});
});

describe('Segment’s own client', () => {
	let server: Server;
	let handedOver: IntakeEntry[];
	let statuses: number[];
	let storeIsDown: number;

	beforeEach(async () => {
		[handedOver, statuses, storeIsDown] = [[], [], 0];
		const rate = new RequestRate();
		const accept: Accept = async ({ entries }) => {
			if (storeIsDown-- > 0) throw new Error('down');
			handedOver.push(...entries);
			return STORED;
		};
		// eslint-disable-next-line @typescript-eslint/no-misused-promises -- a failure here fails the request, and with it the test
		server = createServer(async (request, response) => {
			const { method = '', url = '', headers } = request;
			const body = async () => await readBody(request, settings.bodyLimitBytes);
			const answer = await collect({ method, path: url, headers, body }, settings, rate, () => new Date(), accept);
			statuses.push(answer.status);
			response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	});
	afterEach(async () => await new Promise((resolve) => server.close(resolve)));

	const client = (more: object = {}) => new Analytics({ writeKey: 'key-two', host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, flushInterval: 10, ...more });

	it('delivers every kind of call in one batch', async () => {
		const analytics = client();
		const userId = 'u1';
		analytics.identify({ userId, traits: { email: 'customer-1@example.com' }, context: { timezone: 'Europe/Istanbul' } });
		analytics.track({ userId, event: 'Order Completed', properties: { total: 12.5 }, timestamp: new Date(Date.now() - 60_000) });
		analytics.page({ anonymousId: 'a1', name: 'Home' });
		analytics.screen({ userId, name: 'Cart' });
		analytics.group({ userId, groupId: 'g1', traits: { name: 'Acme' } });
		analytics.alias({ userId, previousId: 'a1' });
		await analytics.closeAndFlush();

		expect(statuses).toEqual([200]);
		expect(handedOver.map(({ event, change }) => event?.name ?? Object.keys(change ?? {}))).toEqual([['attributes', 'zone'], 'Order Completed', 'page', 'screen', 'group', []]);
		expect(handedOver.every(({ messageId }) => /^node-next-/.test(messageId ?? ''))).toBe(true);
		const age = Date.now() - handedOver[1]!.occurredAt.getTime();
		expect(age).toBeGreaterThanOrEqual(59_000);
		expect(age).toBeLessThan(75_000);
	});

	it('delivers one call at a time, and many', async () => {
		const analytics = client({ flushAt: 20 });
		analytics.track({ userId: 'u1', event: 'First' });
		await analytics.flush();
		expect(handedOver.map(({ event }) => event?.name)).toEqual(['First']);
		for (let i = 0; i < 100; i++) analytics.track({ userId: 'u1', event: `Event ${i}` });
		await analytics.closeAndFlush();
		expect(new Set(handedOver.map(({ event }) => event?.name)).size).toBe(101);
		expect(statuses).toHaveLength(6);
	});

	it('sends again what a store that was down did not take', async () => {
		storeIsDown = 1;
		const analytics = client();
		analytics.track({ userId: 'u1', event: 'Order Completed' });
		await analytics.closeAndFlush();
		expect(statuses).toEqual([503, 200]);
		expect(handedOver).toHaveLength(1);
	});

	it('learns of a wrong key', async () => {
		const analytics = client({ writeKey: 'key-three' });
		const error = new Promise<{ code: string }>((resolve) => analytics.on('error', resolve));
		analytics.track({ userId: 'u1', event: 'Order Completed' });
		expect((await error).code).toBe('delivery_failure');
		await analytics.closeAndFlush();
		expect(statuses).toEqual([401]);
		expect(handedOver).toEqual([]);
	});
});
