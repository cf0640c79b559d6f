import { journeyNode, wires } from '../support/canvas';
import { eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

/** As the editor keeps what was chosen from a list, and as workflows of before it could. */
const SHAPES: Array<[string, (name: string) => unknown]> = [
	['chosen from the list', (value) => ({ __rl: true, mode: 'list', value, cachedResultName: value })],
	['typed', (value) => ({ __rl: true, mode: 'name', value })],
	['plain text', (value) => value],
];

journeys('names of events, properties and attributes', (open) => {
	it.each(SHAPES)('may be %s, and mean the same', async (_, name) => {
		const filters = (path: string, value: unknown) => ({ filters: { conditions: [{ path: name(path), operator: 'is', value }] } });
		const run = await open({
			name: 'Carts',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: name('Cart Updated'), ...filters('total', '5') }),
				eventState('Wait', [{ event: name('Paid'), ...filters('order.id', '={{ $json.event.properties.order }}') }, { on: 'attribute', attributes: { conditions: [{ path: name('plan'), operator: 'is', value: 'pro' }] } }], [1, 'days']),
				journeyNode('Record', 'journeyAction', { operation: 'recordEvent', event: name('Seen') }),
				journeyNode('Goal', 'journeyConversionGoal', { event: name('Order Completed'), ...filters('currency', 'EUR') }),
			],
			connections: wires('Entry > Wait', 'Wait:1 > Record', 'Wait:2 > Record'),
		});
		await run.send(...['customer-1', 'customer-2', 'customer-3'].map((who) => ({ who, event: 'Cart Updated', properties: { total: 5, order: 7 } })), { who: 'customer-4', event: 'Cart Updated', properties: { total: 6 } });
		await run.pass('1 minute');
		await run.send(
			{ who: 'customer-1', event: 'Paid', properties: { order: { id: 8 } } }, { who: 'customer-1', event: 'Paid', properties: { order: { id: 7 } } }, { who: 'customer-2', change: { attributes: { plan: 'pro' } } },
			{ who: 'customer-3', event: 'Order Completed', properties: { currency: 'EUR' } },
		);
		await run.pass('1 minute');
		const told = (await run.timeline()).filter((line) => line.startsWith('+1m'));
		expect(told).toEqual(expect.arrayContaining([expect.stringContaining('customer-1 woken Wait: event → Paid'), expect.stringContaining('customer-2 woken Wait: change → plan'), expect.stringContaining('customer-3 converted Goal')]));
		expect((await run.timeline('customer-4'))).toEqual([]);
		expect(run.itemsOf('Record')).toHaveLength(2);
	});
});
