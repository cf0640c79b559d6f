import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';

import { backup, readBackup } from '../../lib/run/backup';
import { notices } from '../../lib/run/notices';
import { restore } from '../../lib/run/restore';
import { resume } from '../../lib/run/resume';
import type { Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { delayState, eventState, journeys } from '../support/journeys';
import { emptyPlace, FrozenClock, type TestStore } from '../support/stores';

jest.setTimeout(120_000);

const mail = (name: string) => baseNode(name, 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: name, text: 'Hello' }, { onError: 'continueRegularOutput' });
const check = (name: string) => journeyNode(name, 'journeyAction', { operation: 'check', class: 'transactional', options: { limit: 2 } });
const canvas = {
	name: 'Restored',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
		eventState('Wait', [{ event: 'go' }], [1, 'days']),
		check('Check'), mail('First'), delayState('Two days', 2, 'days'), check('Check again'), mail('Second'), baseNode('End', 'noOp', 1), baseNode('Skip', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait:0 > Check', 'Wait:1 > Check', 'Check:0 > First', 'First > Two days', 'Check:1 > Two days',
		'Two days > Check again', 'Check again:0 > Second', 'Check again:1 > Skip', 'Second > End'),
};
const direct = {
	name: 'Direct',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), check('Check'), mail('First'), baseNode('Skip', 'noOp', 1)],
	connections: wires('Entry > Check', 'Check:0 > First', 'Check:1 > Skip'),
};
const cart = (n: number) => ({ who: `customer-${n}`, event: 'cart', email: `customer-${n}@example.com` });
const sent = (run: CanvasRunner) => run.mails.map(({ to, subject }) => `${subject} ${to.split('@')[0]}`).sort();

async function bytesOf(store: Store): Promise<Buffer> {
	const out = new PassThrough();
	const [bytes] = await Promise.all([buffer(out), backup(store, out)]);
	return bytes;
}

