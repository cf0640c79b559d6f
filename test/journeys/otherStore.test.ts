import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, journeys } from '../support/journeys';
import { freshStore, type TestStore } from '../support/stores';

jest.setTimeout(60_000);

const canvas = {
	name: 'Two waits',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), delayState('First', 1, 'hours'), delayState('Second', 1, 'hours'), baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > First', 'First > Second', 'Second > End'),
};

journeys('a credential that leads to another store while an execution is under way', (open) => {
	let elsewhere: TestStore;
	beforeAll(async () => void (elsewhere = await freshStore('embedded')));
	afterAll(async () => await elsewhere?.drop());

	it('ends nobody: they come to the next State in the store where they are', async () => {
		const other = await open(canvas, { on: elsewhere, workflowId: 'other' });
		const run = await open(canvas);
		// From here on the nodes find the other store.
		const change = async () => await other.publish(canvas);
		await run.send({ who: 'customer-1', event: 'cart' });
		const at = async () => (await run.store.tx(async (db) => await db.rows<{ name: string }>('SELECT s.name FROM instances i JOIN steps s ON s.id = i.step_id'))).map(({ name }) => name);

		run.after('Entry', change);
		await run.pass('0 seconds');
		expect(await at()).toEqual(['First']);
		run.after('First', change);
		await run.pass('1 hour');
		expect(await at()).toEqual(['Second']);
		await run.pass('1 hour');
		expect(run.itemsOf('End')).toHaveLength(1);
		expect((await run.timeline('customer-1')).at(-1)).toBe('+2h done: completed');
		expect(await other.timeline()).toEqual([]);
	});
}, ['postgres']);
