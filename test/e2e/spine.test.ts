import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { eventState } from '../support/journeys';
import { customers } from '../support/watch';

jest.setTimeout(300_000);

const journey = {
	name: 'Spine',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		eventState('Wait', [{ event: 'order', output: 'ordered' }], [3, 'seconds']),
		baseNode('After', 'noOp', 1),
	],
	connections: wires('Entry > Set', 'Set > Wait', 'Wait:0 > After', 'Wait:1 > After'),
};

describe.each(ARRANGEMENTS)('the spine: enter, park, wake, in a started n8n (%s)', (kind) => {
	let on: Arrangement;
	beforeAll(async () => {
		on = await Arrangement.start(kind);
	});
	afterAll(async () => await on?.stop());

	it('moves 300 people through, by event and by time, and 300 more through kill -9', async () => {
		const { n8n, watch } = on;
		const parked = async (count: number) => await watch.until('parked', async () => (await watch.count("journal WHERE kind = 'parked'")) === count);
		const done = async (count: number) => await watch.until('done', async () => (await watch.count('finished')) === count);
		await on.publish(journey);
		await watch.send('cart', customers(0, 300));
		await parked(300);
		await watch.send('order', customers(0, 100));
		await done(300);
		expect(await watch.tally('reason', "journal WHERE kind = 'woken'")).toEqual({ event: 100, time: 200 });

		await watch.send('cart', customers(300, 600));
		await parked(600);
		await n8n.kill();
		await watch.send('order', customers(300, 400));
		await n8n.start();
		await done(600);
		expect(await watch.tally('reason', "journal WHERE kind = 'woken'")).toEqual({ event: 200, time: 400 });
	});
});