journeys('a store restored from a backup', (open, kind) => {
	let place: TestStore | undefined;
	let restored: CanvasRunner | undefined;
	afterEach(async () => {
		await restored?.close();
		await place?.drop();
		restored = place = undefined;
	});

	/** n8n comes up with the restored store. */
	const restoredAt = async (now: Date, bytes: Buffer, drawn = canvas) => {
		place = await emptyPlace(kind, new FrozenClock(now));
		await restore(place.store, 'journey', await readBackup(Readable.from([bytes])), false);
		return (restored = await CanvasRunner.open(kind, drawn, { mailer: {}, on: place }));
	};

	/** Three wait; the backup is taken; a day later two of them have their mail; then the store is lost. */
	const lost = async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(cart(1), cart(2));
		await run.pass('55 minutes');
		await run.send(cart(3));
		await run.pass('5 minutes');
		const bytes = await bytesOf(run.store);
		await run.send(cart(4));
		await run.pass('23 hours');
		await run.pass('30 minutes');
		expect(sent(run)).toEqual(['First customer-1', 'First customer-2']);
		return { bytes, now: run.now };
	};

	it('is paused: events come in, nobody moves, and it says why and what to do', async () => {
		const { bytes, now } = await lost();
		const run = await restoredAt(now, bytes);
		await run.pass('10 minutes');
		expect(await run.send(cart(5), { who: 'customer-3', event: 'go' })).toMatchObject({ candidates: 1, woken: 1 });
		await run.pass('3 days');
		expect([run.executions, run.mails, (await run.timeline()).filter((line) => !/entered|parked/.test(line))]).toEqual([0, [], []]);
		expect(await notices(run.store)).toEqual([expect.stringMatching(/^Nobody moves: .* was restored at 2026-03-03T10:30:00.000Z from a backup of 2026-03-02T11:00:00.000Z\. .*--skip/)]);
	});

	it('and resumed by skipping sends nothing again: they go their way, and get what falls due later', async () => {
		const { bytes, now } = await lost();
		const run = await restoredAt(now, bytes);
		await run.pass('10 minutes');
		await run.send(cart(5), { who: 'customer-3', event: 'go' });
		await run.pass('10 minutes');
		expect(await resume(run.store, 'skip')).toMatchObject({ reason: 'restored' });
		await run.pass('1 hour');
		// What customer-3 did after the restoration is new.
		expect(sent(run)).toEqual(['First customer-3']);
		expect((await run.timeline('customer-1')).slice(-3)).toEqual([
			expect.stringContaining('woken Wait: time'), expect.stringContaining('skipped Check: restored'), expect.stringContaining('parked Two days until'),
		]);
		await run.pass('5 days');
		expect(sent(run)).toEqual([
			'First customer-3', 'First customer-5', 'Second customer-1', 'Second customer-2', 'Second customer-3', 'Second customer-5',
		]);
		expect(await notices(run.store)).toEqual([]);
		await expect(resume(run.store, 'skip')).rejects.toThrow(/is not paused/);
	});

	it('and resumed by skipping sends what a State finds that is reached later, looking back, but not what was over before', async () => {
		const drawn = {
			name: 'Looking back',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
				delayState('One day', 1, 'days'), check('Check'), mail('In the gap'),
				delayState('A month', 30, 'days'), eventState('Seen', [{ event: 'seen' }], [1, 'days'], { lookBack: 'entry' }), check('Check again'), mail('Later'), baseNode('Skip', 'noOp', 1),
			],
			connections: wires('Entry > One day', 'One day > Check', 'Check:0 > In the gap', 'In the gap > A month', 'Check:1 > A month',
				'A month > Seen', 'Seen:1 > Check again', 'Check again:0 > Later', 'Check again:1 > Skip', 'Seen:0 > Skip'),
		};
		const run = await open(drawn, { mailer: {} });
		await run.send(cart(1), cart(2), cart(3));
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'seen' });
		const bytes = await bytesOf(run.store);
		await run.pass('2 days');
		expect(sent(run)).toEqual(['In the gap customer-1', 'In the gap customer-2', 'In the gap customer-3']);

		const again = await restoredAt(run.now, bytes, drawn);
		await resume(again.store, 'skip');
		await again.pass('1 hour');
		// One of them had to wait for the next batch, parked after the resumption.
		expect(sent(again)).toEqual([]);
		expect((await again.timeline()).filter((line) => line.includes('skipped Check: restored'))).toHaveLength(3);
		await again.pass('40 days');
		expect(sent(again)).toEqual(['Later customer-1']);
	});

	it('and resumed by going on sends what fell due, as was said', async () => {
		const { bytes, now } = await lost();
		const run = await restoredAt(now, bytes);
		await resume(run.store, 'go_on');
		await run.pass('1 hour');
		expect(sent(run)).toEqual(['First customer-1', 'First customer-2', 'First customer-3']);
	});

	it('and resumed by skipping sends nothing to who was about to enter, or was under way', async () => {
		const run = await open(direct, { mailer: {} });
		await run.send(cart(1), cart(2));
		run.killAfter('Check');
		await run.pass('0 seconds');
		await run.send(cart(3));
		const bytes = await bytesOf(run.store);
		await run.pass('1 hour');
		expect(sent(run)).toEqual(['First customer-3']);

		const again = await restoredAt(run.now, bytes, direct);
		await again.pass('1 minute');
		await again.send(cart(4));
		await resume(again.store, 'skip');
		await again.pass('1 day');
		expect(sent(again)).toEqual(['First customer-4']);
		expect(again.itemsOf('Skip').map(({ json }) => `${(json.profile as { email: string }).email} ${(json.skipped as { reason: string }).reason}`).sort())
			.toEqual(['customer-1@example.com restored', 'customer-2@example.com restored', 'customer-3@example.com restored']);
		expect(await again.store.tx(async (db) => await db.rows('SELECT status, count(*) FROM deliveries GROUP BY 1 ORDER BY 1'))).toEqual([{ status: 'sent', count: 1 }, { status: 'unknown', count: 2 }]);
	});
});
