import { admit } from '../../lib/run/admission';
import { Executions } from '../../lib/run/executions';
import { openStore } from '../../lib/run/engine';
import { takeIn } from '../../lib/run/intake';
import { Janitor } from '../../lib/run/janitor';
import { Leases } from '../../lib/run/leases';
import { park, type Arrival } from '../../lib/run/park';
import { claimCandidates, claimInstances, nextDue } from '../../lib/store/claim';
import { saveConditions } from '../../lib/store/conditions';
import { claimDeliveries } from '../../lib/store/deliveries';
import { addCandidatesSince, convertSince } from '../../lib/store/match';
import type { Store } from '../../lib/store/types';
import { explained, type Seen } from '../support/plans';
import { freshDatabase } from '../support/postgres';
import { FrozenClock } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeWorld, wakesBy, type World } from '../support/world';

const PEOPLE = 200_000;
const BATCH = 500;

/*
 * Everything that runs for each batch, beside 200,000 people who wait, on tables that were filled in one go and never
 * analysed: the planner knows their size and nothing of what is in them. Whatever it thinks, a statement must reach
 * its people by key. Counted in rows, which are the same on every machine.
 */
describe('hot statements', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Store;
	let world: World;
	const clock = new FrozenClock();
	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey', clock: () => clock.now });
		world = await makeWorld(store, 'shop', { type: 'conversion', exit: true, value: null, currency: null, window: null });
		for (const table of ['profiles', 'identities', 'instances', 'enrolments', 'candidates', 'events_2026_03', 'deliveries', 'seen']) {
			await ask(store, `ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
		}
		const set = await store.tx(async (db) => await saveConditions(db, [wakesBy('Click')], null));
		await ask(store, 'INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM generate_series(1, $2)', [clock.now, PEOPLE]);
		await ask(store, `INSERT INTO identities SELECT 'user_id', 'u' || id, id, $1 FROM profiles`, [clock.now]);
		await ask(store, `INSERT INTO instances (profile_id, journey_id, step_id, set_id, status, visit, due_at, since, parked_at, left_at, entered_at)
			SELECT id, $2, $3, $4, 'waiting', 1, $1::timestamptz + make_interval(days => 1, secs => id % 10000), $1, $1, $1, $1 FROM profiles`, [clock.now, world.journey, world.state, set]);
		await ask(store, `INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entries, entry_times, first_entry, last_entry)
			SELECT profile_id, journey_id, '', id, 1, ARRAY[entered_at], entered_at, entered_at FROM instances`);
		await ask(store, `INSERT INTO events (profile_id, name, properties, occurred_at, received_at)
			SELECT id, CASE WHEN id % 3 = 0 THEN 'Seen' ELSE 'Click' END, '{}', $1::timestamptz - interval '1 hour', $1::timestamptz - interval '1 hour' FROM profiles`, [clock.now]);
		await ask(store, 'INSERT INTO seen SELECT gen_random_uuid(), $1 FROM profiles WHERE id % 2 = 0', [clock.now]);
		await ask(store, `INSERT INTO candidates (step_id, journey_id, profile_id, event_id, event_received_at, due_at)
			SELECT $2, $3, profile_id, id, received_at, $1::timestamptz + interval '1 day' FROM events WHERE id % 4 = 0`, [clock.now, world.entry, world.journey]);
	}, 120_000);
	afterAll(async () => {
		await store?.close();
		await database?.drop();
	});

	const users = (from: number) => Array.from({ length: BATCH }, (_, at) => `u${from + at * 300}`);
	/** Nothing big is read from end to end, and a row is looked at a few times by each of some thirty nodes of a plan. */
	function check(seen: Seen[]): void {
		expect(seen.length).toBeGreaterThan(0);
		expect(seen.filter(({ scanned }) => scanned.some((table) => /^(profiles|identities|instances|enrolments|candidates|events_2026_03|deliveries|seen)$/.test(table)))).toEqual([]);
		expect(seen.filter(({ rows }) => rows > 50 * BATCH)).toEqual([]);
	}

	it('of intake', async () => {
		const { store: watched, seen } = explained(store);
		const entries = users(1).map((user, index) => ({ ...eventOf(user, 'Click', clock.now, { messageId: `m${index}`, change: { attributes: { seen: index } } }), index }));
		expect(await takeIn(watched, 'test', entries)).toMatchObject({ events: BATCH, woken: BATCH });
		check(seen);
	});

	it('of claiming, starting and parking again', async () => {
		const { store: watched, seen } = explained(store);
		const engine = idleEngine(watched);
		await watched.tx(async (db) => await nextDue(db, 'instances', [world.state, world.goal]));
		const { token, ids } = (await watched.tx(async (db) => await claimInstances(db, world.state, 0, 5_000, new Date(+db.now + 60_000))))!;
		expect(ids).toHaveLength(BATCH);
		const running = await engine.executions.start({ token, execution: 'e1' });
		await watched.tx(async (db) => await claimDeliveries(db, { token, execution: 'e1' }, world.action, { channel: 'email', class: 'marketing', againIfUnknown: false }, ids));
		await park(engine, { token, execution: 'e1' }, world.state, { conditions: [wakesBy('Click')], timer: null }, running.slice(0, BATCH / 2).map((one): Arrival => ({
			id: one.id, profile_id: one.profile.id, due_at: new Date(+clock.now + DAY_MS), expires: false, since: new Date(+clock.now - DAY_MS), after_arrival: false, vars: null, wake: null,
		})));
		await engine.executions.acknowledge({ token, execution: 'e1' }, { settlements: [] });
		check(seen);
	});

	it('of entering', async () => {
		const { store: watched, seen } = explained(store);
		const engine = idleEngine(watched);
		const fresh = Array.from({ length: BATCH }, (_, at) => `fresh${at}`);
		expect(await takeIn(watched, 'test', fresh.map((user, index) => ({ ...eventOf(user, 'Enter', clock.now), index })))).toMatchObject({ candidates: BATCH });
		await watched.tx(async (db) => await nextDue(db, 'candidates', [world.entry]));
		const { token } = (await watched.tx(async (db) => await claimCandidates(db, world.entry, 0, 5_000, new Date(+db.now + 60_000))))!;
		const step = { id: world.entry, journey_id: world.journey, workflow: 0, off_since: null, fresh: false };
		expect(await admit(engine, { token, execution: 'e1' }, step, { reentry: { kind: 'once' }, whileInside: 'refuse', values: {}, zone: 'UTC' })).toHaveLength(BATCH);
		check(seen);
	});

	it('of goals', async () => {
		const { store: watched, seen } = explained(store);
		expect(await takeIn(watched, 'test', users(2).map((user, index) => ({ ...eventOf(user, 'Order', clock.now), index })))).toMatchObject({ conversions: BATCH });
		check(seen);
	});

	it('of giving back what a dead process held', async () => {
		const { store: watched, seen } = explained(store);
		const claim = await store.tx(async (db) => await claimInstances(db, world.goal, 0, 5_000, db.now));
		expect(claim!.ids).toHaveLength(BATCH);
		const executions = new Executions(watched, new Leases(watched), () => undefined);
		executions.hold({ token: claim!.token, execution: 'x' });
		clock.pass(1);
		expect(await new Janitor(watched, () => undefined, (error) => { throw error; }).sweep()).toMatchObject({ claims: 1 });
		check(seen);
	});

	it('of listeners that come back', async () => {
		// As autovacuum does.
		await ask(store, `SELECT brin_summarize_new_values('events_2026_03_received_at_idx')`);
		const { store: watched, seen } = explained(store);
		const since = new Date(+clock.now - 60_000);
		expect(await watched.tx(async (db) => await addCandidatesSince(db, world.entry, since))).toBeGreaterThan(0);
		expect(await watched.tx(async (db) => await convertSince(db, world.goal, since))).toBe(0);
		check(seen);
	});

	it('of making two people one', async () => {
		const { store: watched, seen } = explained(store);
		await takeIn(watched, 'test', [{ index: 0, identities: [{ kind: 'user_id', value: 'u5' }, { kind: 'user_id', value: 'u6' }], alias: true, change: {}, occurredAt: clock.now }]);
		check(seen);
	});
});
