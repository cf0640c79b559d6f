import { lockRegistry } from '../../lib/store/locks';
import { listActs } from '../../lib/store/acts';
import { claimInstances } from '../../lib/store/claim';
import { saveCanvas, switchOff, type RecordedCanvas } from '../../lib/store/steps';
import type { Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import type { WorkflowJson } from '../support/headless/host';
import { intercepted } from '../support/intercept';
import { delayState, eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(120_000);

const wait = (days = 3) => eventState('Wait', [{ event: 'order', output: 'ordered' }], [days, 'days']);
const canvas = (waits: object[], later: object = eventState('Later', [{ event: 'visit', output: 'visited' }], [10, 'days']), ifStepRemoved = 'Later'): WorkflowJson => ({
	name: 'Live',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', values: { value: [{ name: 'total', path: 'total' }] }, options: { ifStepRemoved } }), ...waits,
		later, ...['Remind', 'Thank'].map((name) => baseNode(name, 'noOp', 1)),
	] as WorkflowJson['nodes'],
	connections: waits.length > 0 ? wires('Entry > Wait', 'Wait:0 > Later', 'Wait:1 > Thank', 'Later:0 > Remind', 'Later:1 > Remind') : wires('Entry > Later', 'Later:0 > Remind', 'Later:1 > Remind'),
});
const cart = (...numbers: number[]) => numbers.map((n) => ({ who: `customer-${n}`, event: 'cart' }));
const undo = async (run: CanvasRunner) => (await run.control({ resource: 'journey', operation: 'undo', journey: { mode: 'key', value: 'journey' } }))[0]!;

/** Publishes without *Wait*; its people are taken to *Later*. */
async function withoutWait(run: CanvasRunner, without = canvas([])): Promise<void> {
	await run.publish(without);
	await run.store.tx(async (db) => {
		await lockRegistry(db, 'register');
		await switchOff(db, (await db.rows<{ id: number }>("SELECT id FROM steps WHERE name = 'Wait'")).map(({ id }) => id), db.now);
	});
	await run.pass('30 seconds');
}

/** Six thousand more who wait as the first one does. */
async function crowd(run: CanvasRunner): Promise<void> {
	await ask(run.store, `WITH made AS (INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM generate_series(1, 6000) RETURNING id)
		INSERT INTO instances (profile_id, journey_id, step_id, status, due_at, since, parked_at, left_at, entered_at, set_id, visit)
		SELECT made.id, i.journey_id, i.step_id, 'waiting', i.due_at, i.since, i.parked_at, i.left_at, i.entered_at, i.set_id, i.visit FROM made, instances i WHERE i.id = 1`, [run.now]);
}

/** All that an instance is, but for what ends with its visit elsewhere. */
const everybody = async (run: CanvasRunner) => await ask(run.store, 'SELECT * FROM instances ORDER BY id');

const REMOVED = /'step_removed'/;

/** Does something once, when a transaction with a statement that fits has committed; what it throws, its caller is thrown. */
function onceAfter(run: CanvasRunner, statement: RegExp, action: () => Promise<unknown>): void {
	const store = run.store as { -readonly [name in keyof Store]: Store[name] };
	const { tx } = store;
	store.tx = async (work) => {
		let seen = false;
		const done = await intercepted({ ...store, tx }, () => async (sql, _params, pass) => {
			seen ||= statement.test(sql);
			return await pass();
		}).tx(work);
		if (seen) {
			store.tx = tx;
			await action();
		}
		return done;
	};
}

/** What somebody is told of, newest first, without the time. */
async function story(run: CanvasRunner, n: number): Promise<string[]> {
	const told = await run.control({ resource: 'customer', operation: 'story', identityKind: 'user_id', identity: `customer-${n}`, journey: { mode: 'key', value: 'journey' } });
	return told.map(({ sentence }) => String(sentence).replace(/^.*? — /, ''));
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

	it('brings everybody back, also beyond the first page, and counts them all, whatever is published meanwhile', async () => {
		const run = await open(canvas([wait()]));
		await run.send(...cart(1));
		await run.pass('1 hour');
		await crowd(run);
		const before = await everybody(run);
		await withoutWait(run);
		await run.publish(canvas([wait()]));
		await run.pass('0 seconds');
		onceAfter(run, /'undone'/, async () => await ask(run.store,
			"INSERT INTO moves (instance_id, step_id, target_id, visit, moved_at, published_at, wait) SELECT 9999, step_id, target_id, 1, moved_at, published_at + interval '1 hour', '{}' FROM moves LIMIT 1"));
		expect(await undo(run)).toMatchObject({ returned: 6_001, returnedBefore: 0, movedOn: 0, notBack: [] });
		expect(await everybody(run)).toEqual(before);
	});

	it('takes back what began the wait anew where they were sent, and what it wrote', async () => {
		const later = delayState('Later', 10, 'days', { resets: { branch: [{ event: 'order' }] } });
		const run = await open(canvas([wait()], later));
		await run.send({ ...cart(1)[0]!, properties: { total: 5 } }, { ...cart(2)[0]!, properties: { total: 6 } });
		await run.pass('1 hour');
		const before = await everybody(run);
		await withoutWait(run, canvas([], later));
		await run.pass('1 minute');
		await run.send({ who: 'customer-1', event: 'order', properties: { total: 7 } });
		await run.pass('1 hour');
		expect(await run.timeline()).toContain('+1h1m30s customer-1 reset Later until +10d1h1m30s');
		await run.publish(canvas([wait()], later));
		expect(await undo(run)).toMatchObject({ returned: 2 });
		expect((await everybody(run))[1]).toEqual(before[1]);
		await run.pass('0 seconds');
		expect(await run.timeline()).toContain('+2h1m30s customer-1 woken Wait: event → ordered');
		expect(run.itemsOf('Thank').map(({ json }) => json.context)).toEqual([{ total: 5 }]);
	});

	it('lets the next event start the delay with which the step came back', async () => {
		const repeated = (hours: number) => delayState('Wait', hours, 'hours', { resets: { branch: [{ event: 'update' }] } });
		const run = await open(canvas([repeated(10)]));
		await run.send(...cart(1, 2, 3));
		await run.pass('4 hours');
		await run.send({ who: 'customer-1', event: 'update' }, { who: 'customer-2', event: 'update' });
		await run.pass('1 hour');
		await withoutWait(run);
		await run.publish(canvas([repeated(8)]));
		expect(await undo(run)).toMatchObject({ returned: 3 });
		await run.send({ who: 'customer-2', event: 'update' });
		await run.pass('15 hours');
		expect((await run.timeline()).filter((line) => line.includes('woken Wait'))).toEqual([
			'+8h customer-3 woken Wait: time', '+12h customer-1 woken Wait: time', '+13h30s customer-2 woken Wait: time',
		]);
	});

	it('brings back who is on the way to where they were sent, and counts nobody as gone on', async () => {
		const run = await open(canvas([wait()]));
		await run.send(...cart(1, 2));
		await run.pass('1 hour');
		const before = await everybody(run);
		let undone: object = {};
		run.after('Entry', async () => {
			await run.publish(canvas([wait()]));
			const [later] = await ask<{ id: number }>(run.store, "SELECT id FROM steps WHERE name = 'Later'");
			const batch = await run.store.tx(async (db) => await claimInstances(db, later!.id, 0, 1, new Date(+db.now + 60_000)));
			expect(batch!.ids).toHaveLength(1);
			undone = await undo(run);
		});
		await withoutWait(run);
		expect(undone).toMatchObject({ returned: 2, movedOn: 0 });
		expect(await everybody(run)).toEqual(before);
	});

	it('knows that a step is not back, though it was never heard to leave', async () => {
		const run = await open(canvas([wait()]));
		await run.send(...cart(1));
		await run.pass('1 hour');
		await run.publish(canvas([]));
		await run.down('0 seconds');
		await run.pass('30 seconds');
		expect(await ask(run.store, "SELECT state FROM steps WHERE name = 'Wait'")).toEqual([{ state: 'on' }]);
		await expect(undo(run)).rejects.toThrow('Journey "journey": "Wait" is not on the published canvas.');
	});
});

