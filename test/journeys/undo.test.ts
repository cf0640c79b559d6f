import { lockRegistry } from '../../lib/store/locks';
import { listActs } from '../../lib/store/acts';
import { switchOff } from '../../lib/store/steps';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import type { WorkflowJson } from '../support/headless/host';
import { eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(120_000);

const wait = (days = 3) => eventState('Wait', [{ event: 'order', output: 'ordered' }], [days, 'days']);
const canvas = (waits: object[]): WorkflowJson => ({
	name: 'Live',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', options: { ifStepRemoved: 'Later' } }), ...waits,
		eventState('Later', [{ event: 'visit', output: 'visited' }], [10, 'days']), ...['Remind', 'Thank'].map((name) => baseNode(name, 'noOp', 1)),
	] as WorkflowJson['nodes'],
	connections: waits.length > 0 ? wires('Entry > Wait', 'Wait:0 > Later', 'Wait:1 > Thank', 'Later:0 > Remind', 'Later:1 > Remind') : wires('Entry > Later', 'Later:0 > Remind', 'Later:1 > Remind'),
});
const cart = (...numbers: number[]) => numbers.map((n) => ({ who: `customer-${n}`, event: 'cart' }));
const undo = async (run: CanvasRunner) => (await run.control({ resource: 'journey', operation: 'undo', journey: { mode: 'key', value: 'journey' } }))[0]!;

/** Publishes without *Wait*; its people are taken to *Later*. */
async function withoutWait(run: CanvasRunner): Promise<void> {
	await run.publish(canvas([]));
	await run.store.tx(async (db) => {
		await lockRegistry(db, 'register');
		await switchOff(db, (await db.rows<{ id: number }>("SELECT id FROM steps WHERE name = 'Wait'")).map(({ id }) => id), db.now);
	});
	await run.pass('30 seconds');
}

journeys('undoing the last publish', (open) => {
	it('brings those back who have not moved on: they wait as if they had not been away, and what happened counts', async () => {
		const run = await open(canvas([wait()]));
		await expect(undo(run)).rejects.toThrow('Journey "journey": no publish of the last 7 days has moved anybody to another State.');
		await run.send(...cart(1, 2, 3, 4));
		await run.pass('1 hour');
		await withoutWait(run);
		await expect(undo(run)).rejects.toThrow('Journey "journey": "Wait" is not on the published canvas. Publish a version that has it, then undo.');
		await run.send({ who: 'customer-1', event: 'order' }, { who: 'customer-2', event: 'visit' });
		await run.pass('1 hour');
		await run.publish(canvas([wait()]));
		await run.send(...cart(5));
		await run.pass('0 seconds');
		const published = '2026-03-02T11:00:30.000Z';
		expect(await undo(run)).toEqual({ journey: 'journey', publishedAt: published, returned: 3, returnedBefore: 0, movedOn: 1, notBack: [] });
		expect(await undo(run)).toEqual({ journey: 'journey', publishedAt: published, returned: 0, returnedBefore: 3, movedOn: 1, notBack: [] });
		await run.pass('3 days');
		const lines = await run.timeline();
		const of = (n: number) => lines.filter((line) => line.includes(`customer-${n} `)).map((line) => line.replace(`customer-${n} `, '')).slice(4);
		expect(of(1)).toEqual(['+2h30s moved Wait: undone', '+2h30s woken Wait: event → ordered', '+2h30s done: completed']);
		expect(of(2)).toEqual(['+1h30s woken Later: event → visited', '+1h30s done: completed']);
		expect(of(3)).toEqual(['+2h30s moved Wait: undone', '+3d woken Wait: time', '+3d parked Later until +13d']);
		expect(run.itemsOf('Thank')).toHaveLength(1);
		expect((await run.store.tx(async (db) => await listActs(db, 9))).filter(({ what }) => what === 'undo').map(({ journey, detail }) => ({ journey, detail })).reverse()).toEqual([
			{ journey: 'journey', detail: { published, returned: 3, movedOn: 1 } }, { journey: 'journey', detail: { published, returned: 0, movedOn: 1 } },
		]);
		const [story] = await run.control({ resource: 'customer', operation: 'story', identityKind: 'user_id', identity: 'customer-3', journey: { mode: 'key', value: 'journey' } }).then((told) => told.filter(({ kind }) => kind === 'moved'));
		expect(story!.sentence).toBe(`2026-03-02 12:00:30 UTC — Brought back to 'Wait' from "Later", since the publish that had removed it was undone.`);
	});

	it('goes by the wait with which the step came back, and leaves alone whom an earlier publish had moved', async () => {
		const run = await open(canvas([wait()]));
		await run.send(...cart(1));
		await run.pass('1 hour');
		await withoutWait(run);
		await run.publish(canvas([wait()]));
		await run.send(...cart(2));
		await run.pass('1 hour');
		await withoutWait(run);
		await run.publish(canvas([wait(1)]));
		await run.send(...cart(3));
		await run.pass('1 hour');
		expect(await undo(run)).toMatchObject({ returned: 1, movedOn: 0 });
		await run.pass('2 days');
		expect((await run.timeline()).filter((line) => / woken /.test(line))).toEqual(['+1d1h30s customer-2 woken Wait: time', '+1d2h1m customer-3 woken Wait: time']);
		expect(await ask(run.store, "SELECT FROM journal WHERE reason = 'undone'")).toHaveLength(1);
	});

	it('brings everybody back, also beyond the first page', async () => {
		const run = await open(canvas([wait()]));
		await run.send(...cart(1));
		await run.pass('1 hour');
		await ask(run.store, `WITH made AS (INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM generate_series(1, 6000) RETURNING id)
			INSERT INTO instances (profile_id, journey_id, step_id, status, due_at, since, parked_at, left_at, entered_at, set_id, visit)
			SELECT made.id, i.journey_id, i.step_id, 'waiting', i.due_at, i.since, i.parked_at, i.left_at, i.entered_at, i.set_id, i.visit FROM made, instances i WHERE i.id = 1`, [run.now]);
		const before = await ask(run.store, 'SELECT id, step_id, set_id, visit, due_at, expires, since, after_arrival, parked_at, vars, wake, output, resets, reset_at FROM instances ORDER BY id');
		await withoutWait(run);
		await run.publish(canvas([wait()]));
		await run.pass('0 seconds');
		expect(await undo(run)).toMatchObject({ returned: 6_001, movedOn: 0 });
		expect(await ask(run.store, 'SELECT id, step_id, set_id, visit, due_at, expires, since, after_arrival, parked_at, vars, wake, output, resets, reset_at FROM instances ORDER BY id')).toEqual(before);
	});
});
