import { baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { STORES } from '../support/stores';


jest.setTimeout(30_000);
const canvas = {
	name: 'Wait',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
		journeyNode('Wait', 'journeyState', {
			waitFor: 'events', events: { branch: [{ event: 'order', output: 'ordered' }] }, limitUntil: 'delay', limitDelayAmount: 1, limitDelayUnit: 'days',
		}),
		baseNode('Remind', 'noOp', 1),
		baseNode('Thank', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank'),
};

describe.each(STORES)('waiting for an event or a day (%s)', (kind) => {
	let run: CanvasRunner;
	afterEach(async () => await run?.close());

	it('sends each person down the branch of what happened first', async () => {
		run = await CanvasRunner.open(kind, canvas);
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([]);
	});
});
