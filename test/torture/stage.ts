import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Engine } from '../../lib/run/engine';
import { openStore } from '../../lib/run/openStore';
import { RedisLink } from '../../lib/run/redis/link';
import type { Child } from '../support/child';
import { Link } from '../support/link';
import { N8n } from '../support/n8n';
import { freePort } from '../support/ports';
import { freshDatabase, startPostgres, type PostgresServer } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { Watch } from '../support/watch';
import { collector, journey, journeyInTurn } from './canvas';
import type { Arrangement } from './schedule';
import { Stream } from './stream';

export const WRITE_KEY = 'key';

/** Answers at once, or, while it is slow, when that is over. */
export interface LookUp {
	url: string;
	slowUntil: number;
	stop(): void;
}

/** Every process of one arrangement, with the journeys published. It lives through many seeds. */
export interface Stage {
	arrangement: Arrangement;
	postgres: PostgresServer;
	/** the way that n8n's processes take to it */
	link: Link;
	n8n: N8n;
	workers: Child[];
	/** where production webhooks answer: in queue mode a process of its own */
	webhooks: { process?: Child; url: string };
	/** where the collector listens itself */
	port: number;
	/** Single: the pack's alone, and it keeps what it took. Queue: n8n's queue is in it as well, and it loses what it has. */
	redis: RedisServer;
	stream: Stream;
	smtp: SmtpSink;
	lookUp: LookUp;
	watch: Watch;
	/** Another process on the same store: it may sweep while n8n is frozen, and says by Redis what it has taken in. */
	rival: Engine;
	republish(): Promise<void>;
	startWorker(): Promise<void>;
	startWebhooks(): Promise<void>;
	stop(): Promise<void>;
}

/** n8n's queue must find its own dead as quickly as the play goes on. These are n8n's settings, not ours. */
const QUICK_QUEUE = { QUEUE_WORKER_LOCK_DURATION: '8000', QUEUE_WORKER_LOCK_RENEW_TIME: '2000', QUEUE_WORKER_STALLED_INTERVAL: '4000' };
const WORKERS = 2;

/** @returns undefined when Redis is not installed */
export async function setStage(arrangement: Arrangement): Promise<Stage | undefined> {
	const inQueue = arrangement === 'queue';
	const redis = await startRedis({ keeps: !inQueue });
	if (!redis) return undefined;
	const postgres = await startPostgres();
	const link = await Link.to(postgres.url);
	const smtp = await startSmtp({ reject: (address) => address.startsWith('bounces'), takes: 25 });
	const lookUp = await startLookUp();
	const n8n = await N8n.start({
		pack: 'link',
		// On a server of its own, which nobody crashes: what n8n does without its own database is not ours to mend.
		...(inQueue ? { database: { postgres: (await freshDatabase()).url }, queue: { redisPort: redis.port } } : { database: 'sqlite' }),
		env: { JOURNEY_STORE_URL: link.url, JOURNEY_REDIS_URL: redis.url, ...(inQueue ? { ...QUICK_QUEUE, N8N_DISABLE_PRODUCTION_MAIN_PROCESS: 'true' } : {}) },
	});
	const watch = new Watch(await openStore({ url: postgres.url, schema: 'journey' }), () => n8n.logs());
	const quiet = () => undefined;
	const silent = { info: quiet, warn: quiet, error: quiet };
	const hints = await RedisLink.open({ url: redis.url, group: 'journey' }, 'journey:journey', silent);
	const stream = new Stream(redis.url);
	const port = await freePort();
	const credentials = {
		smtp: await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true }),
		lookUp: lookUp.url,
	};
	let version = 0;
	const { id } = await n8n.createWorkflow(journey(version, credentials));
	const inTurn = await n8n.createWorkflow(journeyInTurn(version));
	const writeKey = await n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: WRITE_KEY });
	const door = await n8n.createWorkflow(collector(version, { writeKey, port }));
	const workers: Child[] = [];
	const stage: Stage = {
		arrangement, postgres, link, n8n, workers, webhooks: { url: n8n.url }, port, redis, stream, smtp, lookUp, watch,
		rival: new Engine(watch.store, silent, false, {}, hints),
		republish: async () => {
			await n8n.publish(id, journey(++version, credentials));
			await n8n.publish(inTurn.id, journeyInTurn(version));
			await n8n.publish(door.id, collector(version, { writeKey, port }));
		},
		startWorker: async () => void workers.push(await n8n.worker()),
		startWebhooks: async () => void (stage.webhooks = await n8n.webhookProcess()),
		stop: async () => {
			await Promise.all([...workers, stage.webhooks.process].map(async (one) => await one?.finish('SIGKILL')));
			await n8n.kill().catch(quiet);
			stream.stop();
			await stage.rival.close();
			await Promise.all([smtp.stop(), redis.stop(), postgres.stop(), link.close()]);
			lookUp.stop();
		},
	};
	for (let at = 0; inQueue && at < WORKERS; at++) await stage.startWorker();
	if (inQueue) await stage.startWebhooks();
	await n8n.activate(id);
	await n8n.activate(inTurn.id);
	await n8n.activate(door.id);
	await watch.until('registered', async () => (await watch.count('steps')) >= 8);
	return stage;
}

async function startLookUp(): Promise<LookUp> {
	const lookUp: LookUp = { url: '', slowUntil: 0, stop: () => server.close() };
	const server = createServer((_request, response) => {
		void sleep(Math.max(0, lookUp.slowUntil - Date.now())).then(() => response.setHeader('content-type', 'application/json').end('{"known":true}'));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	server.unref();
	lookUp.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	return lookUp;
}
