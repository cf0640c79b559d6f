import type { IntakeEntry } from '../../lib/core/types';
import { openStore } from '../../lib/run/engine';
import { takeIn } from '../../lib/run/intake';
import type { Store } from '../../lib/store/types';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { startSmtp } from '../support/smtp';

jest.setTimeout(300_000);

const PEOPLE = 500;
const address = (at: number) => `customer-${at}@example.com`;

const journey = (smtp: string) => ({
	name: 'Mail',
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', values: { value: [{ name: 'total', path: 'total' }] } }),
		journeyNode('Check', 'journeyAction', { operation: 'check', channel: 'email', required: 'first_name' }),
		baseNode('Words', 'set', 3.4, assign({ words: '={{ $json.profile.attributes.first_name }}' })),
		baseNode('Send Email', 'emailSend', 2.1, {
			fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject: 'Your cart', emailFormat: 'text',
			text: '=Hello {{ $json.words }} {{ $json.idempotencyKey }}', options: { appendAttribution: false },
		}, { onError: 'continueRegularOutput', credentials: { smtp: { id: smtp, name: 'SMTP' } } }),
		journeyNode('Wait', 'journeyState', {
			waitFor: 'events', events: { branch: [{ event: 'click', output: 'clicked' }] }, limitUntil: 'delay', limitDelayAmount: 3, limitDelayUnit: 'seconds',
		}),
		baseNode('End', 'noOp', 1),
		journeyNode('Goal', 'journeyConversionGoal', { event: 'order', options: { value: 'revenue' } }),
	],
	connections: wires('Entry > Check', 'Check:0 > Words', 'Check:1 > Wait', 'Words > Send Email', 'Send Email > Wait', 'Wait:0 > End', 'Wait:1 > End'),
});

describe('messages through n8n’s own Send Email', () => {
	let n8n: N8n;
	let store: Store;
	let smtp: Awaited<ReturnType<typeof startSmtp>>;

	const send = async (name: string, from: number, to: number, properties: object = {}) => {
		await takeIn(store, 'test', Array.from({ length: to - from }, (_, at): IntakeEntry => ({
			index: at, identities: [{ kind: 'user_id', value: `u${from + at}` }], event: { name, properties: properties as never }, occurredAt: new Date(),
		})));
	};
	const rows = async (sql: string) => await store.tx(async (db) => await db.rows<Record<string, unknown>>(sql));
	const until = async (what: string, check: () => Promise<boolean>) => {
		const end = Date.now() + 120_000;
		while (!(await check())) {
			if (Date.now() > end) {
				throw new Error(`Still not: ${what}\n${JSON.stringify([
					await rows('SELECT status, wake, error, attempts, s.name, count(*) FROM instances i JOIN steps s ON s.id = i.step_id GROUP BY 1,2,3,4,5'),
					await rows('SELECT status, error, count(*) FROM deliveries GROUP BY 1, 2'), await rows('SELECT reason, count(*) FROM finished GROUP BY 1'),
				], null, 1)}\n${n8n.logs().slice(-4000)}`);
			}
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	};

	beforeAll(async () => {
		const { url } = await freshDatabase();
		store = await openStore({ url, schema: 'journey' });
		smtp = await startSmtp({ reject: (to) => to === address(7) });
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: url } });
		const credential = await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true });
		const { id } = await n8n.createWorkflow(journey(credential));
		await n8n.activate(id);
		await until('registered', async () => (await rows('SELECT 1 FROM steps')).length === 4);
		await takeIn(store, 'test', Array.from({ length: PEOPLE + 2 }, (_, at): IntakeEntry => ({
			index: at, identities: [{ kind: 'user_id', value: `u${at}` }, { kind: 'email', value: address(at) }], occurredAt: new Date(),
			change: { attributes: { email: address(at), ...(at === 500 ? {} : { first_name: `F${at}` }) }, consent: at === 501 ? {} : { email: 'granted' } },
		})));
	});
	afterAll(async () => {
		await n8n?.stop();
		await smtp?.stop();
		await store?.close();
	});

	it('sends once to everybody; one bad address fails alone; clicks and orders are seen', async () => {
		await send('cart', 0, PEOPLE + 2, { total: 12 });
		// The last ones wait for their batch: an order takes them out of it.
		await send('order', PEOPLE, PEOPLE + 2, { revenue: 99.5 });
		await send('click', 0, 5);
		await until('settled', async () => (await rows("SELECT 1 FROM deliveries WHERE status <> 'claimed'")).length === PEOPLE);
		await until('done', async () => (await rows('SELECT 1 FROM finished')).length === PEOPLE + 2);
		expect(await rows('SELECT status, count(*)::int AS n FROM deliveries GROUP BY 1 ORDER BY 1')).toEqual([{ status: 'failed', n: 1 }, { status: 'sent', n: 499 }]);
		expect(new Set(smtp.mails.flatMap((mail) => mail.to)).size).toBe(499);
		expect(smtp.mails).toHaveLength(499);
		expect((await rows('SELECT value, first FROM conversions')).filter((one) => one.value === 99.5 && one.first)).toHaveLength(2);
		expect(await rows("SELECT reason, count(*)::int AS n FROM finished GROUP BY 1 ORDER BY 1")).toEqual([{ reason: 'completed', n: 500 }, { reason: 'converted', n: 2 }]);
	});

	it('sends nothing twice through kill -9 in mid-send; what was cut is listed as unknown', async () => {
		await rows("UPDATE enrolments SET last_entry = last_entry - interval '9 days'");
		const before = smtp.mails.length;
		await send('cart', 0, PEOPLE, { total: 12 });
		await until('half sent', async () => smtp.mails.length > before + 150);
		await n8n.kill();
		await n8n.start();
		await until('done', async () => (await rows('SELECT 1 FROM instances')).length === 0 && (await rows('SELECT 1 FROM finished')).length === 2 * PEOPLE + 2);
		const perPerson = new Map<string, number>();
		for (const mail of smtp.mails.slice(before)) for (const to of mail.to) perPerson.set(to, (perPerson.get(to) ?? 0) + 1);
		expect([...perPerson.values()].filter((times) => times > 1)).toEqual([]);
		const counts = Object.fromEntries((await rows("SELECT status, count(*)::int AS n FROM deliveries GROUP BY 1")).map((one) => [one.status as string, one.n as number]));
		console.info('after the kill:', counts, 'mails', smtp.mails.length - before);
		expect(counts.claimed).toBeUndefined();
		expect(counts.unknown).toBeGreaterThan(0);
		// Two batches of the step, and one that came straight from the entry.
		expect(counts.unknown).toBeLessThanOrEqual(300);
	});
});
