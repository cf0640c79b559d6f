import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openStore } from '../../lib/run/engine';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { Child } from '../support/child';
import { eventState } from '../support/journeys';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { addressOf, customers, Watch } from '../support/watch';

jest.setTimeout(400_000);

/** @param event that lets people in @param store credential; undefined: the embedded store */
const journey = (name: string, event: string, smtp: string, store?: string) => {
	const credentials = store === undefined ? {} : { credentials: { journeyStore: { id: store, name: 'Shop Postgres' } } };
	return {
		name,
		settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
		nodes: [
			journeyNode('Entry', 'journeyEntryTrigger', { event }, credentials),
			journeyNode('Check', 'journeyAction', { operation: 'check' }, credentials),
			baseNode('Send Email', 'emailSend', 2.1, {
				fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject: 'Your cart', emailFormat: 'text', text: 'Still there',
				options: { appendAttribution: false },
			}, { onError: 'continueRegularOutput', credentials: { smtp: { id: smtp, name: 'SMTP' } } }),
			{ ...eventState('Wait', [{ event: 'click', output: 'clicked' }], [1, 'seconds']), ...credentials },
			baseNode('End', 'noOp', 1),
		],
		connections: wires('Entry > Check', 'Check:0 > Send Email', 'Check:1 > Wait', 'Send Email > Wait', 'Wait:0 > End', 'Wait:1 > End'),
	};
};

describe('n8n in queue mode: one main, one worker', () => {
	let redis: RedisServer | undefined;
	let n8n: N8n;
	let worker: Child;
	let watch: Watch;
	let smtp: SmtpSink;
	let smtpId: string;
	let storeId: string;

	const mailsTo = () => smtp.mails.flatMap(({ to }) => to).sort();
	const addresses = (from: number, to: number) => customers(from, to).map(addressOf).sort();

	beforeAll(async () => {
		redis = await startRedis();
		if (redis === undefined) return;
		const [own, journeys] = [await freshDatabase(), await freshDatabase()];
		smtp = await startSmtp({ takes: 20 });
		n8n = await N8n.start({ database: { postgres: own.url }, queue: { redisPort: redis.port }, pack: 'link' });
		watch = new Watch(await openStore({ url: journeys.url, schema: 'journey' }), () => n8n.logs() + worker.logs().slice(-2000));
		smtpId = await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true });
		const { hostname: host, port, username: user, password, pathname } = new URL(journeys.url);
		storeId = await n8n.createCredential('Shop Postgres', 'journeyStore', { host, port: Number(port), database: pathname.slice(1), user, password, schema: 'journey', ssl: 'disable' });
		// Imported and published as a deploy script does it.
		const file = join(n8n.userFolder, 'journey.json');
		writeFileSync(file, JSON.stringify({ id: 'journeyInQueue01', active: false, ...journey('In a queue', 'cart', smtpId, storeId) }));
		expect(await n8n.cli('import:workflow', `--input=${file}`)).toContain('Successfully imported 1 workflow');
		await n8n.cli('publish:workflow', '--id=journeyInQueue01');
		worker = await n8n.worker();
		await n8n.untilPublished('journeyInQueue01');
		await watch.until('registered', async () => (await watch.count('steps')) === 3);
		await watch.introduce(customers(0, 400));
	});
	afterAll(async () => {
		await n8n?.stop();
		await redis?.stop();
		await smtp?.stop();
		await watch?.store.close();
	});

	it('runs a journey in the worker, which settles what it sent; the embedded store is refused, with what to do', async () => {
		if (redis === undefined) return;
		// n8n tries for a quarter of a minute.
		const refused = n8n.createWorkflow(journey('Embedded', 'never', smtpId)).then(async ({ id }) => await n8n.activate(id)).then(() => 'published', String);
		await watch.send('cart', customers(0, 200));
		await watch.send('click', customers(0, 50));
		await watch.until('all are through', async () => (await watch.count('finished')) === 200);
		expect(await watch.tally('status', 'deliveries')).toEqual({ sent: 200 });
		expect(mailsTo()).toEqual(addresses(0, 200));
		expect(await watch.tally('reason', "journal WHERE kind = 'woken'")).toEqual({ event: 50, time: 150 });
		expect(worker.logs()).toMatch(/Worker finished execution \d+/);
		expect(await refused).toMatch(/Entry: the embedded store belongs to one process and n8n runs in queue mode\. Select a Journey Store credential/);
	});

	it('resumes within a lease what a killed worker had started and an emptied Redis has lost', async () => {
		if (redis === undefined) return;
		await watch.send('cart', customers(200, 300));
		await watch.until('some are sent', async () => smtp.mails.length > 230);
		await worker.finish('SIGKILL');
		const mailsAtKill = smtp.mails.length;
		// These have no worker to go to: their execution waits in Redis.
		const enqueued = () => n8n.logs().split('Enqueued execution').length;
		const before = enqueued();
		await watch.send('cart', customers(300, 400));
		await watch.until('they wait in the queue', async () => enqueued() > before);
		await redis.kill();
		await redis.start();
		worker = await n8n.worker();
		await watch.until('all are through', async () => (await watch.count('finished')) === 400, 150);
		expect(mailsTo()).toEqual([...addresses(0, 200), ...smtp.mails.slice(200, mailsAtKill).flatMap(({ to }) => to), ...addresses(300, 400)].sort());
		expect(await watch.tally('status', 'deliveries')).toEqual({ sent: 300, unknown: 100 });
		expect(await watch.count('claims')).toBe(0);
	});
});
