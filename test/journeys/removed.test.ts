import { lockRegistry } from '../../lib/store/locks';
import { switchOff } from '../../lib/store/steps';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import type { WorkflowJson } from '../support/headless/host';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const entry = (options: object = {}) => journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', options });
const wait = (more: object = {}) => ({ ...eventState('Wait', [{ event: 'order', output: 'ordered' }], [3, 'days']), ...more });
const later = delayState('Later', 1, 'days');
const ends = ['Remind', 'Thank'].map((name) => baseNode(name, 'noOp', 1));
const canvas = (waits: object[], options?: object, later_: object = later): WorkflowJson => ({
	name: 'Live', nodes: [entry(options), ...waits, later_, ...ends] as WorkflowJson['nodes'],
	connections: waits.length > 0 ? wires('Entry > Wait', 'Wait:0 > Later', 'Wait:1 > Thank', 'Later > Remind') : wires('Entry > Later', 'Later > Remind'),
});
const cart = (n: number) => ({ who: `customer-${n}`, event: 'cart' });

/** What happens 30 s after a node has left, which no frozen clock lets pass. */
async function gone(run: CanvasRunner, name: string) {
	await run.store.tx(async (db) => {
		await lockRegistry(db, 'register');
		await switchOff(db, (await db.rows<{ id: number }>('SELECT id FROM steps WHERE name = $1', [name])).map(({ id }) => id), db.now);
	});
}

journeys('a step that is removed while people wait there', (open) => {
	it('lets them leave with a reason', async () => {
		const run = await open(canvas([wait()]));
		await run.send(cart(1), cart(2));
		await run.pass('1 hour');
		await run.publish(canvas([]));
		await gone(run, 'Wait');
		await run.pass('29 seconds');
		expect((await run.timeline()).filter((line) => line.includes('done'))).toEqual([]);
		await run.pass('1 second');
		expect((await run.timeline()).slice(-2)).toEqual(['+1h30s customer-1 done: step_removed', '+1h30s customer-2 done: step_removed']);
		expect(run.warnings.filter((line) => line.includes('removed'))).toEqual([
			'Journey "Live": 2 people waited at a step that was removed or disabled, and left the journey (step_removed).',
		]);
		// Whoever comes now passes by the place where it was.
		await run.send(cart(1));
		await run.pass('2 days');
		expect((await run.timeline('customer-1')).slice(3)).toEqual(['+1h30s refused: lock']);
	});

	it('lets them go on at the State that the Entry Trigger names, when it is disabled as well', async () => {
		const run = await open(canvas([wait()], { ifStepRemoved: 'Later' }));
		await run.send(cart(1));
		await run.pass('1 hour');
		await run.publish(canvas([wait({ disabled: true })], { ifStepRemoved: 'Later' }));
		await gone(run, 'Wait');
		await run.pass('30 seconds');
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-1 parked Wait until +3d',
			'+1h30s customer-1 moved Later: step_removed', '+1h30s customer-1 parked Later until +1d1h30s',
			'+1d1h30s customer-1 woken Later: time', '+1d1h30s customer-1 done: completed',
		]);
		expect(run.itemsOf('Remind')).toHaveLength(1);
	});

	it('works out the expressions of the State they go to, and what happened before counts there', async () => {
		const target = eventState('Later', [{ event: 'visit', output: 'visited' }], [1, 'days'], {
			limitUntil: 'date', limitDate: '={{ $json.profile.attributes.renewal }}', limitOffsetAmount: 0,
		});
		const to = (waits: object[]) => ({
			...canvas(waits, { ifStepRemoved: 'Later' }, target), connections: wires(...(waits.length > 0 ? ['Entry > Wait', 'Wait:0 > Later'] : ['Entry > Later']), 'Later:0 > Remind', 'Later:2 > Thank'),
		});
		const run = await open(to([wait()]));
		await run.send({ ...cart(1), change: { attributes: { renewal: '2026-06-01' } } }, { ...cart(2), change: { attributes: { renewal: '2026-06-02' } } });
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'visit' });
		await run.publish(to([]));
		await gone(run, 'Wait');
		await run.pass('30 seconds');
		const lines = await run.timeline();
		expect(lines.slice(-6).map((line) => line.replace(/until .*/, ''))).toEqual([
			'+1h30s customer-1 moved Later: step_removed', '+1h30s customer-1 parked Later ',
			'+1h30s customer-2 moved Later: step_removed', '+1h30s customer-2 parked Later ',
			'+1h30s customer-2 woken Later: event → visited', '+1h30s customer-2 done: completed',
		]);
		const [row] = await run.store.tx(async (db) => await db.rows<{ due_at: Date }>('SELECT due_at FROM instances'));
		expect(row!.due_at.toISOString()).toBe('2026-06-01T00:00:00.000Z');
	});

	it('moves nobody by a name that is no State, and says so', async () => {
		const run = await open(canvas([wait()]));
		await run.send(cart(1));
		await run.pass('1 hour');
		await run.publish(canvas([], { ifStepRemoved: 'Latr' }));
		await gone(run, 'Wait');
		await run.pass('31 seconds');
		expect(run.takeProblems()).toEqual([expect.stringContaining("'Latr', which is no Journey State on this canvas")]);
		expect(await run.timeline()).toHaveLength(2);
		await run.publish(canvas([], { ifStepRemoved: 'Later' }));
		await run.pass('1 minute');
		expect((await run.timeline()).at(-1)).toBe('+1h1m31s customer-1 parked Later until +1d1h1m31s');
	});

	it('finds people whose step was removed in the moment before n8n died', async () => {
		const run = await open(canvas([wait()]));
		await run.send(cart(1));
		await run.pass('1 hour');
		await run.publish(canvas([]));
		run.killAfter('Entry');
		await run.send(cart(2));
		await run.pass('0 seconds');
		await run.pass('30 seconds');
		expect((await run.timeline('customer-1')).at(-1)).toBe('+1h30s done: step_removed');
	});
});

