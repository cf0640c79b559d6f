import type { Condition, Duration } from '../../lib/core/types';
import { takeIn } from '../../lib/run/intake';
import { park, type Arrival } from '../../lib/run/park';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, idleEngine, makeRunning, makeWorld, wakesBy, type World } from '../support/world';

const HOUR_MS = 60 * 60_000;
const DAY_MINUTES = 24 * 60;
const HOUR: Duration = { amount: 1, unit: 'hours' };

let it_: TestStore;
let rounds = 0;

describe.each(STORES)('waiting on %s', (kind) => {
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	describe.each(['events after the park', 'events before the park'] as const)('%s', cases);
});

/** The live match and the look-back of a park ask the same question: each case is asked both ways. */
function cases(order: 'events after the park' | 'events before the park'): void {
	let world: World;
	let user: string;
	let running: Awaited<ReturnType<typeof makeRunning>>[0];
	beforeEach(async () => {
		began = it_.clock.pass(3 * HOUR_MS);
		world = await makeWorld(it_.store, `match${++rounds}`);
		user = `m${rounds}`;
		[running] = (await makeRunning(it_.store, world, [user], 1)) as [typeof running];
	});

	/** Minutes from the moment at which the wait began. */
	let began: Date;
	const minutes = (count: number) => new Date(+began + count * 60_000);

	/** Parks for these conditions until an hour from now, and lets events happen at these minutes from now. */
	async function wait(conditions: Condition[], events: Array<[name: string, minute: number, properties?: object]>, more: Partial<Arrival> = {}, timer: Duration | null = null) {
		const parking = async () => await park(idleEngine(it_.store), { token: running.token, execution: 'e1' }, world.state, { conditions, timer }, running.people.map((one): Arrival => ({
			id: one.id, profile_id: one.profile_id, due_at: minutes(60), expires: false, since: minutes(-60), after_arrival: false, vars: null, wake: null, ...more,
		})));
		const happening = async () => await takeIn(it_.store, 'test', events.map(([name, minute, properties], index) => ({ ...eventOf(user, name, minutes(minute), { properties: properties as never }), index })));
		if (order === 'events after the park') await parking();
		it_.clock.pass(2 * HOUR_MS);
		await happening();
		if (order === 'events before the park') await parking();
		const [row] = await ask<{ wake: string | null; output: string | null; due: Date; left: Date; resets: number }>(it_.store,
			'SELECT wake, output, due_at AS due, left_at AS left, resets FROM instances WHERE journey_id = $1', [world.journey]);
		return row!;
	}

	it.each([[-60, 'event'], [60, 'event'], [-60.001, null], [60.001, null]])('counts own time, both ends included: of an event at minute %s it says %s', async (minute, wake) => {
		expect(await wait([wakesBy('Click')], [['Click', minute]])).toMatchObject({ wake, ...(wake && { due: it_.clock.now, left: minutes(minute) }) });
	});

	it('takes the first event by own time, and of one event the first condition', async () => {
		const conditions = [wakesBy('B', { output: 'b' }), wakesBy('A', { output: 'a2', filter: [{ path: 'x', operator: 'is', value: 1 }] }), wakesBy('A', { output: 'a' })];
		expect(await wait(conditions, [['B', 5], ['A', 4, { x: 1 }], ['A', 4, { x: 2 }]])).toMatchObject({ wake: 'event', output: 'a2' });
	});

	const rolling = { times: 3, within: HOUR };
	it.each<[string, Partial<Condition>, Array<[string, number, object?]>, number | null]>([
		['enough within the time', rolling, [['Click', -20], ['Click', 10], ['Click', 40]], 40],
		['the last of them exactly at the end of the time', rolling, [['Click', -20], ['Click', 10], ['Click', 40], ['Click', 45]], 40],
		['too few within the time', rolling, [['Click', -20.001], ['Click', 10], ['Click', 40]], null],
		['the first that completes them, whatever the order of arrival', rolling, [['Click', 30], ['Click', 25], ['Click', 20], ['Click', 10]], 25],
		['one that comes late and completes those after it', rolling, [['Click', 50], ['Click', 40], ['Click', -30], ['Click', -5]], 50],
		['only those that pass the filter', { ...rolling, filter: [{ path: 'x', operator: 'is', value: 1 }] }, [['Click', 1, { x: 1 }], ['Click', 2, { x: 2 }], ['Click', 3, { x: 1 }], ['Click', 4, { x: 1 }]], 4],
		['none from before the wait', { times: 2 }, [['Click', -60.001], ['Click', 5]], null],
		['as far apart as the wait lets them, if there is no time', { times: 2 }, [['Click', -60], ['Click', 60]], 60],
		// The wait begins at an hour that differs from test to test: both days are within it.
		['those of one calendar day', { times: 2, within: 'day' }, [['Click', -DAY_MINUTES], ['Click', 5], ['Click', 5.1]], 5.1],
	])('counts %s', async (_, more, events, at) => {
		const row = await wait([wakesBy('Click', more), wakesBy('Other')], events, { due_at: minutes(DAY_MINUTES), since: minutes(more.within === 'day' ? -2 * DAY_MINUTES : -60) });
		expect(row).toMatchObject(at === null ? { wake: null } : { wake: 'event', left: minutes(at), output: '1:Click' });
	});

	it('lets the first branch win that is complete, counted or not', async () => {
		const conditions = [wakesBy('Click', { ...rolling, output: 'three clicks' }), wakesBy('Order', { output: 'order' })];
		expect(await wait(conditions, [['Click', 1], ['Click', 2], ['Order', 5], ['Click', 4]])).toMatchObject({ output: 'three clicks', left: minutes(4) });
	});

	it('starts the timer again from the last of the events that repeat, each once', async () => {
		const conditions = [wakesBy('Cart', { effect: 'reset' }), wakesBy('Order')];
		const row = await wait(conditions, [['Cart', 10], ['Cart', 30], ['Cart', 20]], {}, HOUR);
		expect(row).toMatchObject({ wake: null, due: minutes(90), resets: 3 });
	});

	it('resets once for each of several events of one instant', async () => {
		const row = await wait([wakesBy('Cart', { effect: 'reset' })], [['Cart', 10], ['Cart', 10], ['Cart', 10]], {}, HOUR);
		expect(row).toMatchObject({ wake: null, due: minutes(70), resets: 3 });
	});

	it('counts an event from before a reset that arrives behind it', async () => {
		const conditions = [wakesBy('Cart', { effect: 'reset' }), wakesBy('Order')];
		if (order === 'events after the park') {
			expect(await wait(conditions, [['Cart', 30]], {}, HOUR)).toMatchObject({ wake: null, due: minutes(90), resets: 1 });
			expect(await takeIn(it_.store, 'test', [eventOf(user, 'Order', minutes(20))])).toMatchObject({ woken: 1 });
		} else {
			expect(await wait(conditions, [['Cart', 30], ['Order', 20]], {}, HOUR)).toMatchObject({ wake: 'event', left: minutes(20) });
		}
	});

	it('lets a reset make room for an event after the old deadline, and none for one after the new', async () => {
		const conditions = [wakesBy('Cart', { effect: 'reset' }), wakesBy('Order')];
		expect(await wait(conditions, [['Cart', 30], ['Order', 89]], {}, HOUR)).toMatchObject({ wake: 'event', left: minutes(89), resets: 1 });
	});

	it('stops resetting after a hundred', async () => {
		const events = Array.from({ length: 130 }, (_, at): [string, number] => ['Cart', at / 10]);
		const row = await wait([wakesBy('Cart', { effect: 'reset' })], events, {}, HOUR);
		expect(row).toMatchObject({ resets: 100, due: new Date(+minutes(9.9) + HOUR_MS) });
	});

	it('does not count the event that let the person in', async () => {
		await takeIn(it_.store, 'test', [eventOf(user, 'Click', it_.clock.now)]);
		await ask(it_.store, 'UPDATE instances SET event_id = (SELECT max(id) FROM events) WHERE journey_id = $1', [world.journey]);
		expect(await wait([wakesBy('Click')], [['Other', 0]])).toMatchObject({ wake: null });
	});

	it('only listens to what arrived after the park, when told so', async () => {
		const expected = order === 'events after the park' ? 'event' : null;
		const parking = { after_arrival: true, since: new Date(0) };
		if (order === 'events before the park') {
			expect(await wait([wakesBy('Click')], [['Click', 0]], parking)).toMatchObject({ wake: expected });
			return;
		}
		await park(idleEngine(it_.store), { token: running.token, execution: 'e1' }, world.state, { conditions: [wakesBy('Click')], timer: null }, running.people.map((one): Arrival => (
			{ id: one.id, profile_id: one.profile_id, due_at: minutes(60), expires: false, vars: null, wake: null, ...parking })));
		it_.clock.pass(1);
		// It happened before, and arrived after.
		expect(await takeIn(it_.store, 'test', [eventOf(user, 'Click', minutes(-30))])).toMatchObject({ woken: 1 });
	});
}
