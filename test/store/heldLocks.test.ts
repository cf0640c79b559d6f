import { admit } from '../../lib/run/admission';
import { takeIn } from '../../lib/run/intake';
import { park, type Arrival } from '../../lib/run/park';
import { Registry } from '../../lib/run/registry';
import { followWait } from '../../lib/run/reschedule';
import { claimCandidates } from '../../lib/store/claim';
import { switchOff } from '../../lib/store/steps';
import type { Store } from '../../lib/store/types';
import { saveWait } from '../../lib/store/waits';
import { stopping, untilBlocked } from '../support/intercept';
import { freshStore, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy, type World } from '../support/world';

/* The races of lostWakeups.test.ts, each with one side stopped at the worst moment until the other waits for it. */
describe('two transactions about one person', () => {
	let it_: TestStore;
	let rounds = 0;
	beforeAll(async () => {
		it_ = await freshStore('postgres');
	}, 60_000);
	afterAll(async () => await it_?.drop());

	const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC' };
	const parking = async (store: Store, world: World, { token, people }: Awaited<ReturnType<typeof makeRunning>>[0]) =>
		await park(idleEngine(store), { token, execution: 'e1' }, world.state, { conditions: [wakesBy('Click')], timer: null }, people.map((one): Arrival => ({
			id: one.id, profile_id: one.profile_id, due_at: new Date(+it_.clock.now + DAY_MS), expires: false, since: it_.clock.now, after_arrival: false, vars: null, wake: null,
		})));
	const happens = async (store: Store, user: string, name: string) => await takeIn(store, 'test', [eventOf(user, name, it_.clock.now)]);
	const merge = async (store: Store, ...users: string[]) => await takeIn(store, 'test', [
		{ index: 0, identities: users.map((value) => ({ kind: 'user_id', value })), alias: true, change: {}, occurredAt: it_.clock.now },
	]);
	const wakesOf = async ({ journey }: World) => (await ask<{ wake: string | null }>(it_.store, 'SELECT wake FROM instances WHERE journey_id = $1 ORDER BY id', [journey])).map(({ wake }) => wake);

	async function oneRunning(users = 1) {
		const name = `held${++rounds}`;
		const world = await makeWorld(it_.store, name);
		const names = Array.from({ length: users }, (_, at) => `${name}-${at}`);
		return { name, world, names, claims: await makeRunning(it_.store, world, names, 1) };
	}

	it('a park that finds a match at work waits for it and looks back', async () => {
		const { world, names, claims } = await oneRunning();
		const { store, gate } = stopping(it_.store, 'after', /FROM conditions c LEFT JOIN steps/);
		const matching = happens(store, names[0]!, 'Click');
		await gate.reached;
		const parked = parking(it_.store, world, claims[0]!);
		await untilBlocked(it_.store);
		gate.open();
		expect(await matching).toMatchObject({ woken: 0 });
		expect(await parked).toHaveLength(1);
		expect(await wakesOf(world)).toEqual(['event']);
	});

	it('a match that finds a park at work waits for it and wakes', async () => {
		const { world, names, claims } = await oneRunning();
		const { store, gate } = stopping(it_.store, 'after', /status = 'waiting', token = NULL/);
		const parked = parking(store, world, claims[0]!);
		await gate.reached;
		const matching = happens(it_.store, names[0]!, 'Click');
		await untilBlocked(it_.store);
		gate.open();
		expect(await parked).toHaveLength(1);
		expect(await matching).toMatchObject({ woken: 1 });
		expect(await wakesOf(world)).toEqual(['event']);
	});

	it('a park of somebody who has become another sees what happens to that one before it holds their lock', async () => {
		const older = `older${rounds}`;
		await happens(it_.store, older, 'Other');
		const { world, names, claims } = await oneRunning();
		await merge(it_.store, older, names[0]!);
		const { store, gate } = stopping(it_.store, 'after', /status = 'waiting', token = NULL/);
		const parked = parking(store, world, claims[0]!);
		await gate.reached;
		expect(await happens(it_.store, older, 'Click')).toMatchObject({ woken: 0 });
		gate.open();
		expect(await parked).toHaveLength(1);
		expect(await wakesOf(world)).toEqual(['event']);
	});

	async function oneCandidate() {
		const name = `held${++rounds}`;
		const world = await makeWorld(it_.store, name, { type: 'conversion', exit: true });
		await happens(it_.store, name, 'Enter');
		const claim = await it_.store.tx(async (db) => await claimCandidates(db, world.entry, 0, 5, it_.clock.now));
		const step = { id: world.entry };
		const admitting = async (store: Store) => await admit(idleEngine(store), { token: claim!.token, execution: 'e1' }, step, rules);
		return { name, world, admitting };
	}

	it('an admission that finds an order at work waits for it and looks back', async () => {
		const { name, world, admitting } = await oneCandidate();
		const { store, gate } = stopping(it_.store, 'after', /FROM conditions c LEFT JOIN steps/);
		const ordering = happens(store, name, 'Order');
		await gate.reached;
		const admitted = admitting(it_.store);
		await untilBlocked(it_.store);
		gate.open();
		expect(await ordering).toMatchObject({ conversions: 0 });
		await admitted;
		expect(await wakesOf(world)).toEqual(['goal']);
	});

	it('an order that finds an admission at work waits for it and converts', async () => {
		const { name, world, admitting } = await oneCandidate();
		const { store, gate } = stopping(it_.store, 'after', /WITH hit AS/);
		const admitted = admitting(store);
		await gate.reached;
		const ordering = happens(it_.store, name, 'Order');
		await untilBlocked(it_.store);
		gate.open();
		await admitted;
		expect(await ordering).toMatchObject({ conversions: 1 });
		expect(await wakesOf(world)).toEqual(['goal']);
	});

	it.each([
		['an event that finds its Entry Trigger coming back', 'registration', /INSERT INTO candidates/],
		['an Entry Trigger that finds an event at work', 'event', /journey registry/],
	] as const)('%s waits for it', async (_what, first, statement) => {
		const { name, world, names, claims } = await oneRunning();
		await it_.store.tx(async (db) => await switchOff(db, [world.entry], db.now));
		const { store, gate } = stopping(it_.store, 'after', statement);
		const registry = new Registry(first === 'registration' ? store : it_.store, { subscribe() {}, unsubscribe() {} } as never, console, { run() {}, pause: async () => undefined, rest() {}, end() {} });
		const register = () => registry.register({
			place: { host: 'host', workflowId: name, nodeId: 'entry', name: 'The entry', kind: 'entry' },
			journey: { key: name, name, rules }, listens: { conditions: [wakesBy('Enter')], config: {} }, limit: 1, emit: async () => undefined, since: new Date(),
		});
		const entering = async () => await happens(first === 'event' ? store : it_.store, names[0]!, 'Enter');
		let entered: Promise<unknown> = Promise.resolve();
		if (first === 'event') entered = entering();
		else register();
		await gate.reached;
		if (first === 'event') register();
		else entered = entering();
		await untilBlocked(it_.store);
		gate.open();
		await entered;
		registry.stop();
		const [who] = claims[0]!.people;
		let found: object[] = [];
		while (found.length === 0) {
			found = await ask(it_.store, 'SELECT FROM candidates WHERE journey_id = $1 AND profile_id = $2', [world.journey, who!.profile_id]);
		}
		expect(found).toHaveLength(1);
	});

	it('a changed delay that finds a reset at work counts from the event that reset it', async () => {
		const { world, names, claims } = await oneRunning();
		const days = (amount: number) => ({ kind: 'delay' as const, delay: { amount, unit: 'days' as const } });
		const conditions = [wakesBy('Cart', { output: '', effect: 'reset' })];
		await it_.store.tx(async (db) => await saveWait(db, world.state, { rule: days(3), set: null }));
		const { token, people: [one] } = claims[0]!;
		await park(idleEngine(it_.store), { token, execution: 'e1' }, world.state, { conditions, timer: days(3).delay }, [
			{ id: one!.id, profile_id: one!.profile_id, due_at: new Date(+it_.clock.now + 3 * DAY_MS), expires: false, since: it_.clock.now, after_arrival: true, vars: null, wake: null },
		]);
		it_.clock.pass(60_000);
		const { store, gate } = stopping(it_.store, 'before', /journey match/);
		const following = followWait(store, world.state, { rule: days(2), resets: { conditions, timer: days(2).delay } }, () => false);
		await gate.reached;
		await happens(it_.store, names[0]!, 'Cart');
		gate.open();
		expect(await following).toBe(1);
		expect(await ask(it_.store, 'SELECT due_at, resets FROM instances WHERE journey_id = $1', [world.journey])).toEqual([{ due_at: new Date(+it_.clock.now + 2 * DAY_MS), resets: 1 }]);
	});

	describe('while two profiles become one', () => {
		it('an event that knew the old profile finds the new one', async () => {
			const { world, names, claims } = await oneRunning(2);
			await parking(it_.store, world, claims[0]!);
			const { store, gate } = stopping(it_.store, 'before', /journey match/);
			const matching = happens(store, names[1]!, 'Click');
			await gate.reached;
			await merge(it_.store, names[0]!, names[1]!);
			gate.open();
			expect(await matching).toMatchObject({ woken: 1 });
			const [event] = await ask(it_.store, `SELECT profile_id FROM events ORDER BY id DESC LIMIT 1`);
			expect(event).toEqual({ profile_id: claims[0]!.people[0]!.profile_id });
		});

		it('a park that knew the old profile looks back for the new one', async () => {
			const { world, names, claims } = await oneRunning(2);
			await it_.store.tx(async (db) => await db.rows('DELETE FROM instances WHERE id = $1', [claims[0]!.people[0]!.id]));
			await merge(it_.store, names[0]!, names[1]!);
			const { store, gate } = stopping(it_.store, 'after', /FROM conditions c LEFT JOIN steps/);
			const matching = happens(store, names[0]!, 'Click');
			await gate.reached;
			const parked = parking(it_.store, world, claims[1]!);
			await untilBlocked(it_.store);
			gate.open();
			await matching;
			expect(await parked).toHaveLength(1);
			expect(await wakesOf(world)).toEqual(['event']);
		});

		it('an admission that knew the old profile admits the new one', async () => {
			const name = `held${++rounds}`;
			const world = await makeWorld(it_.store, name);
			await happens(it_.store, `${name}-0`, 'Other');
			await happens(it_.store, `${name}-1`, 'Enter');
			const claim = await it_.store.tx(async (db) => await claimCandidates(db, world.entry, 0, 5, it_.clock.now));
			const { store, gate } = stopping(it_.store, 'before', /journey match/);
			const step = { id: world.entry };
			const admitted = admit(idleEngine(store), { token: claim!.token, execution: 'e1' }, step, rules);
			await gate.reached;
			await merge(it_.store, `${name}-0`, `${name}-1`);
			gate.open();
			const [kept] = await ask<{ profile_id: number }>(it_.store, `SELECT profile_id FROM identities WHERE value = $1`, [`${name}-0`]);
			expect((await admitted).map((one) => one.profile.id)).toEqual([kept!.profile_id]);
			expect(await ask(it_.store, 'SELECT profile_id FROM enrolments WHERE journey_id = $1', [world.journey])).toEqual([kept]);
		});

		it('two merges that share a profile make one person of three', async () => {
			const { name, claims, names } = await oneRunning(3);
			const also: Array<[string, number]> = [[`${name}-x`, 1], [`${name}-y`, 1]];
			for (const [value, of] of also) {
				await ask(it_.store, `INSERT INTO identities VALUES ('user_id', $1, $2, now())`, [value, claims[of]!.people[0]!.profile_id]);
			}
			const { store, gate } = stopping(it_.store, 'before', /journey match/);
			const second = merge(store, names[2]!, `${name}-y`);
			await gate.reached;
			await merge(it_.store, names[0]!, `${name}-x`);
			gate.open();
			await second;
			const owners = await ask(it_.store, `SELECT DISTINCT profile_id FROM identities WHERE value LIKE $1`, [`${name}-%`]);
			expect(owners).toEqual([{ profile_id: claims[0]!.people[0]!.profile_id }]);
		});

		it('a new identity of a profile that is merged meanwhile goes along', async () => {
			const { name, claims, names } = await oneRunning(2);
			await ask(it_.store, `INSERT INTO identities VALUES ('user_id', $1, $2, now())`, [`${name}-x`, claims[1]!.people[0]!.profile_id]);
			const { store, gate } = stopping(it_.store, 'before', /INSERT INTO identities/);
			const naming = merge(store, `${name}-x`, `${name}-new`);
			await gate.reached;
			const merging = merge(it_.store, names[0]!, names[1]!);
			await untilBlocked(it_.store);
			gate.open();
			await naming;
			await merging;
			const owners = await ask(it_.store, `SELECT DISTINCT profile_id FROM identities WHERE value LIKE $1`, [`${name}-%`]);
			expect(owners).toEqual([{ profile_id: claims[0]!.people[0]!.profile_id }]);
		});
	});
});
