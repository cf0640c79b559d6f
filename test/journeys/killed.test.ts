import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const check = journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' });
const mail = baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'Your cart', text: 'Still there' }, { onError: 'continueRegularOutput' });
const canvas = {
	name: 'Mail',
	nodes: [entry, check, mail, delayState('Wait', 1, 'hours'), baseNode('End', 'noOp', 1), baseNode('Skip', 'noOp', 1)],
	connections: wires('Entry > Check', 'Check:0 > Mail', 'Mail > Wait', 'Wait > End', 'Check:1 > Skip'),
};
const address = (n: number) => `customer-${n}@example.com`;
const carts = [1, 2, 3].map((n) => ({ who: `customer-${n}`, event: 'cart', email: address(n) }));

journeys('n8n killed', (open) => {
	const deliveries = async (run: Awaited<ReturnType<typeof open>>) =>
		await run.store.tx(async (db) => await db.rows('SELECT status, count(*)::int AS count FROM deliveries GROUP BY 1 ORDER BY 1'));
	const ends = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => / (done|failed)/.test(line)).map((line) => line.split(' ').slice(1).join(' '));

	it('loses nobody and mails everybody once when it is not', async () => {
		const run = await open(canvas, { mailer: { bounces: [address(2)] } });
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.mails.map(({ to }) => to)).toEqual([address(1), address(3)]);
		expect(await deliveries(run)).toEqual([{ status: 'failed', count: 1 }, { status: 'sent', count: 2 }]);
		expect(run.itemsOf('End')).toHaveLength(3);
		expect(run.executions).toBe(2);
	});

	it('after the admission: they are mailed once, when the lease is over', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts);
		run.killAfter('Entry');
		await run.pass('1 minute');
		expect(run.mails).toEqual([]);
		await run.pass('1 day');
		expect(run.mails.map(({ to }) => to)).toEqual([1, 2, 3].map(address));
		expect(await deliveries(run)).toEqual([{ status: 'sent', count: 3 }]);
		expect(await ends(run)).toEqual([1, 2, 3].map((n) => `customer-${n} done: completed`));
	});

	it.each(['Check', 'Mail'])('between claim and confirmation, behind %s: listed as unknown, not sent again', async (node) => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts);
		run.killAfter(node);
		await run.pass('1 day');
		expect(run.mails).toHaveLength(node === 'Mail' ? 3 : 0);
		expect(await deliveries(run)).toEqual([{ status: 'unknown', count: 3 }]);
		expect(run.itemsOf('Skip').map(({ json }) => (json.skipped as { reason: string }).reason)).toEqual(['already_unknown', 'already_unknown', 'already_unknown']);
		expect(await ends(run)).toEqual([1, 2, 3].map((n) => `customer-${n} done: completed`));
	});

	it('behind the check: who was skipped is skipped again, which is told once', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(carts[0]!, { who: 'customer-2', event: 'cart' });
		run.killAfter('Check');
		await run.pass('30 minutes');
		expect((await run.timeline()).filter((line) => line.includes('skipped'))).toEqual([
			'+0s customer-2 skipped Check: unreachable', expect.stringMatching(/^\S+ customer-1 skipped Check: already_unknown$/),
		]);
	});

	it('behind the parking: they wait on, and what was sent is not in doubt for long', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts);
		run.killAfter('Wait');
		await run.pass('1 day');
		expect(run.mails).toHaveLength(3);
		expect(await deliveries(run)).toEqual([{ status: 'unknown', count: 3 }]);
		expect(run.itemsOf('End')).toHaveLength(3);
		expect(await ends(run)).toEqual([1, 2, 3].map((n) => `customer-${n} done: completed`));
	});

	it('as people wake: they wake again', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts);
		await run.pass('30 minutes');
		run.killAfter('Wait');
		await run.pass('1 day');
		expect(await run.timeline('customer-1')).toEqual([
			'+0s entered Entry', '+0s parked Wait until +1h', '+0s sent Check: email', '+1h woken Wait: time',
			expect.stringMatching(/^\+1h1m1ms retry Wait: lease/), '+1h1m1ms woken Wait: time', '+1h1m1ms done: completed',
		]);
		expect(run.mails).toHaveLength(3);
	});

	it('in mid-send: what was claimed is found again when the next attempt has to wait for its batch', async () => {
		const small = journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional', options: { limit: 1 } });
		const run = await open({
			name: 'Mail',
			nodes: [entry, eventState('Wait', [{ event: 'go' }], 'never'), small, mail, baseNode('End', 'noOp', 1)],
			connections: wires('Entry > Wait', 'Wait:1 > Check', 'Check:0 > Mail', 'Check:1 > End', 'Mail > End'),
		}, { mailer: {} });
		await run.send(...carts.slice(0, 2));
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'go' });
		run.killAfter('Mail');
		await run.pass('0 seconds');
		// Both leases end together, so that both come back in one batch, customer-1 first.
		await run.send({ who: 'customer-1', event: 'go' });
		run.killAfter('Wait');
		await run.pass('1 day');
		expect(run.mails.map(({ to }) => to)).toEqual([address(2), address(1)]);
		expect(await deliveries(run)).toEqual([{ status: 'sent', count: 1 }, { status: 'unknown', count: 1 }]);
	});
});

