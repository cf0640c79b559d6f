import { listActs } from '../../lib/store/acts';
import { lockRegistry } from '../../lib/store/locks';
import { saveCanvas, switchOff, type RecordedCanvas } from '../../lib/store/steps';
import type { Store } from '../../lib/store/types';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { intercepted } from '../support/intercept';
import { eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const entry = (event = 'cart') => journeyNode('Entry', 'journeyEntryTrigger', { event });
const nodes = ['Remind', 'Order', 'Visit'].map((name) => baseNode(name, 'noOp', 1));
const connections = wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Order', 'Wait:2 > Visit');
const canvas = (branches: Array<[event: string, output: string]>, event?: string) => ({
	name: 'Live', connections,
	nodes: [entry(event), eventState('Wait', branches.map(([name, output]) => ({ event: name, output })), [1, 'days']), ...nodes],
});
const original = canvas([['order', 'ordered'], ['visit', 'visited']]);
const cart = (n: number, event = 'cart') => ({ who: `customer-${n}`, event });
const reached = (run: CanvasRunner) => ['Remind', 'Order', 'Visit'].map((node) => run.itemsOf(node).map(({ json }) => (json.profile as { id: number }).id).sort());

journeys('changing a live journey', (open) => {
	it('keeps people on their branch through a rename of outputs', async () => {
		const run = await open(original);
		await run.send(cart(1), cart(2));
		await run.pass('1 hour');
		await run.send(cart(1, 'order'), cart(2, 'visit'));
		await run.publish(canvas([['order', 'has bought'], ['visit', 'has come']]));
		await run.pass('2 days');
		expect(reached(run)).toEqual([[], [1], [2]]);
	});

	it('keeps people on their branch when outputs change places', async () => {
		const run = await open(original);
		await run.send(cart(1), cart(2));
		await run.pass('1 hour');
		await run.send(cart(1, 'order'), cart(2, 'visit'));
		await run.publish(canvas([['visit', 'visited'], ['order', 'ordered']]));
		await run.pass('2 days');
		// The lines stay at their positions, so what is called "ordered" now leads to Visit.
		expect(reached(run)).toEqual([[], [2], [1]]);
	});

	it('sends those who wake down the canvas that is published then', async () => {
		const run = await open(original);
		await run.send(cart(1));
		await run.pass('1 hour');
		const greet = baseNode('Greet', 'set', 3.4, assign({ greeting: 'hello' }));
		await run.publish({ ...original, nodes: [...original.nodes, greet], connections: { ...wires('Entry > Wait', 'Wait:0 > Greet', 'Greet > Remind') } });
		await run.pass('2 days');
		expect(run.itemsOf('Remind').map(({ json }) => json.greeting)).toEqual(['hello']);
	});

	it('lets in by the new event and no longer by the old one', async () => {
		const run = await open(original);
		await run.publish(canvas([['order', 'ordered']], 'basket'));
		await run.send(cart(1), cart(2, 'basket'));
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.includes('entered'))).toEqual(['+0s customer-2 entered Entry']);
	});

	describe('is told by executions', () => {
		const other = { ...original, connections: wires('Entry > Wait') };
		const publishes = async (run: CanvasRunner) => (await run.store.tx(async (db) => await listActs(db, 9))).filter(({ what }) => what === 'publish').length;
		const publish = async (run: CanvasRunner, version: typeof original, n: number, passes: string) => {
			await run.publish(version);
			await run.send(cart(n));
			await run.pass(passes);
			return await publishes(run);
		};
		/** How often the store was told of a canvas. */
		const tellings = (run: CanvasRunner) => {
			const store = run.store as { -readonly [name in keyof Store]: Store[name] };
			const { tx } = store;
			let told = 0;
			store.tx = async (work) => await intercepted({ ...store, tx }, () => async (sql, _params, pass) => {
				if (sql.includes('FOR NO KEY UPDATE') && sql.includes('FROM workflows')) told++;
				return await pass();
			}).tx(work);
			return () => told;
		};

		it('of which those that were emitted before it say nothing, however long they live, and the next ones that a version is published again', async () => {
			const run = await open(original);
			expect(await publish(run, original, 1, '1 hour')).toBe(0);
			const { batch } = run;
			expect(await publish(run, other, 2, '20 minutes')).toBe(1);
			const told = tellings(run);
			for (let copy = 0; copy < 3; copy++) await run.runAgain({ batch });
			expect([await publishes(run), told()]).toEqual([1, 1]);
			expect(await publish(run, other, 3, '20 minutes')).toBe(1);
			expect(await publish(run, original, 4, '11 seconds')).toBe(2);
			expect(await publish(run, other, 5, '5 seconds')).toBe(3);
			// So soon it could be one that was emitted before.
			expect(await publish(run, original, 6, '6 seconds')).toBe(3);
			expect(await publish(run, original, 7, '0 seconds')).toBe(4);
		});

		it('of which few ask the store, and yet it is known what another process was told', async () => {
			const run = await open(original);
			await publish(run, original, 1, '1 minute');
			await publish(run, other, 2, '1 minute');
			expect(await publish(run, original, 3, '1 minute')).toBe(2);
			const told = tellings(run);
			for (let n = 10; n < 15; n++) await publish(run, original, n, '1 second');
			// A slow machine may take longer than the time for which it is remembered.
			expect(told()).toBeLessThanOrEqual(2);
			const [recorded] = await ask<RecordedCanvas & { host: string }>(run.store, 'SELECT c.*, w.host FROM canvases c JOIN workflows w ON w.id = c.workflow ORDER BY c.seen_at LIMIT 1');
			await run.store.tx(async (db) => await saveCanvas(db, { host: recorded!.host, workflowId: 'journey', nodeId: '', name: '', kind: 'entry' }, recorded!));
			await run.pass('1 minute');
			const now = performance.now.bind(performance);
			const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + 10_000);
			expect(await publish(run, original, 20, '0 seconds')).toBe(3);
			clock.mockRestore();
		});
	});

	it('enters nobody twice and nobody never through ten republishes', async () => {
		const run = await open(original);
		for (let round = 0; round < 10; round++) {
			run.after('Entry', async () => await run.send(cart(1_000 + round)));
			await run.send(...Array.from({ length: 10 }, (_, n) => cart(round * 10 + n)));
			if (round % 2) await run.pass('1 second');
			await run.publish({ ...original, nodes: [entry(), journeyNode('Wait', 'journeyState', { delayAmount: round + 1 }), ...nodes] });
			await run.pass('1 second');
		}
		const lines = (await run.timeline()).filter((line) => line.includes('entered'));
		// 10 a round, and one more that arrived while the first of them were under way.
		expect(new Set(lines.map((line) => line.split(' ')[1])).size).toBe(lines.length);
		expect(lines).toHaveLength(110);
	});
});

