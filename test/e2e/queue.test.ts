import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { Child } from '../support/child';
import { sendEmail, smtpCredential } from '../support/emails';
import { eventState } from '../support/journeys';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { addressOf, customers, type Watch } from '../support/watch';

jest.setTimeout(400_000);

const quiet = { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' };
const storedIn = (store?: string) => (store === undefined ? {} : { credentials: { journeyStore: { id: store, name: 'Shop Postgres' } } });

/** @param event that lets people in @param store credential; undefined: the embedded store */
const journey = (name: string, event: string, smtp: string, store?: string) => ({
	name,
	settings: quiet,
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event }, storedIn(store)),
		journeyNode('Check', 'journeyAction', { operation: 'check' }, storedIn(store)),
		sendEmail('Send Email', smtp, 'Still there'),
		{ ...eventState('Wait', [{ event: 'click', output: 'clicked' }], [1, 'seconds']), ...storedIn(store) },
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > Check', 'Check:0 > Send Email', 'Check:1 > Wait', 'Send Email > Wait', 'Wait:0 > End', 'Wait:1 > End'),
});

const queued = ARRANGEMENTS.includes('queue') ? describe : describe.skip;

queued('n8n in queue mode: one main, two workers, one process for webhooks', () => {
	let on: Arrangement;
	let watch: Watch;
	let smtp: SmtpSink;
	let smtpId: string;
	let storeId: string;

	const mailsTo = () => smtp.mails.flatMap(({ to }) => to).sort();
	const addresses = (from: number, to: number) => customers(from, to).map(addressOf).sort();
	const finished = async (count: number, seconds?: number) => await watch.until('all are through', async () => (await watch.count('finished')) === count, seconds);
	/** The worker that has started an execution which holds people, and is not through with it. */
	const atWork = async (): Promise<Child> => {
		const claims = await watch.rows<{ execution: string }>("SELECT split_part(execution, ' ', 1) AS execution FROM claims WHERE execution IS NOT NULL");
		const worker = on.workers.find((one) => claims.some(({ execution }) => new RegExp(`Worker started execution ${execution} `).test(one.logs())));
		if (worker === undefined) throw new Error(`No worker says that it started any of ${JSON.stringify(claims)}.`);
		return worker;
	};

	beforeAll(async () => {
		smtp = await startSmtp({ takes: 20 });
		on = await Arrangement.start('queue', { defaultStore: false });
		({ watch } = on);
		smtpId = await smtpCredential(on.n8n, smtp);
		const { hostname: host, port, username: user, password, pathname } = new URL(on.storeUrl);
		storeId = await on.n8n.createCredential('Shop Postgres', 'journeyStore', { host, port: Number(port), database: pathname.slice(1), user, password, schema: 'journey', ssl: 'disable' });
		// Imported and published as a deploy script does it.
		const shop = journey('In a queue', 'cart', smtpId, storeId);
		const file = join(on.n8n.userFolder, 'journey.json');
		writeFileSync(file, JSON.stringify({ id: 'journeyInQueue01', active: false, ...shop }));
		expect(await on.n8n.cli('import:workflow', `--input=${file}`)).toContain('Successfully imported 1 workflow');
		await on.n8n.cli('publish:workflow', '--id=journeyInQueue01');
		await on.n8n.untilPublished('journeyInQueue01');
		await on.registered('journeyInQueue01', shop);
		await watch.introduce(customers(0, 600));
	});
	afterAll(async () => {
		await on?.stop();
		await smtp?.stop();
	});

	it('runs a journey in the workers, which settle what they sent; the embedded store is refused, with what to do', async () => {
		// n8n tries for a quarter of a minute.
		const refused = on.n8n.createWorkflow(journey('Embedded', 'never', smtpId)).then(async ({ id }) => await on.n8n.activate(id)).then(() => 'published', String);
		await watch.send('cart', customers(0, 200));
		await watch.send('click', customers(0, 50));
		await finished(200);
		expect(await watch.tally('status', 'deliveries')).toEqual({ sent: 200 });
		expect(mailsTo()).toEqual(addresses(0, 200));
		expect(await watch.tally('reason', "journal WHERE kind = 'woken'")).toEqual({ event: 50, time: 150 });
		expect(on.workers.map((worker) => worker.logs()).join('')).toMatch(/Worker finished execution \d+/);
		expect(on.n8n.logs()).not.toContain('Worker finished execution');
		expect(await refused).toMatch(/Entry: the embedded store belongs to one process and n8n runs in queue mode\. Select a Journey Store credential/);
	});

	it('takes events in through the process for webhooks, also while the main is down; they enter when it is back', async () => {
		const writeKey = 'a key for the queue';
		const keys = await on.n8n.createCredential('Keys', 'journeyWriteKey', { writeKey });
		const { id } = await on.n8n.createWorkflow({
			name: 'Door', settings: quiet, connections: {},
			nodes: [journeyNode('Collector', 'journeyEventCollectorTrigger', {}, {
				typeVersion: 2, webhookId: 'door', credentials: { ...storedIn(storeId).credentials, journeyWriteKey: { id: keys, name: 'Keys' } },
			})],
		});
		await on.n8n.activate(id);
		const track = async (url: string, users: string[]) => {
			const batch = users.map((userId) => ({ type: 'track', userId, event: 'cart', messageId: `queue-${userId}` }));
			const response = await fetch(`${url}/webhook/journey/v1/batch`, {
				method: 'POST', headers: { 'content-type': 'application/json', authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` }, body: JSON.stringify({ batch }),
			});
			return `${response.status} ${await response.text()}`;
		};
		const url = on.webhooks.url;
		expect(await track(on.n8n.url, customers(200, 210))).toMatch(/^404/);
		expect(await track(url, customers(200, 210))).toBe('200 {"rejected":[]}');
		await finished(210);

		await on.n8n.stopMain();
		expect(await track(url, customers(210, 220))).toBe('200 {"rejected":[]}');
		expect(await track(url, customers(210, 220))).toBe('200 {"rejected":[]}');
		expect([await watch.count('candidates'), await watch.count('finished')]).toEqual([10, 210]);
		await on.n8n.start();
		await finished(220);
		expect(mailsTo()).toEqual(addresses(0, 220));
	});

	it('loses nothing to kill -9 of a worker in the middle of a batch: the other goes on, and takes over within a lease', async () => {
		await watch.send('cart', customers(220, 320));
		await watch.until('some are sent', async () => smtp.mails.length > 250);
		const killed = await atWork();
		await killed.finish('SIGKILL');
		on.workers.splice(on.workers.indexOf(killed), 1);
		// What had come in whole is still being read.
		await sleep(500);
		const mailsAtKill = smtp.mails.length;
		await watch.send('cart', customers(320, 370));
		await finished(270, 45);
		expect(await watch.count('claims')).toBe(1);
		await finished(370, 120);
		expect(mailsTo()).toEqual([...addresses(0, 220), ...smtp.mails.slice(220, mailsAtKill).flatMap(({ to }) => to), ...addresses(320, 370)].sort());
		expect(new Set(mailsTo()).size).toBe(smtp.mails.length);
		expect(await watch.tally('status', 'deliveries')).toEqual({ sent: 270, unknown: 100 });
		expect(await watch.count('claims')).toBe(0);
	});

	it('runs once what waited in the queue of a Redis that came back empty, when there were no workers', async () => {
		await on.killExecuting();
		const enqueued = () => on.n8n.logs().split('Enqueued execution').length;
		const before = enqueued();
		await watch.send('cart', customers(400, 500));
		await watch.until('they wait in the queue', async () => enqueued() > before);
		await on.redis!.kill();
		await on.redis!.start();
		await on.startExecuting();
		await finished(470, 150);
		expect(smtp.mails.slice(-100).flatMap(({ to }) => to).sort()).toEqual(addresses(400, 500));
		expect(await watch.tally('status', 'deliveries')).toEqual({ sent: 370, unknown: 100 });
		expect(await watch.count('claims')).toBe(0);
	});
});
