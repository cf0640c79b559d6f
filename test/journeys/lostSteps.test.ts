import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { delayState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const exit = journeyNode('Exit', 'journeyConversionGoal', { type: 'exit', event: 'cancel' });
const canvas = (...more: object[]) => ({
	name: 'Shop', nodes: [entry, delayState('Wait', 7, 'days'), baseNode('End', 'noOp', 1), ...(more as typeof entry[])], connections: wires('Entry > Wait', 'Wait > End'),
});
const other = { name: 'Other', nodes: [journeyNode('Way in', 'journeyEntryTrigger', { event: 'visit' }), baseNode('Out', 'noOp', 1)], connections: wires('Way in > Out') };
const send = (event: string, ...numbers: number[]) => numbers.map((n) => ({ who: `customer-${n}`, event }));
const off = async (run: CanvasRunner) => (await ask<{ name: string }>(run.store, "SELECT name FROM steps WHERE state = 'off' ORDER BY name")).map(({ name }) => name);

/** The process ends without a word, before half a minute is over. */
const vanish = async (run: CanvasRunner) => await run.down('1 second', { name: 'Nothing', nodes: [], connections: {} });

journeys('steps that went while n8n was not there', (open) => {
	it('of a whole workflow: collect nobody, and look back an hour when they are published again', async () => {
		const shop = await open(canvas(exit), { workflowId: 'shop' });
		await shop.send(...send('cart', 1));
		await shop.pass('1 minute');
		await vanish(shop);
		const beside = await open(other, { workflowId: 'other' });
		await beside.pass('9 minutes');
		// n8n may still be starting.
		expect(await off(beside)).toEqual([]);
		await beside.send(...send('cart', 2));
		await beside.pass('2 minutes');
		expect(await off(beside)).toEqual(['Entry', 'Exit', 'Wait']);
		await beside.send(...send('cart', 3));
		await beside.pass('2 hours');
		await beside.send(...send('cart', 4));
		await beside.pass('30 minutes');
		await shop.publish(canvas(exit));
		await shop.pass('0 seconds');
		expect((await shop.timeline()).filter((line) => line.includes('entered')).map((line) => line.split(' ')[1])).toEqual(['customer-1', 'customer-2', 'customer-4']);
		expect(await off(beside)).toEqual([]);
	});

	it('of a canvas that is published without them', async () => {
		const run = await open(canvas(exit));
		await run.send(...send('cart', 1, 2));
		await run.pass('1 minute');
		await run.down('1 minute', canvas());
		await run.pass('9 minutes');
		expect(await off(run)).toEqual([]);
		await run.pass('1 minute');
		expect(await off(run)).toEqual(['Exit']);
		await run.send(...send('cancel', 1));
		await run.pass('1 minute');
		expect((await run.timeline()).filter((line) => line.includes('exit'))).toEqual([]);
	});

	it('are not those that come late, or run elsewhere', async () => {
		const shop = await open(canvas(exit), { workflowId: 'shop' });
		await shop.pass('1 second');
		const beside = await open(other, { workflowId: 'other' });
		await beside.pass('1 hour');
		await vanish(beside);
		await shop.down('9 minutes');
		expect(await off(shop)).toEqual([]);
		await beside.publish(other);
		await beside.pass('1 hour');
		await shop.pass('1 hour');
		expect(await off(shop)).toEqual([]);
	});
});