journeys('a journey that is off for a while', (open) => {
	it('keeps entries and wakes until it is back', async () => {
		const run = await open(original);
		await run.send(cart(1));
		await run.pass('1 hour');
		await run.unpublish();
		await run.send(cart(1, 'order'), cart(2));
		await run.pass('12 hours');
		expect(await run.timeline()).toHaveLength(2);
		await run.publish(original);
		await run.pass('0 seconds');
		expect((await run.timeline()).slice(2)).toEqual([
			'+13h customer-1 woken Wait: event → ordered', '+13h customer-1 done: completed',
			'+13h customer-2 entered Entry', '+13h customer-2 parked Wait until +1d13h',
		]);
	});

	it('catches up with the last hour when it had been taken off', async () => {
		const run = await open(original);
		await run.send(cart(1));
		await run.pass('1 hour');
		await run.unpublish();
		await run.store.tx(async (db) => {
			await lockRegistry(db, 'register');
			await switchOff(db, (await db.rows<{ id: number }>('SELECT id FROM steps')).map(({ id }) => id), db.now);
		});
		await run.send(cart(2), cart(1, 'order'));
		await run.pass('1 minute');
		await run.send(cart(3));
		await run.pass('1 hour');
		await run.publish(original);
		await run.pass('0 seconds');
		expect((await run.timeline()).slice(2)).toEqual([
			'+2h1m customer-1 woken Wait: event → ordered', '+2h1m customer-1 done: completed',
			'+2h1m customer-3 entered Entry', '+2h1m customer-3 parked Wait until +1d2h1m',
		]);
	});
});
