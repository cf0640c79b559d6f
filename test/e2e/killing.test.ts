import { setTimeout as sleep } from 'node:timers/promises';

import { listUnknown } from '../../lib/store/unknown';
import { Arrangement, ARRANGEMENTS, type Kind } from '../support/arrangement';
import { assign, baseNode, ifNumber, journeyNode, wires } from '../support/canvas';
import { sendEmail, smtpCredential } from '../support/emails';
import { delayState, eventState } from '../support/journeys';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { addressOf, customers, type Watch } from '../support/watch';

jest.setTimeout(900_000);

/** In the queue they meet the main and the workers by turns; each that meets workers takes a minute to get over. */
const KILLS: Record<Kind, number> = { single: 10, queue: 4 };
const AT_FIRST = 1_000;
const MORE_EACH_TIME = 50;
const PER_BATCH = 20;
const SEED = 20_260_302;

/** The same "random" moments in every run: a linear congruential generator. @returns numbers from 0 to 1 */
function random(seed: number): () => number {
	return () => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

const journey = (smtp: string) => ({
	name: 'Winding way',
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
		baseNode('Set', 'set', 3.4, assign({ words: 'your cart' })),
		delayState('Pause', 2, 'seconds'),
		ifNumber('Even', '={{ $json.profile.id % 2 }}', 'equals', 0),
		delayState('Pause again', 2, 'seconds'),
		eventState('Click', [{ event: 'click', output: 'clicked' }], [2, 'seconds']),
		journeyNode('Check', 'journeyAction', { operation: 'check', options: { limit: PER_BATCH } }),
		sendEmail('Send Email', smtp, '={{ $json.idempotencyKey }}'),
		baseNode('End', 'noOp', 1),
	],
	connections: wires(
		'Entry > Set', 'Set > Pause', 'Pause:0 > Even', 'Even:0 > Pause again', 'Even:1 > Click', 'Pause again:0 > Check', 'Click:0 > Check', 'Click:1 > Check',
		'Check:0 > Send Email', 'Check:1 > End', 'Send Email > End',
	),
});

describe.each(ARRANGEMENTS)('kill -9 of n8n at random moments (%s)', (kind) => {
	let on: Arrangement;
	let watch: Watch;
	let smtp: SmtpSink;
	const people = customers(0, AT_FIRST + KILLS[kind] * MORE_EACH_TIME);

	beforeAll(async () => {
		smtp = await startSmtp({ takes: 10 });
		on = await Arrangement.start(kind);
		({ watch } = on);
		await on.publish(journey(await smtpCredential(on.n8n, smtp)));
		await watch.introduce(people);
	});
	afterAll(async () => {
		await on?.stop();
		await smtp?.stop();
	});

	it('lets everybody finish, sends nothing twice, and lists as unknown what was cut in mid-send, and nothing else', async () => {
		const next = random(SEED);
		const killed: Array<{ at: Date; underWay: number; mails: number; cuts: boolean }> = [];
		await watch.send('cart', people.slice(0, AT_FIRST));
		for (let kill = 0; kill < KILLS[kind]; kill++) {
			// By the work done, since a slow machine does nothing in any second: first on the way to the mails, then among them.
			const done = async () => (kill < 3 ? await watch.count('journal') : smtp.mails.length);
			const target = (await done()) + Math.ceil(next() * (kill < 3 ? 1_500 : 80));
			await watch.until('n8n works', async () => (await done()) >= target, 150);
			await sleep(200 * next());
			// Workers go on without a main, so its death cuts no mail in two.
			const mainOnly = kind === 'queue' && kill % 2 === 0;
			await (mainOnly ? on.n8n.kill() : on.killExecuting());
			killed.push({ at: new Date(), underWay: (await watch.count('instances')) + (await watch.count('candidates')), mails: smtp.mails.length, cuts: !mainOnly });
			// The dead renew nothing: a minute later it would be so by itself.
			await watch.rows(`UPDATE claims SET lease_until = now() WHERE ${kind === 'single' || `execution IS ${mainOnly ? '' : 'NOT'} NULL`}`);
			const from = AT_FIRST + kill * MORE_EACH_TIME;
			await watch.send('cart', people.slice(from, from + MORE_EACH_TIME));
			await watch.send('click', people.filter(() => next() < 0.1));
			await (mainOnly ? on.n8n.start() : on.startExecuting());
		}
		await watch.until('everybody is through', async () => (await watch.count('finished')) >= people.length, 180);
		console.info(`under way at each kill: ${killed.map(({ underWay }) => underWay).join(' ')}; mails by then: ${killed.map(({ mails }) => mails).join(' ')}`);
		expect(killed.every(({ underWay }) => underWay >= 500)).toBe(true);

		expect(await watch.tally('reason', 'finished')).toEqual({ completed: people.length });
		expect([await watch.count('instances'), await watch.count('candidates'), await watch.count('claims')]).toEqual([0, 0, 0]);
		expect(await watch.count("journal WHERE kind = 'entered'")).toBe(people.length);
		expect(await watch.rows("SELECT instance_id FROM journal WHERE kind = 'parked' GROUP BY instance_id, step_id HAVING count(*) > 1")).toEqual([]);

		const deliveries = await watch.rows<{ id: number; key: string; status: string; claimed_at: Date; settled_at: Date; email: string }>(
			'SELECT d.id, d.key, d.status, d.claimed_at, d.settled_at, p.email FROM deliveries d JOIN profiles p ON p.id = d.profile_id');
		expect(new Set(deliveries.map(({ email }) => email))).toEqual(new Set(people.map(addressOf)));
		expect(deliveries).toHaveLength(people.length);
		const mails = Map.groupBy(smtp.mails, ({ to }) => to.join());
		const doubled = [...mails].filter(([, sent]) => sent.length > 1);
		expect(doubled).toEqual([]);
		for (const { status, email, key } of deliveries) {
			const words = mails.get(email)?.map(({ text }) => text) ?? [];
			if (status === 'sent') expect(words).toEqual([key]);
			else expect([[], [key]]).toContainEqual(words);
		}

		const cut = deliveries.filter(({ claimed_at, settled_at }) => killed.some(({ at, cuts }) => cuts && claimed_at < at && at < settled_at));
		const unknown = deliveries.filter(({ status }) => status === 'unknown');
		console.info(`unknown: ${unknown.length}, of which sent: ${unknown.filter(({ email }) => mails.has(email)).length}`);
		expect(unknown.map(({ id }) => id)).toEqual(cut.map(({ id }) => id));
		expect(deliveries.filter(({ status }) => status === 'sent')).toHaveLength(people.length - cut.length);
		expect(cut.length).toBeGreaterThan(0);
		const listed = await watch.store.tx(async (db) => await listUnknown(db, { after: 0, limit: people.length }));
		expect(listed.map(({ profile }) => profile.email).sort()).toEqual(unknown.map(({ email }) => email).sort());
	});
});
