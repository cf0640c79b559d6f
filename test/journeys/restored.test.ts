import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';

import { backup, readBackup } from '../../lib/run/backup';
import { Janitor } from '../../lib/run/janitor';
import { notices } from '../../lib/run/notices';
import { restore } from '../../lib/run/restore';
import { resume } from '../../lib/run/resume';
import { keepSegment } from '../../lib/run/segments';
import type { Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { delayState, eventState, journeys } from '../support/journeys';
import { emptyPlace, FrozenClock, type TestStore } from '../support/stores';
import { ask } from '../support/world';

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

	it('decides about nobody while it is paused, and forgets nothing: what happened since the backup may be sent again', async () => {
		// Who has not uninstalled in three days is won; their wait has no end but the journey's own.
		const stays = {
			name: 'Stays',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: 'installed' }), eventState('Wait', [{ event: 'go' }], 'never'), baseNode('End', 'noOp', 1),
				journeyNode('Goal', 'journeyConversionGoal', { reached: 'absent', event: 'uninstalled', absentAmount: 3, absentUnit: 'days', options: { late: { time: { lateAmount: 0, lateUnit: 'hours' } } } }),
			],
			connections: wires('Entry > Wait', 'Wait > End'),
		};
		const timed = (entry: object) => ({
			name: 'Timed', nodes: [journeyNode('Entry', 'journeyEntryTrigger', entry), delayState('Wait', 60, 'days'), baseNode('End', 'noOp', 1)], connections: wires('Entry > Wait', 'Wait > End'),
		});
		const ending = timed({ event: 'cart', options: { end: '2026-04-01T00:00:00Z', endEvicts: true } });
		const silent = timed({ entry: 'segment', segment: 'silent' });
		const did = (n: number, event: string, messageId?: string, at?: Date) => ({ who: `customer-${n}`, event, messageId, at });
		const audiences = async (run: CanvasRunner) => await new Janitor(run.store, () => undefined, (error) => {
			throw error;
		}).refreshAudiences();

		const run = await open(stays);
		await run.send(did(1, 'order', 'first-order'), did(4, 'order'));
		await run.pass('27 days');
		await run.send(did(1, 'order'), did(4, 'order'));
		await keepSegment(run.store, { name: 'silent', rule: { kind: 'behaviour', event: 'order', filter: [], did: false, atLeast: 1, within: { amount: 5, unit: 'days' } }, zone: 'UTC', refresh_minutes: 60 });
		await (await open(silent, { workflowId: 'silent' })).pass('1 day');
		const other = await open(ending, { workflowId: 'ending' });
		await run.send(did(1, 'installed'), did(2, 'installed'), did(3, 'installed'), did(1, 'cart'));
		await run.pass('0 seconds');
		await other.pass('0 seconds');
		await run.send(did(3, 'uninstalled'));
		await ask(run.store, "UPDATE instances SET due_at = due_at - interval '730 days' FROM identities d WHERE expires AND d.profile_id = instances.profile_id AND d.value = 'customer-3'");
		const bytes = await bytesOf(run.store);
		const uninstalled = new Date(+run.now + 24 * 3_600_000);
		const ordered = new Date(+uninstalled + 24 * 3_600_000);

		const again = await restoredAt(new Date('2026-04-04T10:00:00Z'), bytes, stays);
		const others = [await CanvasRunner.open(kind, ending, { on: place!, workflowId: 'ending' }), await CanvasRunner.open(kind, silent, { on: place!, workflowId: 'silent' })];
		const settle = async () => {
			for (const one of [again, ...others]) await one.pass('0 seconds');
			await audiences(again);
			await new Janitor(again.store, () => undefined, () => undefined, { keep: { history: 1 }, warn: () => undefined }).keepHouse();
			for (const one of [again, ...others]) await one.pass('1 minute');
		};
		const decided = async () => (await again.timeline()).filter((line) => /converted|done|entered/.test(line)).map((line) => line.replace(/^\S+ /, '')).sort();
		const before = await decided();
		await settle();
		await again.send(did(2, 'uninstalled', undefined, uninstalled), did(1, 'order', undefined, ordered), did(1, 'order', 'first-order'));
		await settle();
		expect(await decided()).toEqual(before);
		expect(await ask(again.store, 'SELECT count(*) FROM instances')).toEqual([{ count: 4 }]);
		expect(await ask(again.store, "SELECT count(*) FROM segment_members m JOIN identities i USING (profile_id) WHERE i.value LIKE 'customer-%'")).toEqual([{ count: 0 }]);
		expect(await ask(again.store, "SELECT count(*) FROM events WHERE message_id = 'first-order'")).toEqual([{ count: 1 }]);

		await resume(again.store, 'skip');
		await settle();
		expect(await decided()).toEqual([
			...before, 'customer-1 converted Goal: leaves', 'customer-1 done: converted', 'customer-1 done: ended', 'customer-3 done: expired',
			'customer-2 entered Entry', 'customer-3 entered Entry', 'customer-4 entered Entry',
		].sort());
		expect(await ask(again.store, "SELECT count(*) FROM seen WHERE received_at < '2026-03-05'")).toEqual([{ count: 0 }]);
		for (const one of others) await one.close();
	});
});
