import { explain } from '../../lib/report/explain';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const audience = (parameters: object) => journeyNode('Who', 'journeyAudienceFilter', { works: 'entry', ...parameters });
const canvas = (parameters: object, entry: object = {}) => ({
	name: 'Condition of entry',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', ...entry }), audience(parameters), delayState('Wait', 1, 'hours'), baseNode('End', 'noOp', 1)],
	connections: wires('Entry > Who', 'Who > Wait', 'Wait > End'),
});
const vip = { tag: [{ has: true, tag: 'vip' }] };
const lately = { behaviour: [{ did: true, event: 'order', times: 2, period: 'within', withinAmount: 30, withinUnit: 'days' }] };

journeys('an audience as a condition of entry', (open) => {
	it('keeps out who is not in it, and says which condition decided and what it found', async () => {
		const run = await open(canvas({ conditions: { ...vip, attribute: [{ path: 'plan', operator: 'is', value: 'gold' }], ...lately } }));
		const order = { event: 'order' };
		await run.send(
			{ who: 'customer-1', change: { addTags: ['vip'], attributes: { plan: 'gold' } }, ...order }, { who: 'customer-1', ...order },
			{ who: 'customer-2', change: { addTags: ['press'], attributes: { plan: 'gold' } }, ...order },
		);
		await run.pass('1 minute');
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' }, { who: 'customer-3', event: 'cart' });
		await run.pass('2 hours');
		expect((await run.timeline()).filter((line) => /entered|refused|parked|done|audience/.test(line))).toEqual([
			'+1m customer-1 entered Entry', '+1m customer-1 parked Wait until +1h1m',
			'+1m customer-2 refused: audience', '+1m customer-3 refused: audience', '+1h1m customer-1 done: completed',
		]);
		expect(run.itemsOf('Who').map(({ json }) => (json.journey as { step: string }).step)).toEqual(['Entry']);
		const why = async (value: string) => (await explain(run.store, [{ identity: { kind: 'user_id', value }, journey: 'journey', limit: 1, skip: 0 }]))
			.map((told) => (Array.isArray(told) ? told[0]!.sentence.replace(/^.*Not let in/, '').trim() : told.problem));
		expect(await why('customer-2')).toEqual([
			': they are not in the audience: this does not hold: has the tag "vip" (found ["press"]); did "order" at least 2 times within 30 days (found 1), the event is from 10:01:00.',
		]);
		expect(await why('customer-3')).toEqual([expect.stringContaining('plan is "gold" (found nothing)')]);
	});

	it('is asked behind lock and cap and before what is reserved, of properties of the entry event\'s person as they are then', async () => {
		const run = await open(canvas({ match: 'none', conditions: vip }, { reentry: 'once', options: { capacity: { limits: { perMinute: 1, overflow: 'refuse' } } } }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('2 hours');
		await run.send({ who: 'customer-1', change: { addTags: ['vip'] } }, { who: 'customer-2', change: { addTags: ['vip'] } });
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' }, { who: 'customer-3', event: 'cart' });
		// Between the event and the admission; what counts is what is known then.
		await run.send({ who: 'customer-3', change: { removeTags: ['vip'] } });
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => /^\+2h .*(entered|refused)/.test(line))).toEqual([
			'+2h customer-1 refused: once', '+2h customer-2 refused: audience', '+2h customer-3 entered Entry',
		]);
	});

	it('is everyone without conditions, and is refused with what only somebody inside could answer', async () => {
		const run = await open(canvas({}));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => /entered/.test(line))).toHaveLength(1);
		await expect(run.publish(canvas({ conditions: { attribute: [{ path: 'plan', operator: 'is', value: '={{ $json.event.properties.plan }}' }] } }))).rejects.toThrow(/Conditions: .*is an expression/);
		await expect(run.publish(canvas({ conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'entry' }] } }))).rejects.toThrow(/only somebody inside a journey can answer/);
	});

	it('does not change its meaning with a line: elsewhere it stops the canvas before any effect', async () => {
		const drawn = canvas({ conditions: vip });
		const run = await open({ ...drawn, connections: wires('Entry > Wait', 'Wait > Who', 'Who > End') });
		await run.send({ who: 'customer-1', change: { addTags: ['vip'] }, event: 'cart' });
		await run.pass('0 seconds');
		expect(run.takeProblems()[0]).toMatch(/Journey Audience Filter 'Who' is a condition of entry, but does not stand directly behind Journey Entry Trigger 'Entry'/);
		expect(await run.timeline()).toEqual([]);
		await run.publish(drawn);
		await run.pass('1 minute');
		expect((await run.timeline()).filter((line) => /entered/.test(line))).toHaveLength(1);
	});
});
