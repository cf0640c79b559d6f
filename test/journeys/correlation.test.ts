import { baseNode, journeyNode, wires } from '../support/canvas';
import { eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const apply = (who: string, id: string | number) => ({ who, event: 'applied', properties: { application: { id } } });
const decided = (who: string, properties: object) => ({ who, event: 'decided', properties: properties as Record<string, unknown> });

const canvas = (options: object = {}) => ({
	name: 'Loan application',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'applied', reentry: 'once', options: { correlation: 'application.id' } }),
		eventState('Decision', [{ event: 'decided', output: 'decided' }], [7, 'days'], { options }),
		baseNode('Remind', 'noOp', 1),
		baseNode('Tell', 'noOp', 1),
	],
	connections: wires('Entry > Decision', 'Decision:0 > Remind', 'Decision:1 > Tell'),
});

journeys('two loan applications of one person', (open) => {
	it('are two instances, and each hears only of itself', async () => {
		const run = await open(canvas());
		await run.send(apply('customer-1', 'A'), apply('customer-1', 'B'), apply('customer-2', 'A'));
		await run.pass('1 day');
		await run.send(decided('customer-1', { application: { id: 'B' } }), decided('customer-2', {}), decided('customer-2', { application: { id: 'B' } }));
		await run.pass('7 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1/A entered Entry',
			'+0s customer-1/B entered Entry',
			'+0s customer-1/A parked Decision until +7d',
			'+0s customer-1/B parked Decision until +7d',
			'+0s customer-2/A entered Entry',
			'+0s customer-2/A parked Decision until +7d',
			'+1d customer-1/B woken Decision: event → decided',
			'+1d customer-1/B done: completed',
			'+7d customer-1/A woken Decision: time',
			'+7d customer-1/A done: completed',
			'+7d customer-2/A woken Decision: time',
			'+7d customer-2/A done: completed',
		]);
		expect(run.itemsOf('Tell').map(({ json }) => (json.journey as { correlation: string }).correlation)).toEqual(['B']);
	});

	it('are told apart by a property of another name, and as numbers', async () => {
		const run = await open(canvas({ correlation: 'ref' }));
		await run.send(apply('customer-1', 17), apply('customer-1', 18));
		await run.pass('1 day');
		await run.send(decided('customer-1', { ref: 18, application: { id: 17 } }));
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual(['+1d customer-1/18 woken Decision: event → decided']);
	});

	it('each enter by their own rules, and not at all without the property', async () => {
		const run = await open(canvas());
		await run.send(apply('customer-1', 'A'), apply('customer-1', 'A'), { who: 'customer-1', event: 'applied' });
		await run.pass('1 day');
		await run.send(apply('customer-1', 'B'));
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => /entered|refused/.test(line))).toEqual([
			'+0s customer-1/A entered Entry',
			'+0s customer-1 refused: already_inside',
			'+0s customer-1 refused: no_correlation',
			'+1d customer-1/B entered Entry',
		]);
	});
});