journeys('n8n killed by a batch', (open) => {
	it('that takes too much memory, at every start again: comes down to as few as it can bear, and gives up nobody', async () => {
		const slow = baseNode('Slow', 'noOp', 1);
		const run = await open({ name: 'Big', nodes: [entry, slow, delayState('Wait', 1, 'hours'), baseNode('End', 'noOp', 1)], connections: wires('Entry > Slow', 'Slow > Wait', 'Wait > End') });
		run.stops = (node, people) => (node === 'Slow' && people > 50 ? 'dead' : undefined);
		await run.send(...Array.from({ length: 60 }, (_, at) => ({ who: `customer-${at}`, event: 'cart' })));
		await run.pass('1 day');
		expect(run.itemsOf('End')).toHaveLength(60);
		expect(await run.timeline('customer-0')).toEqual([
			'+0s entered Entry', ...Array.from({ length: 4 }, () => expect.stringMatching(/retry Entry: lease/)),
			expect.stringMatching(/parked Wait/), expect.stringMatching(/woken Wait: time/), expect.stringMatching(/done: completed/),
		]);
	});
});

journeys('a batch that n8n runs twice', (open) => {
	it.each(['Entry', 'Check', 'Mail', 'Wait'])('has one effect, when the second copy comes after %s of the first', async (node) => {
		const run = await open(canvas, { mailer: {} });
		run.after(node, async () => await run.runAgain());
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.mails.map(({ to }) => to)).toEqual([1, 2, 3].map(address));
		expect(await run.timeline('customer-2')).toEqual([
			'+0s entered Entry', '+0s parked Wait until +1h', '+0s sent Check: email', '+1h woken Wait: time', '+1h done: completed',
		]);
	});

	it.each(['Entry', 'Check', 'Mail', 'Wait'])('has one effect, when the second copy is the same execution and comes after %s of the first', async (node) => {
		const run = await open(canvas, { mailer: {} });
		run.after(node, async () => await run.runAgain({ same: true }));
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.mails.map(({ to }) => to)).toEqual([1, 2, 3].map(address));
		expect(await run.timeline('customer-2')).toEqual([
			'+0s entered Entry', '+0s parked Wait until +1h', '+0s sent Check: email', '+1h woken Wait: time', '+1h done: completed',
		]);
	});

	it('has no further effect, when the second copy comes at the end', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts);
		await run.pass('0 seconds');
		const before = await run.timeline();
		await run.runAgain();
		expect(await run.timeline()).toEqual(before);
		await run.pass('1 day');
		const end = await run.timeline();
		await run.runAgain();
		expect(await run.timeline()).toEqual(end);
		expect(run.mails).toHaveLength(3);
	});
});
