import { takeIn } from '../../lib/run/intake';
import { park, type Arrival } from '../../lib/run/park';
import type { IntakeEntry, ProfileChange } from '../../lib/core/types';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy } from '../support/world';

const HOUR_MS = DAY_MS / 24;

describe.each(STORES)('profiles that become one on %s', (kind) => {
	let it_: TestStore;
	let rounds = 0;
	let a: string, b: string, c: string;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(() => {
		rounds++;
		[a, b, c] = [`a${rounds}`, `b${rounds}`, `c${rounds}`];
	});

	const hours = (count: number) => new Date(+it_.clock.now + count * HOUR_MS);
	const change = async (user: string, occurredAt: Date, what: ProfileChange) =>
		await takeIn(it_.store, 'test', [{ index: 0, identities: [{ kind: 'user_id', value: user }], change: what, occurredAt }]);
	const alias = (...users: string[]): IntakeEntry => ({ index: 0, identities: users.map((value) => ({ kind: 'user_id', value })), alias: true, change: {}, occurredAt: it_.clock.now });
	const merge = async (...users: string[]) => await takeIn(it_.store, 'test', [alias(...users)]);
	const profileOf = async (user: string) => (await ask<{ id: number; attributes: object; consent: object; tags: string[] }>(it_.store,
		`SELECT p.* FROM profiles p JOIN identities i ON i.profile_id = p.id WHERE i.value = $1`, [user]))[0]!;
	const states = (consent: object) => Object.fromEntries(Object.entries(consent).map(([channel, { state }]) => [channel, state]));

	it('keep of each attribute the newest write, a deletion being one', async () => {
		await change(a, hours(-4), { attributes: { plan: 'old', city: 'old', gone: 'old', back: null } });
		await change(b, hours(-3), { attributes: { plan: 'new', back: 'new', only: { deep: null } } });
		await change(b, hours(-2), { attributes: { gone: null } });
		await change(a, hours(-1), { attributes: { city: 'newest', late: 1 } });
		await change(b, hours(-2), { attributes: { late: 0, city: 'new' } });
		await merge(a, b);
		expect((await profileOf(b)).attributes).toEqual({ plan: 'new', city: 'newest', back: 'new', only: { deep: null }, late: 1 });
	});

	it('keep deleted what was deleted last on either side, and the times with it', async () => {
		await change(a, hours(-2), { attributes: { x: null, y: 1 } });
		await change(b, hours(-3), { attributes: { x: 1 } });
		await change(b, hours(-1), { attributes: { y: null } });
		await merge(a, b);
		expect((await profileOf(a)).attributes).toEqual({});
		// A write older than the deletion comes too late, also after the merge.
		await change(a, hours(-1.5), { attributes: { y: 2, x: 2 } });
		expect((await profileOf(a)).attributes).toEqual({ x: 2 });
	});

	it('keep the strictest consent, and its newest refusal', async () => {
		await change(a, hours(-9), { consent: { email: 'granted', sms: 'denied', push: 'granted', fax: 'denied' } });
		await change(b, hours(-5), { consent: { email: 'denied', sms: 'granted', post: 'granted' } });
		await change(b, hours(-8), { consent: { fax: 'denied' } });
		await change(a, hours(-3), { consent: { fax: 'denied' } });
		await merge(a, b);
		expect(states((await profileOf(a)).consent)).toEqual({ email: 'denied', sms: 'denied', push: 'granted', fax: 'denied', post: 'granted' });
		await change(a, hours(-4), { consent: { fax: 'granted' } });
		expect(states((await profileOf(a)).consent)).toMatchObject({ fax: 'denied' });
		// What one of them said before does not speak for both, however late it comes.
		await change(a, hours(-1), { consent: { email: 'granted', sms: 'granted', fax: 'granted' } });
		expect(states((await profileOf(a)).consent)).toMatchObject({ email: 'denied', sms: 'denied', fax: 'granted' });
		await change(a, hours(0), { consent: { email: 'granted' } });
		expect(states((await profileOf(a)).consent)).toMatchObject({ email: 'granted' });
	});

	it('keep all tags, identities and events, and leave nothing behind', async () => {
		await takeIn(it_.store, 'test', [
			eventOf(a, 'Seen', hours(-1), { change: { addTags: ['x', 'y'] } }), eventOf(b, 'Seen', hours(-2), { change: { addTags: ['y', 'z'] } }),
			{ index: 2, identities: [{ kind: 'user_id', value: b }, { kind: 'email', value: `${b}@example.com` }], change: {}, occurredAt: hours(0) },
		]);
		const [kept, gone] = [await profileOf(a), await profileOf(b)];
		await merge(b, a);
		expect((await profileOf(b)).id).toBe(kept.id);
		expect((await profileOf(`${b}@example.com`)).id).toBe(kept.id);
		expect((await profileOf(a)).tags).toEqual(['x', 'y', 'z']);
		expect(await ask(it_.store, `SELECT FROM events WHERE profile_id = $1 AND name = 'Seen'`, [kept.id])).toHaveLength(2);
		for (const table of ['identities', 'events', 'instances', 'candidates', 'enrolments', 'finished', 'deliveries', 'conversions', 'refusals', 'journal', 'engagements', 'timeouts', 'consents']) {
			expect([table, await ask(it_.store, `SELECT FROM ${table} WHERE profile_id = $1`, [gone.id])]).toEqual([table, []]);
		}
	});

	it('several in one batch, in chains and through shared profiles', async () => {
		const d = `d${rounds}`;
		const also = `also${rounds}`;
		await takeIn(it_.store, 'test', [a, b, c, d].map((user, index) => ({ ...eventOf(user, 'Enter', hours(0)), index, change: { attributes: { [user]: 1 } } })));
		await merge(a, also);
		// Two groups of identities, and both reach the profile of `a`.
		const result = await takeIn(it_.store, 'test', [alias(a, b), alias(also, c), alias(d, c)]);
		expect(result.events).toBe(0);
		const people = await Promise.all([a, b, c, d, also].map(profileOf));
		expect(new Set(people.map(({ id }) => id)).size).toBe(1);
		expect(people[0]!.attributes).toEqual({ [a]: 1, [b]: 1, [c]: 1, [d]: 1 });
	});

	async function bothInside() {
		const world = await makeWorld(it_.store, `merge${rounds}`, { type: 'conversion', exit: true });
		const [older] = await makeRunning(it_.store, world, [a], 1);
		it_.clock.pass(HOUR_MS);
		const [newer] = await makeRunning(it_.store, world, [b], 1);
		const engine = idleEngine(it_.store);
		const parking = async ({ token, people }: NonNullable<typeof older>) =>
			await park(engine, { token, execution: 'e1' }, world.state, { conditions: [wakesBy('Click')], timer: null }, people.map((one): Arrival => ({
				id: one.id, profile_id: one.profile_id, due_at: hours(24), expires: false, since: hours(-1), after_arrival: false, vars: null, wake: null,
			})));
		return { world, older: older!, newer: newer!, parking };
	}

	it('keep the older of two live instances, the other is done: merged', async () => {
		const { world, older, newer, parking } = await bothInside();
		await parking(older);
		await merge(a, b);
		expect(await ask(it_.store, 'SELECT id, profile_id, wake FROM instances WHERE journey_id = $1', [world.journey]))
			.toEqual([{ id: older.people[0]!.id, profile_id: older.people[0]!.profile_id, wake: null }]);
		expect(await ask(it_.store, 'SELECT id, status, reason, profile_id FROM finished WHERE journey_id = $1', [world.journey]))
			.toEqual([{ id: newer.people[0]!.id, status: 'done', reason: 'merged', profile_id: older.people[0]!.profile_id }]);
		expect(await ask(it_.store, 'SELECT last_exit FROM enrolments WHERE journey_id = $1', [world.journey])).toEqual([{ last_exit: it_.clock.now }]);
		// What the other's execution still wants to write comes to nothing.
		expect(await parking(newer)).toEqual([]);
		// And the survivor converts, though the other entered last.
		const result = await takeIn(it_.store, 'test', [eventOf(b, 'Order', hours(0))]);
		expect(result).toMatchObject({ conversions: 1 });
		expect(await ask(it_.store, 'SELECT id, wake FROM instances WHERE journey_id = $1', [world.journey])).toEqual([{ id: older.people[0]!.id, wake: 'goal' }]);
	});

	it('wake who waited for what the other did', async () => {
		const { world, older, parking } = await bothInside();
		await parking(older);
		await takeIn(it_.store, 'test', [eventOf(b, 'Click', hours(0))]);
		await merge(a, b);
		expect(await ask(it_.store, 'SELECT wake FROM instances WHERE journey_id = $1', [world.journey])).toEqual([{ wake: 'event' }]);
	});

	it('convert by what happened since the survivor entered, though the other entered later', async () => {
		const { world } = await bothInside();
		await takeIn(it_.store, 'test', [eventOf(`c${rounds}`, 'Order', hours(-0.5))]);
		expect(await takeIn(it_.store, 'test', [alias(a, b), alias(b, `c${rounds}`)])).toMatchObject({ events: 0 });
		expect(await ask(it_.store, 'SELECT wake FROM instances WHERE journey_id = $1', [world.journey])).toEqual([{ wake: 'goal' }]);
	});

	it('convert who is inside by what the other did', async () => {
		const { world, older, newer } = await bothInside();
		await ask(it_.store, 'DELETE FROM instances WHERE id = $1', [newer.people[0]!.id]);
		await ask(it_.store, 'DELETE FROM enrolments WHERE instance_id = $1', [newer.people[0]!.id]);
		await takeIn(it_.store, 'test', [eventOf(b, 'Order', hours(0))]);
		await merge(a, b);
		expect(await ask(it_.store, 'SELECT id, wake FROM instances WHERE journey_id = $1', [world.journey])).toEqual([{ id: older.people[0]!.id, wake: 'goal' }]);
	});

	it('count the entries of both, and remember the last', async () => {
		const { world, older } = await bothInside();
		await merge(b, a);
		const [enrolment] = await ask<{ entries: number; entry_times: Date[]; first_entry: Date; last_entry: Date; instance_id: number }>(
			it_.store, 'SELECT * FROM enrolments WHERE journey_id = $1', [world.journey]);
		expect(enrolment).toMatchObject({
			entries: 2, entry_times: [hours(-1), hours(0)], first_entry: hours(-1), last_entry: hours(0), instance_id: older.people[0]!.id,
		});
	});

	it('add up their refusals and keep one first conversion', async () => {
		const { world, older, newer } = await bothInside();
		for (const [{ people: [person] }, day] of [[older, '2026-03-01'], [newer, '2026-03-01'], [newer, '2026-03-02']] as const) {
			await ask(it_.store, `INSERT INTO refusals VALUES ($1, $2, 'cap', $3, $4, $4, 2, '{}')`, [person!.profile_id, world.journey, day, day === '2026-03-01' && person === newer.people[0] ? hours(-5) : hours(-3)]);
		}
		await takeIn(it_.store, 'test', [eventOf(a, 'Order', hours(0)), eventOf(b, 'Order', hours(0))]);
		await merge(a, b);
		expect(await ask(it_.store, 'SELECT times, first_at, last_at FROM refusals WHERE journey_id = $1 ORDER BY day', [world.journey])).toEqual([
			{ times: 4, first_at: hours(-5), last_at: hours(-3) }, { times: 2, first_at: hours(-3), last_at: hours(-3) },
		]);
		expect(await ask(it_.store, 'SELECT first FROM conversions WHERE journey_id = $1 ORDER BY first', [world.journey])).toEqual([{ first: false }, { first: true }]);
	});
});