journeys('a removal with more people than a page', (open) => {
	it('goes on where it was cut off, each story being true meanwhile, and is undone as one', async () => {
		const run = await open(canvas([wait()]));
		await run.send(...cart(1));
		await run.pass('1 hour');
		await crowd(run);
		await run.send(...cart(2));
		await run.pass('0 seconds');
		const before = await everybody(run);
		const [older] = await ask<RecordedCanvas>(run.store, 'SELECT hash, canvas, drawing FROM canvases');
		onceAfter(run, REMOVED, async () => await Promise.reject(new Error('n8n was killed')));
		await withoutWait(run);
		expect(run.takeProblems()).toEqual([expect.stringContaining('n8n was killed')]);
		expect((await story(run, 1)).slice(0, 3)).toEqual([
			"Is now at 'Later', waiting for 'visit', until 2026-03-12 11:00:30 UTC", "Began to wait at 'Later', until 2026-03-12 11:00:30 UTC at the latest", 'Moved to \'Later\', since "Wait" was removed from the canvas or disabled',
		].map((line) => `${line}.`));
		expect((await story(run, 2)).slice(0, 2)).toEqual(["Is now at 'Wait', waiting for 'order', until 2026-03-05 11:00:00 UTC.", "Began to wait at 'Wait', until 2026-03-05 11:00:00 UTC at the latest."]);
		// An execution that began before the publish still runs the canvas before.
		const place = { host: (await ask<{ host: string }>(run.store, 'SELECT host FROM workflows'))[0]!.host, workflowId: 'journey', nodeId: '', name: '', kind: 'entry' as const };
		await run.store.tx(async (db) => await saveCanvas(db, place, older!, new Date(+db.now - 60_000)));
		await run.down('30 seconds');
		await run.pass('30 seconds');
		expect((await story(run, 2)).slice(0, 2)).toEqual(["Is now at 'Later', waiting for 'visit', until 2026-03-12 11:01:30 UTC.", "Began to wait at 'Later', until 2026-03-12 11:01:30 UTC at the latest."]);
		expect(await ask(run.store, 'SELECT count(*)::int, count(DISTINCT published_at)::int AS publishes FROM moves')).toEqual([{ count: 6_002, publishes: 1 }]);
		await run.publish(canvas([wait()]));
		expect(await undo(run)).toMatchObject({ returned: 6_002, movedOn: 0 });
		expect(await everybody(run)).toEqual(before);
	});

	it.each(['Later', ''])('stops when the step is published again meanwhile (goes to "%s")', async (goTo) => {
		const version = (waits: object[]) => canvas(waits, undefined, goTo);
		const run = await open(version([wait()]));
		await run.send(...cart(1));
		await run.pass('1 hour');
		await crowd(run);
		onceAfter(run, REMOVED, async () => await run.publish(version([wait()])));
		await withoutWait(run, version([]));
		await run.pass('2 minutes');
		expect(await ask(run.store, "SELECT count(*)::int FROM instances JOIN steps s ON s.id = step_id WHERE s.name = 'Wait'")).toEqual([{ count: 1_001 }]);
		if (goTo !== '') expect(await undo(run)).toMatchObject({ returned: 5_000, movedOn: 0, notBack: [] });
	});
});
