import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const check = journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' });
const mail = baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.to }}', subject: 'Your cart', text: 'Still there' }, { onError: 'continueRegularOutput' });
const slow = baseNode('Slow', 'noOp', 1);
const end = baseNode('End', 'noOp', 1);
const canvas = {
	name: 'Mail',
	nodes: [
		entry, delayState('Wait', 1, 'hours'), slow, check, baseNode('Words', 'set', 3.4, assign({ to: '={{ $json.profile.email }}' })), mail,
		delayState('Afterwards', 1, 'hours'), end, baseNode('Skip', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait > Slow', 'Slow > Check', 'Check:0 > Words', 'Words > Mail', 'Mail > Afterwards', 'Afterwards > End', 'Check:1 > Skip'),
};
const address = (n: number) => `customer-${n}@example.com`;
const carts = (people: number) => Array.from({ length: people }, (_, at) => ({ who: `customer-${at + 1}`, event: 'cart', email: address(at + 1) }));
const BY_HAND = 'The execution was stopped before it was through: by hand, or because n8n was shut down. Whoever has not come to the next State goes back and is tried again.';

journeys('an execution that is stopped', (open) => {
	type Run = Awaited<ReturnType<typeof open>>;
	/** Stops one execution in this node, the first that comes to it. */
	const stopIn = (run: Run, at: string, how: 'by hand' | 'by time' = 'by hand') => {
		run.stops = (node) => {
			if (node !== at) return undefined;
			run.stops = () => undefined;
			return how;
		};
	};
	const deliveries = async (run: Run) => await run.store.tx(async (db) => await db.rows('SELECT status, error, count(*)::int AS count FROM deliveries GROUP BY 1, 2 ORDER BY 1'));
	const ends = async (run: Run) => (await run.timeline()).filter((line) => / (done|failed)/.test(line)).map((line) => line.split(' ').slice(1).join(' '));
	const all = [1, 2, 3];

	it.each(['Entry', 'Wait', 'Slow', 'Check', 'Words', 'Afterwards'])('in %s moves nobody by what that yields, and all are mailed once afterwards', async (node) => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts(3));
		stopIn(run, node);
		await run.pass('1 day');
		expect(run.takeProblems()).toEqual([expect.stringContaining('cancelled manually')]);
		expect(run.mails.map(({ to }) => to)).toEqual(all.map(address));
		expect(await deliveries(run)).toEqual([{ status: 'sent', error: null, count: 3 }]);
		expect(await ends(run)).toEqual(all.map((n) => `customer-${n} done: completed`));
		// What was sent before the stop is skipped by the next attempt, as after any error.
		expect([run.itemsOf('End').length, run.itemsOf('Skip').length]).toEqual(node === 'Afterwards' ? [0, 3] : [3, 0]);
		// At the Entry nobody had begun: it never passed the fence.
		const retries = (await run.timeline('customer-2')).filter((line) => line.includes('retry'));
		expect(retries).toEqual(node === 'Entry' ? [] : [`${node === 'Wait' ? '+0s retry Entry' : '+1h retry Wait'}: error (${BY_HAND})`]);
	});

	it.each(['by hand', 'by time'] as const)('%s while a node sends: it goes on sending, so those are unknown, and nobody is mailed twice', async (how) => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts(3));
		stopIn(run, 'Mail', how);
		await run.pass('1 day');
		expect(run.takeProblems()).toHaveLength(1);
		expect(run.mails.map(({ to }) => to)).toEqual(all.map(address));
		expect(await deliveries(run)).toEqual([{ status: 'unknown', error: "the execution was stopped while 'Mail' ran", count: 3 }]);
		expect(run.itemsOf('Skip').map(({ json }) => (json.skipped as { reason: string }).reason)).toEqual(['already_unknown', 'already_unknown', 'already_unknown']);
		expect(await ends(run)).toEqual(all.map((n) => `customer-${n} done: completed`));
		expect((await run.timeline('customer-2')).find((line) => line.includes('retry'))).toContain(how === 'by hand' ? BY_HAND : 'Timeout Workflow in the settings of the workflow, or EXECUTIONS_TIMEOUT');
	});

	it('as n8n takes the node that sends, which nobody can tell from one that runs: unknown', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts(3));
		run.stopBefore('Mail');
		await run.pass('1 day');
		expect(run.takeProblems()).toHaveLength(1);
		expect(run.mails).toHaveLength(3);
		expect(await deliveries(run)).toEqual([{ status: 'unknown', error: null, count: 3 }]);
	});

	it('by a time limit that n8n notices between two nodes: nothing is in doubt', async () => {
		const run = await open(canvas, { mailer: {} });
		await run.send(...carts(3));
		run.after('Check', async () => run.overTime());
		await run.pass('1 day');
		expect(run.takeProblems()).toEqual([expect.stringContaining('timed out')]);
		expect((await run.timeline('customer-1')).find((line) => line.includes('retry'))).toContain('EXECUTIONS_TIMEOUT');
		expect(run.mails.map(({ to }) => to)).toEqual(all.map(address));
		expect(await deliveries(run)).toEqual([{ status: 'sent', error: null, count: 3 }]);
	});

	it('leaves those in their wait who have come to one', async () => {
		const run = await open({
			name: 'Two ways',
			nodes: [
				entry, delayState('Wait', 1, 'hours'),
				baseNode('Which', 'if', 2.2, { conditions: { combinator: 'and', options: { version: 2 }, conditions: [{ leftValue: '={{ $json.profile.email }}', rightValue: address(2), operator: { type: 'string', operation: 'equals' } }] } }),
				delayState('Early', 1, 'days'), slow, delayState('Late', 1, 'days'), end,
			],
			connections: wires('Entry > Wait', 'Wait > Which', 'Which:0 > Slow', 'Which:1 > Early', 'Slow > Late', 'Early > End', 'Late > End'),
		});
		await run.send(...carts(2));
		stopIn(run, 'Slow');
		await run.pass('3 days');
		expect(run.takeProblems()).toHaveLength(1);
		expect(await run.timeline('customer-1')).toEqual([
			'+0s entered Entry', '+0s parked Wait until +1h', '+1h woken Wait: time', '+1h parked Early until +1d1h', '+1d1h woken Early: time', '+1d1h done: completed',
		]);
		expect(await run.timeline('customer-2')).toEqual([
			'+0s entered Entry', '+0s parked Wait until +1h', '+1h woken Wait: time', `+1h retry Wait: error (${BY_HAND})`,
			'+1h1s woken Wait: time', '+1h1s parked Late until +1d1h1s', '+1d1h1s woken Late: time', '+1d1h1s done: completed',
		]);
	});

	it('by a time limit that is always too short for many comes down to as few as it is enough for', async () => {
		const run = await open({ name: 'Slow', nodes: [entry, slow, delayState('Wait', 1, 'hours'), end], connections: wires('Entry > Slow', 'Slow > Wait', 'Wait > End') });
		run.stops = (node, people) => (node === 'Slow' && people > 50 ? 'by time' : undefined);
		await run.send(...carts(60));
		await run.pass('1 day');
		expect(run.takeProblems()).toHaveLength(2);
		expect(run.itemsOf('End')).toHaveLength(60);
		expect(await ends(run)).toEqual(Array.from({ length: 60 }, () => expect.stringContaining('done: completed')));
	});
});
