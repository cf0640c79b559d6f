import { lockRegistry } from '../../lib/store/locks';
import { switchOff } from '../../lib/store/steps';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { delayState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const send = (event: string, ...numbers: number[]) => numbers.map((n) => ({ who: `customer-${n}`, event }));
const goal = (name: string, parameters: object = {}) => journeyNode(name, 'journeyConversionGoal', { event: 'order', ...parameters });
/** One workflow of the journey `shop`: its nodes carry its name. */
const canvas = (name: string, { options = {}, goals = [goal(`${name} goal`)], ...entry }: { options?: object; goals?: ReturnType<typeof goal>[]; reentry?: string; entry?: string; atTime?: string } = {}) => ({
	name,
	nodes: [
		journeyNode(`${name} entry`, 'journeyEntryTrigger', { event: 'cart', reentry: 'cap', capTimes: 9, ...entry, options: { key: 'shop', zone: 'UTC', ...options } }),
		delayState(`${name} wait`, 1, 'days'), baseNode(`${name} end`, 'noOp', 1), ...goals,
	],
	connections: wires(`${name} entry > ${name} wait`, `${name} wait > ${name} end`),
});
/** What half a minute without it does. */
const goOff = async (run: CanvasRunner, workflow: string) => {
	await run.unpublish();
	await run.store.tx(async (db) => {
		await lockRegistry(db, 'register');
		const steps = await db.rows<{ id: number }>('SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.workflow_id = $1', [workflow]);
		await switchOff(db, steps.map(({ id }) => id), db.now);
	});
};
const entered = async (run: CanvasRunner) => (await run.timeline()).filter((line) => /entered|refused/.test(line)).map((line) => line.replace(/^\+\S+ customer-/, ''));
const conversions = async (run: CanvasRunner) => (await ask<{ line: string }>(run.store,
	"SELECT concat_ws(' ', i.value, s.name) AS line FROM conversions JOIN steps s ON s.id = step_id JOIN identities i USING (profile_id) ORDER BY i.value, converted_at")).map(({ line }) => line);

journeys('an Entry Trigger that is replaced by another node', (open) => {
	it('hands over who was about to enter, and everybody after them', async () => {
		const replaced = canvas('Old');
		replaced.nodes[0] = { ...replaced.nodes[0]!, id: 'another', name: 'New entry' };
		replaced.connections = wires('New entry > Old wait', 'Old wait > Old end');
		const run = await open(canvas('Old'), { workflowId: 'old' });
		await run.send(...send('cart', 1));
		await run.publish(replaced);
		await run.pass('1 second');
		await run.send(...send('cart', 2));
		await run.send(...send('cart', 1));
		await run.pass('1 minute');
		expect(await entered(run)).toEqual(['1 entered New entry', '1 refused: already_inside', '2 entered New entry']);
		expect(run.executions).toBeLessThan(5);
		expect(await ask(run.store, 'SELECT FROM candidates')).toEqual([]);
	});

	it('hands over the date of a schedule that is half gone through', async () => {
		const daily = { entry: 'schedule', atTime: '09:00' };
		const run = await open(canvas('Old', daily), { workflowId: 'old' });
		await run.send(...send('seen', 1, 2, 3, 4, 5));
		const limits = { scan: 2, waiting: 2 };
		const { engine } = run as unknown as { engine: { scheduler: { tick(): Promise<{ pages: number }> } } };
		Object.assign(engine.scheduler, { limits });
		await run.pass('22 hours 59 minutes');
		const next = canvas('Old', daily);
		next.nodes[0] = { ...next.nodes[0]!, id: 'another', name: 'New entry' };
		next.connections = wires('New entry > Old wait', 'Old wait > Old end');
		run.after('Old entry', async () => await run.publish(next));
		await run.pass('2 minutes').catch(() => undefined);
		run.takeProblems();
		await run.pass('3 minutes');
		expect((await entered(run)).map((line) => line.slice(0, 9))).toEqual(['1 entered', '2 entered', '3 entered', '4 entered', '5 entered']);
		expect((await entered(run)).slice(-1)).toEqual(['5 entered New entry']);
		expect(await ask(run.store, 'SELECT state, selected::int FROM runs')).toEqual([{ state: 'done', selected: 5 }]);
	});
});

journeys('the next generation of a journey', (open) => {
	it('takes the entries while both are published; who is inside goes on where they are', async () => {
		const old = await open(canvas('Old'), { workflowId: 'old' });
		await old.send(...send('cart', 1));
		await old.pass('1 hour');
		const next = await open(canvas('New'), { workflowId: 'new' });
		const both = async (duration: string) => {
			await next.pass('0 seconds');
			await old.pass(duration);
			await next.pass('0 seconds');
		};
		// An end on the old panel is nothing to those who enter by the new one, in whichever order n8n starts them.
		await old.publish(canvas('Old', { options: { end: '2026-03-02T10:30:00Z' } }));
		expect(old.warnings).toEqual([
			'Old entry: people enter journey "shop" by workflow new, which was given this Journey Key later. Who is in this workflow goes on. To let people in here again, unpublish the other one, or give this one a key of its own.',
		]);
		await old.send(...send('cart', 1, 2));
		await both('1 minute');
		expect(await entered(old)).toEqual(['1 entered Old entry', '1 refused: already_inside', '2 entered New entry']);
		await next.down('1 minute');
		await old.down('1 minute');
		await old.send(...send('cart', 3));
		await both('1 day');
		expect((await entered(old)).slice(3)).toEqual(['3 entered New entry']);
		expect(old.itemsOf('Old end')).toHaveLength(1);
		expect(await ask(old.store, 'SELECT name, ends_at FROM journeys')).toEqual([{ name: 'New', ends_at: null }]);

		// Back again: with the new one off, the old one lets in.
		await old.publish(canvas('Old'));
		await old.send(...send('cart', 4));
		await goOff(next, 'new');
		await old.send(...send('cart', 5));
		await old.pass('1 minute');
		expect((await entered(old)).slice(4)).toEqual(['4 entered Old entry', '5 entered Old entry']);
	});

	it('is the one that was given the key last', async () => {
		const own = await open(canvas('Own', { options: { key: 'own' } }), { workflowId: 'own' });
		const shop = await open(canvas('Shop'), { workflowId: 'shop' });
		await own.pass('1 second');
		await own.publish(canvas('Own'));
		await shop.publish(canvas('Shop', { reentry: 'once' }));
		await own.send(...send('cart', 1));
		await shop.pass('0 seconds');
		await own.pass('0 seconds');
		expect(await entered(own)).toEqual(['1 entered Own entry']);
		expect(await ask(own.store, 'SELECT j.key, s.name FROM journeys j LEFT JOIN steps s ON s.id = j.entrance ORDER BY 1')).toEqual([{ key: 'own', name: null }, { key: 'shop', name: 'Own entry' }]);
	});

	it('counts and takes out by its own goals alone, and by the next one’s once it is gone', async () => {
		const old = await open(canvas('Old', { goals: [goal('Old goal'), goal('Old exit', { type: 'exit', event: 'cancel' })] }), { workflowId: 'old' });
		await old.send(...send('cart', 1, 3, 5));
		await old.pass('1 hour');
		const next = await open(canvas('New'), { workflowId: 'new' });
		await next.send(...send('cart', 2, 4));
		await next.pass('1 minute');
		await next.send(...send('order', 1, 2), ...send('cancel', 3, 4));
		await next.pass('1 minute');
		await old.pass('2 days');
		await next.pass('0 seconds');
		expect(await conversions(old)).toEqual(['customer-1 Old goal', 'customer-2 New goal']);
		const ends = (await old.timeline()).filter((line) => / done/.test(line)).map((line) => line.replace(/^\+\S+ /, '')).sort();
		expect(ends).toEqual(['customer-1 done: converted', 'customer-2 done: converted', 'customer-3 done: exit_criterion', 'customer-4 done: completed', 'customer-5 done: completed']);
		// They have ended: each is counted by the goal of the canvas that they went through, while it is published.
		await next.send(...send('order', 3, 4));
		const four = await conversions(old);
		expect(four.slice(2)).toEqual(['customer-3 Old goal', 'customer-4 New goal']);
		await goOff(old, 'old');
		await old.send(...send('order', 1, 3, 5));
		expect(await conversions(old)).toEqual([...four, 'customer-5 New goal']);
	});

	it('judges what does not happen by its own goal alone', async () => {
		const without = (name: string) => canvas(name, { goals: [goal(`${name} goal`, { reached: 'absent', absentAmount: 12, absentUnit: 'hours', options: { late: { time: { lateAmount: 0, lateUnit: 'hours' } } } })] });
		const old = await open(without('Old'), { workflowId: 'old' });
		await old.send(...send('cart', 1, 2));
		await old.pass('1 minute');
		const next = await open(without('New'), { workflowId: 'new' });
		await next.send(...send('cart', 3, 4));
		await next.send(...send('order', 2, 4));
		await next.pass('13 hours');
		expect(await conversions(next)).toEqual(['customer-1 Old goal', 'customer-3 New goal']);
	});

	it('counts who is held out as those who are not: once', async () => {
		const old = await open(canvas('Old', { options: { holdout: 50 } }), { workflowId: 'old' });
		const next = await open(canvas('New', { options: { holdout: 50 } }), { workflowId: 'new' });
		const twenty = Array.from({ length: 20 }, (_, at) => at);
		await next.send(...send('cart', ...twenty));
		await next.pass('1 minute');
		await next.send(...send('order', ...twenty));
		const counted = await ask<{ held_out: boolean; n: number; people: number }>(next.store, 'SELECT held_out, count(*)::int AS n, count(DISTINCT profile_id)::int AS people FROM conversions GROUP BY 1 ORDER BY 1');
		expect(counted.map(({ held_out }) => held_out)).toEqual([false, true]);
		expect(counted[0]!.n + counted[1]!.n).toBe(20);
		expect(await ask(old.store, "SELECT FROM conversions c JOIN steps s ON s.id = c.step_id WHERE s.name = 'Old goal'")).toEqual([]);
	});
});

journeys('a changed Journey Key', (open) => {
	it('opens another journey at once: its own limits, pause and counts', async () => {
		const by = (key: string) => canvas('Shop', { reentry: 'once', options: { key } });
		const run = await open(by('one'));
		await run.send(...send('cart', 1));
		await run.pass('2 days');
		await run.publish(by('two'));
		await run.send(...send('cart', 1, 2));
		await run.pass('0 seconds');
		expect(await entered(run)).toEqual(['1 entered Shop entry', '1 entered Shop entry', '2 entered Shop entry']);
		await run.control({ resource: 'journey', operation: 'close', journey: { mode: 'key', value: 'two' } });
		await run.send(...send('cart', 3));
		await run.pass('0 seconds');
		expect((await entered(run)).slice(3)).toEqual(['3 refused: entries_closed']);
		expect(await ask(run.store, 'SELECT j.key, count(*)::int AS n FROM enrolments JOIN journeys j ON j.id = journey_id GROUP BY 1 ORDER BY 1')).toEqual([{ key: 'one', n: 1 }, { key: 'two', n: 2 }]);
	});
});
