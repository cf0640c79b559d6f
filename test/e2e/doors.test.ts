import { Redis } from 'ioredis';

import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { eventState } from '../support/journeys';
import { freePort } from '../support/ports';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';
import { customers, type Watch } from '../support/watch';

jest.setTimeout(300_000);

const CLIENTS = 20;

describe.each(ARRANGEMENTS)('the busy doors of a started n8n (%s)', (kind) => {
	let postgres: PostgresServer;
	let redis: RedisServer | undefined;
	let client: Redis;
	let on: Arrangement;
	let n8n: Arrangement['n8n'];
	let watch: Watch;
	let port: number;
	let collector: (name: string, more?: { port: number; limits: object }) => object;
	let collectorId: string;
	let sent = 0;

	beforeAll(async () => {
		[postgres, redis] = [await startPostgres(), await startRedis({ keeps: true })];
		if (!redis) return;
		client = new Redis(redis.url, { maxRetriesPerRequest: null });
		client.on('error', () => undefined); // the kill below
		port = await freePort();
		on = await Arrangement.start(kind, { server: postgres.url, env: { JOURNEY_REDIS_URL: redis.url } });
		({ n8n, watch } = on);
		const key = await n8n.createCredential('Key', 'journeyWriteKey', { writeKey: 'key-one', secondWriteKey: 'key-two' });
		collector = (name, more) => ({
			name, connections: {}, settings: { saveDataSuccessExecution: 'none' },
			nodes: [{ ...journeyNode('Collector', 'journeyEventCollectorTrigger', { ownPort: true, port, path: name, ...more }, { credentials: { journeyWriteKey: { id: key, name: 'Key' } } }), typeVersion: 2 }],
		});
		collectorId = (await n8n.createWorkflow(collector('first'))).id;
		await n8n.activate(collectorId);
		const { id } = await n8n.createWorkflow({
			name: 'Journey', settings: { saveDataSuccessExecution: 'none' },
			nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), eventState('Wait', [{ event: 'click', output: 'clicked' }], [1, 'days']), baseNode('End', 'noOp', 1)],
			connections: wires('Entry > Wait', 'Wait > End'),
		});
		await n8n.activate(id);
		await watch.until('the steps listen', async () => (await watch.count('steps')) === 2);
		const second = await n8n.createWorkflow(collector('second'));
		await expect(n8n.activate(second.id)).rejects.toThrow(`Port: ${port} is taken on 127.0.0.1 by another process or another collector.`);
		await n8n.deactivate(second.id);
	});
	afterAll(async () => {
		client?.disconnect();
		await on?.stop();
		await redis?.stop();
		await postgres?.stop();
	});

	const track = async (event: string, user: string, messageId: string, at = `http://127.0.0.1:${port}`, key = 'key-one') => await fetch(`${at}/v1/track`, {
		method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }, body: JSON.stringify({ userId: user, event, messageId }),
	});
	const add = async (event: string, users: string[]) => await Promise.all(users.map(async (userId) => await client.xadd('journey:events', '*', 'message', JSON.stringify({ type: 'track', userId, event }))));

	/** Sends as fast as it is answered until nobody listens any more. @param acknowledged gets what is */
	async function untilRefused(acknowledged: string[]): Promise<void> {
		await Promise.all(Array.from({ length: CLIENTS }, async () => {
			for (;;) {
				const id = `load-${sent++}`;
				const answer = await track('seen', `u${sent % 50}`, id).catch(() => undefined);
				if (answer === undefined || answer.status === 503) return;
				expect(answer.status).toBe(200);
				acknowledged.push(id);
			}
		}));
	}
	const stored = async (ids: string[]) => (await watch.rows<{ n: number }>('SELECT count(*)::int AS n FROM events WHERE message_id = ANY($1)', [ids]))[0]!.n;

	it('people enter by the own port and by the webhook', async () => {
		if (!redis) return;
		expect((await track('cart', 'a1', 'm1')).status).toBe(200);
		expect((await track('cart', 'a2', 'm2', `${on.webhooks.url}/webhook/first`)).status).toBe(200);
		await watch.until('they wait', async () => (await watch.count("instances WHERE status = 'waiting'")) === 2);
	});

	it('unpublishing closes the port and loses nothing of what was acknowledged', async () => {
		if (!redis) return;
		const acknowledged: string[] = [];
		const sending = untilRefused(acknowledged);
		await watch.until('it is at work', async () => acknowledged.length > 10 * CLIENTS);
		await n8n.deactivate(collectorId);
		await sending;
		expect(await stored(acknowledged)).toBe(acknowledged.length);
		await n8n.activate(collectorId);
		expect((await track('seen', 'a1', 'again')).status).toBe(200);
	});

	it('SIGTERM too; and the port is open again when n8n is back', async () => {
		if (!redis) return;
		const acknowledged: string[] = [];
		const sending = untilRefused(acknowledged);
		await watch.until('it is at work', async () => acknowledged.length > 10 * CLIENTS);
		await n8n.stopMain();
		await sending;
		expect(await stored(acknowledged)).toBe(acknowledged.length);
		await n8n.start();
		await watch.until('it listens', async () => (await track('seen', 'a1', 'back').catch(() => undefined))?.status === 200);
	});

	it('people enter by the stream, once each; through a Postgres and a Redis that die and come back', async () => {
		if (!redis) return;
		await add('cart', customers(0, 50));
		await watch.until('they wait', async () => (await watch.count('instances')) === 52);

		await postgres.stopNow();
		await add('cart', customers(50, 150));
		expect((await track('seen', 'a1', 'while away')).status).toBe(503);
		await postgres.start();
		await watch.until('those of the outage, too', async () => (await watch.count('instances').catch(() => 0)) === 152);

		await redis.kill();
		expect((await track('cart', 'a3', 'm3')).status).toBe(200);
		await watch.until('Redis is not needed for anybody else', async () => (await watch.count("instances WHERE status = 'waiting'")) === 153);
		await redis.start();
		await add('cart', customers(150, 200));
		await watch.until('the stream is read again', async () => (await watch.count('instances')) === 203);
		expect(await watch.count("events WHERE name = 'cart'")).toBe(203);
		await watch.until('everything is acknowledged', async () => ((await client.xpending('journey:events', 'journey')) as unknown[])[0] === 0);
	});

	it('share a limit of requests, the one process with the other; without their Redis each process counts for itself', async () => {
		if (!redis) return;
		const most = 10;
		const other = await freePort();
		const { id } = await n8n.createWorkflow(collector('limited', { port: other, limits: { requestsPerMinute: most } }));
		await n8n.activate(id);
		const [ownPort, webhook] = [`http://127.0.0.1:${other}`, `${on.webhooks.url}/webhook/limited`];
		const answers = async (door: string, requests: number, key: string) => {
			const all: number[] = [];
			for (let at = 0; at < requests; at++) all.push((await track('seen', 'a1', `limited-${sent++}`, door, key)).status);
			return all;
		};
		const taken = (count: number) => Array<number>(count).fill(200);
		// A connection that nobody has used for a minute comes back with its first use.
		await watch.until('both processes count in Redis', async () => {
			await Promise.all([track('seen', 'a1', `limited-${sent++}`), track('seen', 'a1', `limited-${sent++}`, `${on.webhooks.url}/webhook/first`)]);
			return (await client.keys('journey:journey:rate:*')).length >= 2;
		});
		// A port opens its store with its first request.
		expect(await answers(ownPort, 1, 'key-two')).toEqual([200]);
		expect(await answers(ownPort, most / 2, 'key-one')).toEqual(taken(most / 2));
		expect(await answers(webhook, most / 2 + 1, 'key-one')).toEqual([...taken(most / 2), 429]);
		expect(await answers(ownPort, 1, 'key-one')).toEqual([429]);

		await redis.kill();
		const each = kind === 'queue' ? most : most / 2;
		expect(await answers(ownPort, each, 'key-two')).toEqual(taken(each));
		expect(await answers(webhook, each + 1, 'key-two')).toEqual([...taken(each), 429]);
		expect(await answers(ownPort, 1, 'key-two')).toEqual([429]);
	});
});