journeys('a step that is still there', (open) => {
	it.each(['', 'Later'])('keeps its people when it was published again before the execution that was to look for it began (goes to "%s")', async (ifStepRemoved) => {
		const version = (waits: object[]) => canvas(waits, { ifStepRemoved });
		const run = await open(version([wait()]));
		await run.send(cart(1), cart(2));
		await run.pass('1 hour');
		await run.publish(version([]));
		await gone(run, 'Wait');
		run.late(async () => {
			await run.skip('1 minute');
			await run.publish(version([wait()]));
			await run.skip('1 minute');
		});
		const before = run.executions;
		await run.pass('30 seconds');
		expect(run.executions).toBe(before + 1);
		await run.pass('5 days');
		expect((await run.timeline()).filter((line) => /step_removed|woken Wait/.test(line))).toEqual(['+3d customer-1 woken Wait: time', '+3d customer-2 woken Wait: time']);
	});

	it('keeps its people through ten republishes, restarts and an unpublish', async () => {
		const version = (n: number) => canvas([wait({ parameters: { ...wait().parameters, limitDelayAmount: 3 } }), baseNode('Set', 'set', 3.4, assign({ n: String(n) }))]);
		const run = await open(version(0));
		await run.send(cart(1), cart(2));
		await run.pass('1 hour');
		for (let n = 1; n <= 10; n++) {
			if (n === 3 || n === 7) {
				// A restart: everything is taken off and comes back, whatever n8n starts first.
				await run.unpublish();
				await run.pass('40 seconds');
			}
			if (n === 5) {
				await run.unpublish();
				for (const name of ['Entry', 'Wait', 'Later']) await gone(run, name);
				await run.pass('1 hour');
			}
			await run.publish({ ...version(n), nodes: version(n).nodes.map((node) => (node.name === 'Entry' ? entry({ key: 'live', zone: `Etc/GMT+${n}` }) : node)) as WorkflowJson['nodes'] });
			await run.pass('2 minutes');
		}
		expect((await run.timeline()).filter((line) => /done|moved/.test(line))).toEqual([]);
		await run.pass('6 days');
		expect((await run.timeline()).filter((line) => line.includes('done'))).toEqual([expect.stringContaining('completed'), expect.stringContaining('completed')]);
	});

	it('keeps its people when it only does not listen, and when all of the workflow is off', async () => {
		const run = await open(canvas([wait()]));
		await run.send(cart(1));
		await run.pass('1 hour');
		// As when its trigger could not be started again. The Entry Trigger is asked, once a minute, and finds it on the canvas.
		await run.stop('Wait');
		await gone(run, 'Wait');
		const before = run.executions;
		for (let seconds = 0; seconds < 90; seconds += 30) await run.pass('30 seconds');
		expect(run.executions).toBe(before + 2);
		expect(await run.timeline()).toHaveLength(2);
		await run.unpublish();
		await run.pass('1 day');
		expect(await run.timeline()).toHaveLength(2);
	});
});
