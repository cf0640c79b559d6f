import { baseNode, journeyNode, wires } from '../support/canvas';
import { eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const shop = (options: object = {}, state = 'Wait') => ({
	name: 'Shop',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', lockAmount: 1, lockUnit: 'hours', options }), eventState(state, [{ event: 'visit', output: 'visited' }], [5, 'days']),
		journeyNode('Bought', 'journeyConversionGoal', { event: 'order' }), baseNode('Thank', 'noOp', 1), baseNode('Remind', 'noOp', 1),
	],
	connections: wires(`Entry > ${state}`, `${state}:0 > Remind`, `${state}:1 > Remind`, 'Bought:1 > Thank'),
});
const doing = (event: string, ...numbers: number[]) => numbers.map((n) => ({ who: `customer-${n}`, event }));

journeys('a copy of a workflow', (open) => {
	type Run = Awaited<ReturnType<typeof open>>;
	const inside = async (run: Run) => (await run.control({ resource: 'journey', operation: 'list' })).map(({ key, inside: people }) => `${String(key)} ${String(people)}`).sort();

	it('is a journey of its own, with nobody inside', async () => {
		const first = await open(shop(), { workflowId: 'first' });
		await first.send(...doing('cart', 1, 2));
		await first.pass('1 minute');
		const copy = await open(shop(), { workflowId: 'copy' });
		await copy.pass('1 minute');
		expect(await inside(copy)).toEqual(['copy 0', 'first 2']);
		// Its entry limits begin with it, and those of the first go on.
		await copy.send(...doing('cart', 1));
		await copy.pass('0 seconds');
		await first.pass('0 seconds');
		expect(await inside(copy)).toEqual(['copy 1', 'first 2']);
		expect((await first.timeline('customer-1')).filter((line) => /entered|refused/.test(line))).toEqual(['+0s entered Entry', '+2m entered Entry', '+2m refused: already_inside']);
	});
});
