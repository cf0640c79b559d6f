import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const end = baseNode('End', 'noOp', 1);
const visitsBelow = (count: number) => baseNode('Again', 'if', 2.2, {
	conditions: {
		options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 }, combinator: 'and',
		conditions: [{ id: 'a', leftValue: '={{ $json.journey.visit }}', rightValue: count, operator: { type: 'number', operation: 'lt' } }],
	},
});

journeys('a loop back to an earlier State', (open) => {
	it('raises the visit each time round', async () => {
		const run = await open({
			name: 'Three reminders',
			nodes: [entry, delayState('Wait', 1, 'days'), baseNode('Remind', 'noOp', 1), visitsBelow(3), end],
			connections: wires('Entry > Wait', 'Wait > Remind', 'Remind > Again', 'Again:0 > Wait', 'Again:1 > End'),
		});
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('10 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Wait until +1d',
			'+1d customer-1 woken Wait: time',
			'+1d customer-1 parked Wait until +2d',
			'+2d customer-1 woken Wait: time',
			'+2d customer-1 parked Wait until +3d',
			'+3d customer-1 woken Wait: time',
			'+3d customer-1 done: completed',
		]);
		const visits = (node: string) => run.itemsOf(node).map(({ json }) => (json.journey as { visit: number }).visit);
		expect([visits('Remind'), visits('End')]).toEqual([[1, 2, 3], [3]]);
		expect(run.executions).toBe(4);
	});

	it('takes each of several events for one turn, none twice and none lost', async () => {
		const run = await open({
			name: 'Every reply',
			nodes: [entry, eventState('Reply', [{ event: 'reply' }], [1, 'days']), baseNode('Answer', 'noOp', 1), end],
			connections: wires('Entry > Reply', 'Reply:1 > Answer', 'Answer > Reply', 'Reply:0 > End'),
		});
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		const at = (minutes: number) => new Date(+run.now - minutes * 60_000);
		await run.send(...[30, 20, 10].map((minutes, n) => ({ who: 'customer-1', event: 'reply', properties: { n }, at: at(minutes) })));
		run.after('Answer', async () => await run.send({ who: 'customer-1', event: 'reply', properties: { n: 3 } }));
		await run.pass('3 days');
		expect(run.itemsOf('Answer').map(({ json }) => (json.event as unknown as { properties: { n: number } }).properties.n)).toEqual([0, 1, 2, 3]);
		expect((await run.timeline()).slice(-3)).toEqual(['+1h customer-1 parked Reply until +1d1h', '+1d1h customer-1 woken Reply: time', '+1d1h customer-1 done: completed']);
	});
});
