import { park, type Arrival, type Wait } from '../../lib/run/park';
import { takeIn } from '../../lib/run/intake';
import { NO_DATE, type Json } from '../../lib/core/types';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy, type World } from '../support/world';

const HOUR_MS = DAY_MS / 24;

describe.each(STORES)('a park looks back on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let users = 0;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		world = await makeWorld(it_.store);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	const ago = (hours: number) => new Date(+it_.clock.now - hours * HOUR_MS);

	/** Someone of whom these events are on record begins to wait. @returns what woke them at once */
	async function parked(wait: Wait, events: Array<[name: string, at: Date]>, more: Partial<Arrival> = {}, attributes: Json = {}): Promise<string | null> {
		const user = `u${++users}`;
		const [batch] = await makeRunning(it_.store, world, [user], 1);
		const [one] = batch!.people;
		await takeIn(it_.store, 'test', events.map(([name, at]) => eventOf(user, name, at, { change: { attributes } })));
		const arrival = { id: one!.id, profile_id: one!.profile_id, due_at: ago(-24), expires: false, since: ago(4), after_arrival: false, vars: null, wake: null, ...more };
		expect(await park(idleEngine(it_.store), { token: batch!.token, execution: 'e1' }, world.state, wait, [arrival])).toEqual([one!.id]);
		const [row] = await ask<{ wake: string | null }>(it_.store, 'SELECT wake FROM instances WHERE id = $1', [one!.id]);
		return row!.wake;
	}

	const forClick: Wait = { conditions: [wakesBy('Click')], timer: null };

	it('to what happened since, and to nothing else', async () => {
		expect(await parked(forClick, [['Click', ago(3)]])).toBe('event');
		expect(await parked(forClick, [['Click', ago(5)], ['Other', ago(3)]])).toBeNull();
		expect(await parked(forClick, [['Click', ago(1)]], { due_at: ago(2) })).toBeNull();
		expect(await parked(forClick, [['Click', ago(3)]], { after_arrival: true })).toBeNull();
	});

	it('to as many as are asked for', async () => {
		const twice: Wait = { conditions: [wakesBy('Click', { times: 2 })], timer: null };
		expect(await parked(twice, [['Click', ago(3)]])).toBeNull();
		expect(await parked(twice, [['Click', ago(3)], ['Click', ago(2)]])).toBe('event');
	});

	it('not to what only tells who is best when the time is up', async () => {
		expect(await parked({ conditions: [wakesBy('Click', { effect: 'rank' })], timer: null }, [['Click', ago(3)]])).toBeNull();
	});

	it('leaves alone whose turn is decided', async () => {
		expect(await parked(forClick, [['Click', ago(3)]], { wake: 'batch' })).toBe('batch');
	});

	it('to what counts only by a deadline that was moved while they came', async () => {
		const untilRenewal: Wait = {
			conditions: [wakesBy('Click'), { output: NO_DATE, event: '', filter: [], effect: 'wake', kind: 'date', subjects: ['renewal'] }],
			timer: null,
			date: { path: ['renewal'], offset: { amount: 0, unit: 'days', before: true }, past: 'proceed' },
		};
		// Their renewal was two hours ago when the State asked, and is tomorrow by now.
		expect(await parked(untilRenewal, [['Click', ago(1)]], { due_at: ago(2) }, { renewal: ago(-24).toISOString() })).toBe('event');
	});
});
