import type { EntryRules, Json } from '../../lib/core/types';
import { admit } from '../../lib/run/admission';
import { takeIn } from '../../lib/run/intake';
import { claimCandidates } from '../../lib/store/claim';
import { stopping, untilBlocked } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, idleEngine, makeWorld, type World } from '../support/world';

describe.each(STORES)('admission on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let rounds = 0;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(async () => {
		world = await makeWorld(it_.store, `admission${++rounds}`);
		await ask(it_.store, `UPDATE steps SET state = 'off', off_since = now() WHERE kind = 'entry' AND id <> $1 AND state = 'on'`, [world.entry]);
	});

	const rules = (more: Partial<EntryRules> = {}): EntryRules => ({ reentry: { kind: 'cap', times: 99 }, whileInside: 'refuse', values: {}, zone: 'UTC', ...more });
	const enter = async (user: string, secondsAgo = 0, properties: Json = {}) =>
		await takeIn(it_.store, 'test', [eventOf(`${rounds}${user}`, 'Enter', new Date(+it_.clock.now - secondsAgo * 1_000), { properties })]);
	const claim = async (limit = 100) => await it_.store.tx(async (db) => await claimCandidates(db, world.entry, 0, limit, new Date(+db.now + 60_000)));
	const step = () => ({ id: world.entry });
	const admitAll = async (of: EntryRules, token?: string, store = it_.store) =>
		await admit(idleEngine(store), { token: token ?? (await claim())!.token, execution: 'e1' }, step(), of);
	const enrolments = async () => await ask<{ entries: number; times: number }>(it_.store,
		'SELECT entries, cardinality(entry_times) AS times FROM enrolments WHERE journey_id = $1 ORDER BY profile_id, correlation', [world.journey]);
	const refusals = async () => await ask<{ reason: string; times: number }>(it_.store, 'SELECT reason, times FROM refusals WHERE journey_id = $1 ORDER BY reason', [world.journey]);

	it('makes running instances under the claim, once', async () => {
		await enter('a', 9, { cart: 7 });
		await enter('b');
		const { token } = (await claim())!;
		const first = await admitAll(rules({ values: { cart: 'cart' } }), token);
		expect(first.map(({ context, visit, wake }) => ({ context, visit, wake }))).toEqual([
			{ context: { cart: 7 }, visit: 0, wake: 'entry' }, { context: { cart: null }, visit: 0, wake: 'entry' },
		]);
		// n8n calls again: the same people, nobody twice.
		expect(await admitAll(rules(), token)).toEqual(first);
		expect(await ask(it_.store, 'SELECT FROM candidates WHERE journey_id = $1', [world.journey])).toEqual([]);
		expect(await enrolments()).toEqual([{ entries: 1, times: 1 }, { entries: 1, times: 1 }]);
		expect(await ask(it_.store, `SELECT FROM journal WHERE journey_id = $1 AND kind = 'entered'`, [world.journey])).toHaveLength(2);
	});

	it('does nothing for an execution that did not pass the fence', async () => {
		await enter('a');
		const { token } = (await claim())!;
		await admitAll(rules(), token);
		const engine = idleEngine(it_.store);
		expect(await admit(engine, { token, execution: 'e2' }, step(), rules())).toEqual([]);
	});

	it('lets nobody in by an event while an earlier date of a schedule of theirs is not decided, and the other way round', async () => {
		for (const [user, eventAgo, runAgo] of [['a', 10, 20], ['b', 20, 10]] as const) {
			await enter(user, eventAgo);
			const at = new Date(+it_.clock.now - runAgo * 1_000);
			await ask(it_.store, `INSERT INTO candidates (step_id, journey_id, profile_id, run_id, occurred_at, due_at)
				SELECT $1, $2, profile_id, 1, $3, $3 FROM identities WHERE value = $4`, [world.entry, world.journey, at, `${rounds}${user}`]);
		}
		// What is later of each is claimed alone.
		const theirs = "(event_id IS NOT NULL) = (profile_id = (SELECT min(profile_id) FROM candidates WHERE journey_id = $1)) AND journey_id = $1";
		await ask(it_.store, `UPDATE candidates SET due_at = $2 WHERE journey_id = $1 AND NOT (${theirs})`, [world.journey, new Date(+it_.clock.now + 60_000)]);
		expect(await admitAll(rules())).toEqual([]);
		expect(await ask(it_.store, 'SELECT delayed FROM candidates WHERE journey_id = $1 ORDER BY delayed', [world.journey])).toEqual([{ delayed: 'order' }, { delayed: 'order' }, { delayed: null }, { delayed: null }]);
	});

	it('takes one person\'s events in their order, whatever order they came in, and counts within the batch', async () => {
		for (const ago of [10, 30, 20]) await enter('a', ago);
		const [inside] = await admitAll(rules({ whileInside: 'restart', reentry: { kind: 'cap', times: 2 } }));
		// 30 enters, 20 restarts it at once, 10 is one too many.
		expect(inside!.entered_at).toEqual(new Date(+it_.clock.now - 20_000));
		expect(await enrolments()).toEqual([{ entries: 2, times: 2 }]);
		expect(await refusals()).toEqual([{ reason: 'cap', times: 1 }, { reason: 'restarted_at_once', times: 1 }]);
		await enter('a');
		expect(await admitAll(rules({ whileInside: 'restart', reentry: { kind: 'cap', times: 2 } }))).toEqual([]);
		expect(await refusals()).toEqual([{ reason: 'cap', times: 2 }, { reason: 'restarted_at_once', times: 1 }]);
	});

	it('restarts who is inside: the old instance is done, the new one has the new values', async () => {
		await enter('a', 5, { cart: 1 });
		const [old] = await admitAll(rules({ values: { cart: 'cart' } }));
		await enter('a', 0, { cart: 2 });
		const [fresh] = await admitAll(rules({ values: { cart: 'cart' }, whileInside: 'restart' }));
		expect([fresh!.context, fresh!.id === old!.id]).toEqual([{ cart: 2 }, false]);
		expect(await ask(it_.store, 'SELECT id, status, reason FROM finished WHERE journey_id = $1', [world.journey])).toEqual([{ id: old!.id, status: 'done', reason: 'restarted' }]);
		expect(await ask(it_.store, 'SELECT id FROM instances WHERE journey_id = $1', [world.journey])).toEqual([{ id: fresh!.id }]);
		expect(await enrolments()).toEqual([{ entries: 2, times: 2 }]);
	});

	it('lets who is held out use up a lock that is measured from the exit, from their entry on', async () => {
		const held = rules({ reentry: { kind: 'lock', lock: { amount: 1, unit: 'days' }, from: 'exit' }, holdout: 100 });
		for (const ago of [20, 10]) await enter('a', ago);
		expect(await admitAll(held)).toEqual([]);
		await enter('a');
		await admitAll(held);
		expect(await enrolments()).toEqual([{ entries: 1, times: 1 }]);
		expect(await refusals()).toEqual([{ reason: 'lock', times: 2 }]);
		it_.clock.pass(24 * 60 * 60_000);
		await enter('a');
		await admitAll(held);
		expect(await enrolments()).toEqual([{ entries: 2, times: 2 }]);
	});

	it('keeps when who is restarted left, and lets a goal that counts from the exit wait for the next one', async () => {
		world = await makeWorld(it_.store, `left${rounds}`, { type: 'conversion', exit: false, window: '2 hours', windowFrom: 'exit', value: null, currency: null });
		await ask(it_.store, `UPDATE steps SET state = 'off', off_since = now() WHERE kind = 'entry' AND id <> $1 AND state = 'on'`, [world.entry]);
		await enter('a', 5);
		await admitAll(rules());
		await enter('a');
		expect(await admitAll(rules({ whileInside: 'restart' }))).toHaveLength(1);
		expect(await ask(it_.store, 'SELECT last_exit FROM enrolments WHERE journey_id = $1', [world.journey])).toEqual([{ last_exit: it_.clock.now }]);
		it_.clock.pass(3 * 60 * 60_000);
		expect(await takeIn(it_.store, 'test', [eventOf(`${rounds}a`, 'Order', it_.clock.now)])).toMatchObject({ conversions: 1 });
	});

	it('keeps two correlation values of one person apart', async () => {
		const loans = rules({ correlation: 'loan.id' });
		await enter('a', 3, { loan: { id: 1 } });
		await enter('a', 2, { loan: { id: '2' } });
		await enter('a', 1, { loan: { id: '1' } });
		expect((await admitAll(loans)).map(({ correlation }) => correlation).sort()).toEqual(['1', '2']);
		expect(await refusals()).toEqual([{ reason: 'already_inside', times: 1 }]);
		expect(await enrolments()).toEqual([{ entries: 1, times: 1 }, { entries: 1, times: 1 }]);
	});

	if (kind === 'embedded') return;

	it.each([['refuse', 1, 0], ['restart', 2, 1]] as const)('of two executions at once, told to %s, leaves one instance inside', async (whileInside, entries, restarted) => {
		await enter('a', 2);
		await enter('a', 1);
		const tokens = [(await claim(1))!.token, (await claim(1))!.token];
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO instances/);
		const first = admitAll(rules({ whileInside }), tokens[0], store);
		await gate.reached;
		const second = admitAll(rules({ whileInside }), tokens[1]);
		await untilBlocked(it_.store);
		gate.open();
		expect([(await first).length, (await second).length]).toEqual([1, restarted]);
		expect(await ask(it_.store, 'SELECT FROM instances WHERE journey_id = $1', [world.journey])).toHaveLength(1);
		expect(await enrolments()).toEqual([{ entries, times: entries }]);
		expect(await ask(it_.store, 'SELECT FROM finished WHERE journey_id = $1', [world.journey])).toHaveLength(restarted);
	});

	it('of many executions about the same few people lets each in once', async () => {
		const users = Array.from({ length: 60 }, (_, at) => `many${rounds}-${at % 10}`);
		await takeIn(it_.store, 'test', users.map((user, at) => eventOf(user, 'Enter', new Date(+it_.clock.now - at))));
		const tokens: string[] = [];
		for (let held = await claim(5); held; held = await claim(5)) tokens.push(held.token);
		expect(tokens).toHaveLength(12);
		const admitted = await Promise.all(tokens.map(async (token) => await admitAll(rules({ reentry: { kind: 'once' } }), token)));
		expect(admitted.flat()).toHaveLength(10);
		expect(await enrolments()).toEqual(Array.from({ length: 10 }, () => ({ entries: 1, times: 1 })));
	});

	it.each([
		['inside at once', { inside: 7 }], ['in a minute', { perMinute: 7 }],
	])('of many executions at once lets no more in than the capacity: %s', async (_what, limit) => {
		const users = Array.from({ length: 60 }, (_, at) => `full${rounds}-${at}`);
		await takeIn(it_.store, 'test', users.map((user, at) => eventOf(user, 'Enter', new Date(+it_.clock.now - at))));
		const tokens: string[] = [];
		for (let held = await claim(5); held; held = await claim(5)) tokens.push(held.token);
		const full = rules({ capacity: { ...limit, overflow: 'refuse' } });
		const admitted = await Promise.all(tokens.map(async (token) => await admitAll(full, token)));
		expect([tokens.length, admitted.flat().length]).toEqual([12, 7]);
		expect((await refusals()).map(({ times }) => times).reduce((sum, times) => sum + times, 0)).toBe(53);
	});

	it('of two executions at once counts for the second whom the first let in', async () => {
		await enter('a');
		await enter('b');
		const tokens = [(await claim(1))!.token, (await claim(1))!.token];
		const full = rules({ capacity: { inside: 1, perMinute: 5, overflow: 'delay' } });
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO instances/);
		const first = admitAll(full, tokens[0], store);
		await gate.reached;
		const second = admitAll(full, tokens[1]);
		await untilBlocked(it_.store);
		gate.open();
		expect([(await first).length, (await second).length]).toEqual([1, 0]);
		expect(await ask(it_.store, 'SELECT delayed, attempts, token, due_at > $2 AS later FROM candidates WHERE journey_id = $1', [world.journey, it_.clock.now]))
			.toEqual([{ delayed: 'inside', attempts: 0, token: null, later: true }]);
	});
});
