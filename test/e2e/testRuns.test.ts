import type { INodeExecutionData } from 'n8n-workflow';

import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { journeyNode, baseNode, wires } from '../support/canvas';
import type { Execution } from '../support/n8nRest';

jest.setTimeout(240_000);

/** A journey with every node that has a run of its own in the editor. */
const journey = {
	name: 'Cart',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', {
			event: 'Cart Updated', filters: { conditions: [{ path: 'currency', operator: 'is', value: 'EUR' }] },
			values: { value: [{ name: 'cart_total', path: 'total' }] }, options: { key: 'cart', correlation: 'cart_id' },
		}),
		journeyNode('Tag', 'journeyAction', { operation: 'addTags', tags: 'seen' }),
		journeyNode('Wait', 'journeyState', {
			waitFor: 'events', events: { branch: [{ event: 'Order <Completed>', output: 'ordered' }] }, limitDelayAmount: 3, testOutput: 1,
		}),
		journeyNode('Rest', 'journeyState', { delayAmount: 2, delayUnit: 'hours' }),
		journeyNode('Check', 'journeyAction', { required: 'first_name, birthday' }),
		journeyNode('Goal', 'journeyConversionGoal', { event: 'Order Completed' }),
		journeyNode('Leave', 'journeyAction', { operation: 'exit', reason: 'bored' }),
		baseNode('Mail', 'noOp', 1), baseNode('Late', 'noOp', 1),
	],
	connections: wires('Entry > Tag', 'Tag > Wait', 'Wait:0 > Late', 'Wait:1 > Rest', 'Rest > Check', 'Check:0 > Mail', 'Check:1 > Goal', 'Goal:0 > Leave'),
};

const track = (event: string, properties: object) => ({
	name: 'Track',
	nodes: [
		baseNode('Start', 'manualTrigger', 1),
		journeyNode('Customer', 'journeyCustomerData', {
			event, identity: 'customer-7', propertiesMode: 'json', propertiesJson: JSON.stringify(properties), whenTesting: 'store',
		}),
		journeyNode('Get', 'journeyCustomerData', { resource: 'profile', operation: 'get', identity: 'customer-7' }),
	],
	connections: wires('Start > Customer', 'Customer > Get'),
});

describe.each(ARRANGEMENTS)('runs in the editor (%s)', (kind) => {
	let on: Arrangement;
	let n8n: Arrangement['n8n'];
	let id: string;
	const outputs = (run: Execution, node: string) => (run.runData[node]?.[0]?.data?.main ?? []) as INodeExecutionData[][];
	const hint = (run: Execution, node: string) => run.runData[node]?.[0]?.hints?.map(({ message }) => message).join(' ');

	beforeAll(async () => {
		on = await Arrangement.start(kind, { defaultStore: kind === 'queue', env: { OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true' } });
		({ n8n } = on);
		({ id } = await n8n.createWorkflow(journey));
	});
	afterAll(async () => await on?.stop());

	it('makes a customer up while no event is stored, and shows at each node what it would do', async () => {
		const run = await n8n.run(id, 'Entry');
		expect(run.data?.resultData.error).toBeUndefined();
		if (kind === 'queue') expect(on.workers.map((worker) => worker.logs()).join('')).toContain(`Worker started execution ${run.id} `);
		const sample = outputs(run, 'Entry')[0]![0]!.json;
		expect(sample).toMatchObject({
			journey: { key: 'cart', instance: 0, step: 'Entry' }, profile: { id: 0, email: 'customer-1@example.com' },
			event: { name: 'Cart Updated', properties: { currency: 'EUR' } }, context: { cart_total: null },
		});
		expect(hint(run, 'Entry')).toContain('made up');
		expect(outputs(run, 'Tag')[0]![0]!.json).toMatchObject({ profile: { tags: ['seen'] } });

		const [late, ordered] = outputs(run, 'Wait');
		expect([late?.length, ordered?.length]).toEqual([0, 1]);
		expect(hint(run, 'Wait')).toMatch(/^Waits for Order &lt;Completed>, at most 3 days\. For someone who arrives now the time is up .* \(UTC\)\. This is a test: nobody was parked, everybody went on by "ordered"\.$/);
		expect(hint(run, 'Rest')).toMatch(/^Waits 2 hours\. Someone who arrives now goes on .* everybody went on by "Time is up"\.$/);

		const [sent, skipped] = outputs(run, 'Check');
		expect(sent).toEqual([]);
		expect(skipped![0]!.json.skipped).toEqual({ reason: 'test', would: 'be skipped', because: { reason: 'missing', missing: 'birthday' } });
		expect(run.runData.Mail).toBeUndefined();
		expect(outputs(run, 'Goal')[0]).toHaveLength(1);
		expect(hint(run, 'Leave')).toContain('"bored"');
	});

	it('shows the newest event that would let somebody in, and stores nothing', async () => {
		for (const properties of [{ currency: 'EUR', total: 10, cart_id: 5 }, { currency: 'EUR', total: 20, cart_id: 6 }, { currency: 'USD', total: 30, cart_id: 7 }]) {
			const tracked = await n8n.createWorkflow(track('Cart Updated', properties));
			await n8n.run(tracked.id, 'Start');
		}
		const run = await n8n.run(id, 'Entry');
		expect(outputs(run, 'Entry')[0]![0]!.json).toMatchObject({
			journey: { correlation: '6' }, event: { name: 'Cart Updated', properties: { total: 20 } }, context: { cart_total: 20 },
		});
		expect(hint(run, 'Entry')).toContain('newest event');

		const after = await n8n.createWorkflow(track('Page Viewed', {}));
		const [[person]] = outputs(await n8n.run(after.id, 'Start'), 'Get') as [[INodeExecutionData]];
		expect(person.json).toMatchObject({ profile: { tags: [] }, journeys: [] });
	});

	it('refuses an output that is not there any more', async () => {
		const { id: broken } = await n8n.createWorkflow({
			...journey, nodes: journey.nodes.map((node) => (node.name === 'Wait' ? { ...node, parameters: { ...node.parameters, testOutput: 2 } } : node)),
		});
		const run = await n8n.run(broken, 'Entry');
		expect(run.data?.resultData.error?.message).toBe('Output When Testing: the chosen output is not there any more. Choose another.');
	});
});
