import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { sendEmail, smtpCredential } from '../support/emails';
import { eventState } from '../support/journeys';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { customers, type Watch } from '../support/watch';

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
		sendEmail('Send Email', smtp, '=Hello {{ $json.words }} {{ $json.idempotencyKey }}'),
		eventState('Wait', [{ event: 'click', output: 'clicked' }], [3, 'seconds']),
		baseNode('End', 'noOp', 1),
		journeyNode('Goal', 'journeyConversionGoal', { event: 'order', options: { value: 'revenue' } }),
	],
	connections: wires('Entry > Check', 'Check:0 > Words', 'Check:1 > Wait', 'Words > Send Email', 'Send Email > Wait', 'Wait:0 > End', 'Wait:1 > End'),
});

describe.each(ARRANGEMENTS)('messages through n8n’s own Send Email (%s)', (kind) => {
	let on: Arrangement;
	let watch: Watch;
	let smtp: SmtpSink;

	beforeAll(async () => {
		smtp = await startSmtp({ reject: (to) => to === address(7) });
		on = await Arrangement.start(kind);
		({ watch } = on);
		await on.publish(journey(await smtpCredential(on.n8n, smtp)));
		await watch.happen(...Array.from({ length: PEOPLE + 2 }, (_, at) => ({
			who: `u${at}`, email: address(at),
			change: { attributes: { email: address(at), ...(at === 500 ? {} : { first_name: `F${at}` }) }, ...(at !== 501 && { consent: { email: 'granted' as const } }) },
		})));
	});
	afterAll(async () => {
		await on?.stop();
		await smtp?.stop();
	});

	it('sends once to everybody; one bad address fails alone; clicks and orders are seen', async () => {
		await watch.send('cart', customers(0, PEOPLE + 2), { total: 12 });
		// The last ones wait for their batch: an order takes them out of it.
		await watch.send('order', customers(PEOPLE, PEOPLE + 2), { revenue: 99.5 });
		await watch.send('click', customers(0, 5));
		await watch.until('done', async () => (await watch.count('finished')) === PEOPLE + 2);
		expect(await watch.tally('status', 'deliveries')).toEqual({ failed: 1, sent: 499 });
		expect(new Set(smtp.mails.flatMap((mail) => mail.to)).size).toBe(499);
		expect(smtp.mails).toHaveLength(499);
		expect(await watch.count('conversions WHERE value = 99.5 AND first')).toBe(2);
		expect(await watch.tally('reason', 'finished')).toEqual({ completed: 500, converted: 2 });
	});

	it('sends nothing twice through kill -9 in mid-send; what was cut is listed as unknown', async () => {
		await watch.rows("UPDATE enrolments SET last_entry = last_entry - interval '9 days'");
		const before = smtp.mails.length;
		await watch.send('cart', customers(0, PEOPLE), { total: 12 });
		await watch.until('half sent', async () => smtp.mails.length > before + 150);
		await on.killExecuting();
		await on.startExecuting();
		await watch.until('done', async () => (await watch.count('instances')) === 0 && (await watch.count('finished')) === 2 * PEOPLE + 2, 150);
		const perPerson = Map.groupBy(smtp.mails.slice(before), ({ to }) => to.join());
		expect([...perPerson].filter(([, mails]) => mails.length > 1)).toEqual([]);
		const counts = await watch.tally('status', 'deliveries');
		console.info('after the kill:', counts, 'mails', smtp.mails.length - before);
		expect(counts.claimed).toBeUndefined();
		expect(counts.unknown).toBeGreaterThan(0);
		// Two batches of the step, and one that came straight from the entry.
		expect(counts.unknown).toBeLessThanOrEqual(300);
	});
});
