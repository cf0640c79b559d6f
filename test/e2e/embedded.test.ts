import { Analytics } from '@segment/analytics-node';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { openStore } from '../../lib/run/openStore';
import { openThroughOwner } from '../../lib/store/embedded';
import type { Store } from '../../lib/store/types';
import { assign, baseNode, collector, journeyNode, wires } from '../support/canvas';
import { temporaryFolder } from '../support/guard';
import { eventState } from '../support/journeys';
import { N8n } from '../support/n8n';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { addressOf, customers, Watch } from '../support/watch';

jest.setTimeout(300_000);

const PEOPLE = 400;

const journey = (smtp: string) => ({
	name: 'Shop',
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'Cart Updated' }),
		baseNode('Set', 'set', 3.4, assign({ words: '={{ $json.profile.email }}' })),
		eventState('Wait', [{ event: 'Order Completed', output: 'ordered' }], [3, 'seconds']),
		journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional', options: { limit: 20 } }),
		baseNode('Send Email', 'emailSend', 2.1, {
			fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject: "={{ $json.event.name === 'Order Completed' ? 'Thank you' : 'Your cart' }}",
			emailFormat: 'text', text: 'Hello', options: { appendAttribution: false },
		}, { onError: 'continueRegularOutput', credentials: { smtp: { id: smtp, name: 'SMTP' } } }),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > Set', 'Set > Wait', 'Wait:0 > Check', 'Wait:1 > Check', 'Check:0 > Send Email', 'Check:1 > End', 'Send Email > End'),
});

/* In one process: queue mode refuses this store, which queue.test.ts sees. */
describe('the embedded store in a started n8n, events through a Segment library', () => {
	const userFolder = temporaryFolder('journey-n8n');
	const folder = join(userFolder, '.n8n', 'journey');
	let n8n: N8n;
	let smtp: SmtpSink;
	let mine: Store | undefined;

	/** Does something with the store while no n8n has it. */
	const alone = async <T>(work: (watch: Watch) => Promise<T>): Promise<T> => {
		mine = await openStore({ folder, schema: 'journey' });
		try {
			return await work(new Watch(mine, () => n8n.logs()));
		} finally {
			await mine.close();
			mine = undefined;
		}
	};
	const client = () => new Analytics({ writeKey: 'key', host: n8n.url, path: '/webhook/journey/v1/batch', flushAt: 100, flushInterval: 20, maxRetries: 20 });
	const mailed = () => new Set(smtp.mails.flatMap(({ to }) => to));
	const until = async (what: string, check: () => boolean) => {
		const end = Date.now() + 90_000;
		while (!check()) {
			if (Date.now() > end) throw new Error(`Still not: ${what}; mails: ${smtp.mails.length}\n${n8n.logs().slice(-4000)}`);
			await sleep(50);
		}
	};

	beforeAll(async () => {
		smtp = await startSmtp({ takes: 5 });
		mine = await openStore({ folder, schema: 'journey' });
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', userFolder });
	});
	afterAll(async () => {
		await n8n?.stop();
		await mine?.close();
		await smtp?.stop();
	});

	it('is refused by name while another process has the folder, and used when that one lets go', async () => {
		const smtpId = await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true });
		const { id } = await n8n.createWorkflow(journey(smtpId));
		await n8n.activate(id);
		const key = await n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: 'key' });
		await n8n.activate((await n8n.createWorkflow(collector(key))).id);
		const words = `Journey Store: another n8n process already uses the embedded store in ${folder}. Stop it, or give both a Journey Store credential for one Postgres.`;
		await until('refused', () => n8n.logs().includes(`Entry: ${words}`));
		await mine!.close();
		mine = undefined;

		// The library tries again by itself until the store is there.
		const segment = client();
		for (const user of customers(0, PEOPLE / 2)) {
			segment.identify({ userId: user, traits: { email: addressOf(user) } });
			segment.track({ userId: user, event: 'Cart Updated' });
			if (Number(user.slice(1)) % 2 === 0) segment.track({ userId: user, event: 'Order Completed' });
		}
		await segment.closeAndFlush();
		await until('everybody has a mail', () => mailed().size === PEOPLE / 2);
		expect(smtp.mails).toHaveLength(PEOPLE / 2);
		expect(smtp.mails.filter(({ subject }) => subject === 'Thank you')).toHaveLength(PEOPLE / 4);
		await expect(openStore({ folder, schema: 'journey' })).rejects.toThrow(words);
	});

	it('loses nothing through kill -9 in the middle', async () => {
		const segment = client();
		for (const user of customers(PEOPLE / 2, PEOPLE)) {
			segment.identify({ userId: user, traits: { email: addressOf(user) } });
			segment.track({ userId: user, event: 'Cart Updated' });
		}
		await segment.closeAndFlush();
		await until('some have their mail', () => mailed().size > PEOPLE / 2 + 30);
		await n8n.kill();
		const cut = await alone(async (watch) => {
			return await watch.rows<{ email: string }>("SELECT p.email FROM deliveries d JOIN profiles p ON p.id = d.profile_id WHERE d.status = 'claimed'");
		});
		const unsent = cut.filter(({ email }) => !mailed().has(email));
		await n8n.start();
		await until('everybody else has a mail', () => mailed().size === PEOPLE - unsent.length);
		const through = await openThroughOwner({ folder, schema: 'journey' });
		const inside = async () => (await through.tx(async (db) => await db.rows('SELECT FROM instances'))).length;
		while ((await inside()) > 0) await sleep(200);
		await through.close();
		await n8n.stop();

		expect(smtp.mails).toHaveLength(mailed().size);
		await alone(async (watch) => {
			expect(await watch.tally('reason', 'finished')).toEqual({ completed: PEOPLE });
			expect(await watch.tally('status', 'deliveries')).toEqual({ sent: PEOPLE - cut.length, unknown: cut.length });
			expect(await watch.count("journal WHERE kind = 'entered'")).toBe(PEOPLE);
			expect(await watch.count("journal WHERE kind = 'parked'")).toBe(PEOPLE);
			expect([await watch.count('instances'), await watch.count('claims'), await watch.count('rejected')]).toEqual([0, 0, 0]);
			// 400 people: who they are, what they did, and the orders of half of the first half.
			expect(await watch.tally('name', 'events')).toEqual({ 'Cart Updated': PEOPLE, 'Order Completed': PEOPLE / 4 });
		});
		console.info(`cut by the kill: ${cut.length}, of which sent: ${cut.length - unsent.length}`);
		expect(cut.length).toBeGreaterThan(0);
	});
});
