import { compileRule } from '../../lib/core/rule';
import type { Rule } from '../../lib/core/types';
import { takeIn } from '../../lib/run/intake';
import { park, type Arrival } from '../../lib/run/park';
import { addCandidatesSince } from '../../lib/store/candidates';
import { convertByLookBack, convertSince } from '../../lib/store/goals';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy } from '../support/world';

const HOUR_MS = 60 * 60_000;

describe.each(STORES)('history on %s', (kind) => {
	let test: TestStore;
	let rounds = 0;
	beforeAll(async () => {
		test = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await test?.drop());

	const ago = (ms: number) => new Date(+test.clock.now - ms);
	const load = async (user: string, names: string[], at: Date) =>
		await takeIn(test.store, 'test', names.map((name, index) => ({ ...eventOf(user, name, at, { messageId: `${user} ${name} ${+at}` }), index })), [], { match: false });
	const inside = async (journey: number) => await ask(test.store, 'SELECT wake, end_reason FROM instances WHERE journey_id = $1', [journey]);

	async function oneRunning() {
		const user = `h${++rounds}`;
		const world = await makeWorld(test.store, user, { type: 'conversion', exit: true });
		const [claim] = await makeRunning(test.store, world, [user], 1);
		const parking = async () => await park(idleEngine(test.store), { token: claim!.token, execution: 'e1' }, world.state, { conditions: [wakesBy('Click')], timer: null }, claim!.people.map((one): Arrival => ({
			id: one.id, profile_id: one.profile_id, due_at: ago(-DAY_MS), expires: false, since: ago(HOUR_MS), after_arrival: false, vars: null, wake: null,
		})));
		return { user, world, parking, person: claim!.people[0]! };
	}

	it('neither enters, wakes nor converts anyone when it is loaded, or when journeys look back later', async () => {
		const { user, world, parking, person } = await oneRunning();
		test.clock.pass(HOUR_MS);
		// Within everybody's reach, had it come in as events do.
		expect(await load(user, ['Enter', 'Click', 'Order'], ago(60_000))).toMatchObject({ events: 3, woken: 0, candidates: 0, conversions: 0 });
		await parking();
		expect(await inside(world.journey)).toEqual([{ wake: null, end_reason: null }]);
		await load(user, ['Click', 'Order'], ago(30_000));
		expect(await inside(world.journey)).toEqual([{ wake: null, end_reason: null }]);
		const lookBack = await test.store.tx(async (db) => [
			await addCandidatesSince(db, world.entry, ago(HOUR_MS)), await convertSince(db, world.goal, ago(HOUR_MS)), await convertByLookBack(db, [person.profile_id], [person.id]),
		]);
		expect(lookBack).toEqual([0, 0, 0]);

		// The same as an event: it would have.
		expect(await takeIn(test.store, 'test', [eventOf(user, 'Click', ago(20_000))])).toMatchObject({ woken: 1 });
		expect(await takeIn(test.store, 'test', [eventOf(user, 'Order', ago(10_000))])).toMatchObject({ conversions: 1 });
		expect(await takeIn(test.store, 'test', [eventOf(user, 'Enter', ago(10_000))])).toMatchObject({ candidates: 1 });
	});

	it('counts in rules about people', async () => {
		const user = `h${++rounds}`;
		await load(user, ['Order', 'Order 2'], ago(20 * DAY_MS));
		const { profile_id: profile } = (await ask<{ profile_id: number }>(test.store, 'SELECT profile_id FROM identities WHERE value = $1', [user]))[0]!;
		const did = async (days: number) => {
			const rule: Rule = { kind: 'behaviour', event: 'Order', filter: [], did: true, atLeast: 1, within: { amount: days, unit: 'days' } };
			const { sql, params } = compileRule(rule, { now: test.clock.now, firstParameter: 2 });
			return (await ask<{ yes: boolean }>(test.store, `SELECT ${sql} AS yes FROM profiles p WHERE p.id = $1`, [profile, ...params]))[0]!.yes;
		};
		expect([await did(30), await did(10)]).toEqual([true, false]);
	});

	it('is kept in the months in which it happened, which are made; and once, by its message ids', async () => {
		const user = `h${++rounds}`;
		const days = ['2019-11-30T23:59:59.999Z', '2019-12-01T00:00:00Z', '2024-02-29T12:00:00Z'];
		const entries = days.map((day, index) => ({ ...eventOf(user, 'Old', new Date(day), { messageId: `old ${day}` }), index }));
		expect(await takeIn(test.store, 'test', entries, [], { match: false })).toMatchObject({ events: 3, duplicates: 0 });
		expect(await takeIn(test.store, 'test', entries, [], { match: false })).toMatchObject({ events: 0, duplicates: 3 });
		expect(await ask(test.store, `SELECT tableoid::regclass::text AS month, occurred_at = received_at AS own FROM events WHERE name = 'Old' ORDER BY occurred_at`))
			.toEqual(['2019_11', '2019_12', '2024_02'].map((month) => ({ month: `events_${month}`, own: true })));
	});
});
