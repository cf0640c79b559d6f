import { backoffMs, batchSize } from '../../lib/core/backoff';
import { Executions } from '../../lib/run/executions';
import { takeIn } from '../../lib/run/intake';
import { Janitor } from '../../lib/run/janitor';
import { LEASE_MS, Leases } from '../../lib/run/leases';
import { claimCandidates, claimInstances, MOST_ATTEMPTS, nextDue } from '../../lib/store/claim';
import { claimDeliveries } from '../../lib/store/deliveries';
import { returnClaim } from '../../lib/store/giveBack';
import { stopping } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, makeRunning, makeWorld, type World } from '../support/world';

describe.each(STORES)('claims on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let rounds = 0;
	let janitor: Janitor;
	let worked = 0;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		janitor = new Janitor(it_.store, () => worked++, (error) => { throw error; });
	}, 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(async () => {
		it_.clock.pass(2 * LEASE_MS);
		await janitor.sweep();
		world = await makeWorld(it_.store, `claims${++rounds}`);
	});

	/** People who are due at the journey's State now. */
	async function due(count: number): Promise<number[]> {
		const users = Array.from({ length: count }, (_, at) => `d${rounds}-${at}`);
		const claims = await makeRunning(it_.store, world, users, count);
		await it_.store.tx(async (db) => await returnClaim(db, claims[0]!.token, 'refused', it_.clock.now, MOST_ATTEMPTS, null));
		return claims[0]!.people.map(({ id }) => id);
	}
	const claim = async (limit: number, attempts = 0) =>
		await it_.store.tx(async (db) => await claimInstances(db, world.entry, attempts, limit, new Date(+db.now + LEASE_MS)));
	const rowsOf = async (columns: string) => await ask<Record<string, unknown>>(it_.store, `SELECT ${columns} FROM instances WHERE journey_id = $1 ORDER BY id`, [world.journey]);

	it('take no more than asked, only who is due, and everybody once', async () => {
		const ids = await due(7);
		await ask(it_.store, `UPDATE instances SET due_at = due_at + interval '1 ms' WHERE id = $1`, [ids[6]]);
		await ask(it_.store, `UPDATE instances SET expires = true WHERE id = $1`, [ids[5]]);
		const batches = [await claim(3), await claim(3), await claim(3)];
		expect(batches.map((one) => one?.ids.length)).toEqual([3, 2, undefined]);
		expect(batches.flatMap((one) => one?.ids ?? []).sort((a, b) => a - b)).toEqual(ids.slice(0, 5));
		expect(new Set(batches.map((one) => one?.token)).size).toBe(3);
		it_.clock.pass(1);
		expect((await claim(3))?.ids).toEqual([ids[6]]);
	});

	it('never mix attempts, and are asked for by what is due first', async () => {
		const ids = await due(5);
		for (const [attempts, id] of ids.entries()) {
			await ask(it_.store, 'UPDATE instances SET attempts = $2::int, due_at = due_at - make_interval(secs => $2::int) WHERE id = $1', [id, attempts]);
		}
		const found = await it_.store.tx(async (db) => await nextDue(db, 'instances', [world.state, world.entry]));
		expect(found.map(({ step_id, attempts, next }) => [step_id, attempts, +it_.clock.now - +next]))
			.toEqual([4, 3, 2, 1, 0].map((attempts) => [world.entry, attempts, attempts * 1_000]));
		for (const [attempts, id] of ids.entries()) expect((await claim(9, attempts))?.ids).toEqual([id]);
	});

	it('put people back when their lease ends, counting a loss and no attempt', async () => {
		const ids = await due(2);
		const held = (await claim(2))!;
		await it_.store.tx(async (db) => await db.rows(`UPDATE claims SET execution = 'e' WHERE token = $1`, [held.token]));
		await it_.store.tx(async (db) => await claimDeliveries(
			db, { token: held.token, execution: 'e' }, world.action, { channel: 'email', class: 'marketing', againIfUnknown: false }, [ids[0]!]));
		it_.clock.pass(LEASE_MS);
		expect(await janitor.sweep()).toMatchObject({ claims: 0 });
		it_.clock.pass(1);
		const before = worked;
		expect(await janitor.sweep()).toMatchObject({ claims: 1 });
		expect(worked).toBe(before + 1);
		expect(await rowsOf('status, token, attempts, losses, due_at')).toEqual(ids.map(() => (
			{ status: 'waiting', token: null, attempts: 0, losses: 1, due_at: it_.clock.now })));
		expect(await ask(it_.store, 'SELECT status, settled_at FROM deliveries WHERE journey_id = $1', [world.journey]))
			.toEqual([{ status: 'unknown', settled_at: it_.clock.now }]);
		expect(await ask(it_.store, 'SELECT FROM claims WHERE token = $1', [held.token])).toEqual([]);
		expect((await claim(9))?.ids).toEqual(ids);
	});

	it('of people whose executions die again and again get smaller and rarer, and nobody is given up for it', async () => {
		const ids = await due(2);
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		const seen: number[][] = [];
		for (let losses = 1; losses <= 9; losses++) {
			const [{ attempts }] = await rowsOf('attempts') as [{ attempts: number }];
			expect((await claim(9, attempts))?.ids).toEqual(ids);
			it_.clock.pass(LEASE_MS + 1);
			await janitor.sweep();
			const [one, other] = await rowsOf('attempts, losses, due_at') as Array<{ attempts: number; losses: number; due_at: Date }>;
			expect(other).toEqual(one);
			const pause = +one!.due_at - +it_.clock.now;
			seen.push([batchSize(one!.attempts, Infinity), one!.attempts + one!.losses, pause]);
			it_.clock.pass(pause);
		}
		expect(seen).toEqual([
			[5_000, 1, 0], [5_000, 2, 0], [500, 3, 1_000], [50, 4, 4_000], [1, 5, 16_000], [1, 6, 64_000], [1, 7, 256_000], [1, 8, 900_000], [1, 9, 900_000],
		]);
		// Errors of their own still count, from there.
		for (const attempts of [3, 4]) {
			const held = { token: (await claim(1, attempts))!.token, execution: `e${attempts}` };
			await executions.start(held);
			await executions.acknowledge(held, { error: 'boom', settlements: [] });
			it_.clock.pass(backoffMs(attempts));
			expect(await ask(it_.store, 'SELECT FROM finished WHERE journey_id = $1', [world.journey])).toHaveLength(attempts - 3);
		}
	});

	it('live as long as somebody renews them, the emitter until it started and the executing process afterwards', async () => {
		await due(2);
		const [started, unstarted] = [(await claim(1))!.token, (await claim(1))!.token];
		const [emitter, worker] = [new Leases(it_.store), new Leases(it_.store)];
		for (const token of [started, unstarted]) emitter.emit(token);
		await new Executions(it_.store, worker, () => undefined).start({ token: started, execution: 'e' });
		it_.clock.pass(LEASE_MS - 1);
		// The emitter no longer renews what another process has started.
		await emitter.renew();
		const left = async () => (await ask<{ token: string; left: number }>(it_.store,
			'SELECT token, extract(epoch FROM lease_until - $2::timestamptz) AS left FROM claims WHERE token = ANY($1::uuid[])', [[started, unstarted], it_.clock.now]))
			.map(({ token, left: seconds }) => [token === started ? 'started' : 'unstarted', seconds]).sort();
		expect(await left()).toEqual([['started', 0.001], ['unstarted', 60]]);
		await worker.renew();
		expect(await left()).toEqual([['started', 60], ['unstarted', 60]]);
		emitter.stop();
		worker.stop();
	});

	it('count errors, make batches smaller and fail only a single person', async () => {
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		const ids = await due(2);
		const fails = async (limit: number, attempts: number) => {
			const held = (await claim(limit, attempts))!;
			await executions.start({ token: held.token, execution: `e${attempts}` });
			await executions.acknowledge({ token: held.token, execution: `e${attempts}` }, { error: `boom ${attempts}`, settlements: [] });
			return held.ids;
		};
		for (let attempts = 0; attempts <= MOST_ATTEMPTS; attempts++) {
			expect(await fails(9, attempts)).toEqual(ids);
			const after = Math.min(attempts + 1, MOST_ATTEMPTS);
			expect(await rowsOf('status, attempts, losses, error, due_at')).toEqual(ids.map(() => (
				{ status: 'waiting', attempts: after, losses: 0, error: `boom ${attempts}`, due_at: new Date(+it_.clock.now + backoffMs(attempts)) })));
			it_.clock.pass(backoffMs(attempts));
		}
		expect(await fails(1, MOST_ATTEMPTS)).toEqual([ids[0]]);
		expect(await rowsOf('id, attempts')).toEqual([{ id: ids[1], attempts: MOST_ATTEMPTS }]);
		expect(await ask(it_.store, 'SELECT id, status, reason, error FROM finished WHERE journey_id = $1', [world.journey]))
			.toEqual([{ id: ids[0], status: 'failed', reason: 'error', error: `boom ${MOST_ATTEMPTS}` }]);
		expect(await ask(it_.store, `SELECT kind, detail FROM journal WHERE journey_id = $1 AND kind = 'failed'`, [world.journey]))
			.toEqual([{ kind: 'failed', detail: { error: `boom ${MOST_ATTEMPTS}` } }]);
	});

	it('that n8n would not start count nothing', async () => {
		const ids = await due(1);
		const held = (await claim(1))!;
		await it_.store.tx(async (db) => await returnClaim(db, held.token, 'refused', new Date(+db.now + 5), MOST_ATTEMPTS, null));
		expect(await rowsOf('id, status, attempts, losses, error')).toEqual([{ id: ids[0], status: 'waiting', attempts: 0, losses: 0, error: null }]);
		expect(await ask(it_.store, 'SELECT FROM journal WHERE journey_id = $1', [world.journey])).toEqual([]);
	});

	it('hold candidates in the order of their events, put them back, and lose none that cannot be admitted', async () => {
		const users = Array.from({ length: 3 }, (_, at) => `c${rounds}-${at}`);
		for (const user of users) {
			await takeIn(it_.store, 'test', [eventOf(user, 'Enter', it_.clock.now)]);
			it_.clock.pass(1);
		}
		const take = async (limit: number, attempts = 0) => await it_.store.tx(async (db) => await claimCandidates(db, world.entry, attempts, limit, new Date(+db.now + LEASE_MS)));
		const all = (await ask<{ id: number }>(it_.store, 'SELECT id FROM candidates WHERE journey_id = $1 ORDER BY id', [world.journey])).map(({ id }) => id);
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		const first = (await take(2))!;
		expect(first.ids).toEqual(all.slice(0, 2));
		it_.clock.pass(LEASE_MS + 1);
		await janitor.sweep();
		expect(await ask(it_.store, 'SELECT token, attempts FROM candidates WHERE journey_id = $1', [world.journey]))
			.toEqual(all.map(() => ({ token: null, attempts: 0 })));
		// Lost behind the fence they were being let in, and may be what killed n8n: in smaller batches at once.
		for (const attempts of [0, 1, 2, 3, 3]) {
			await executions.start({ token: (await take(9, attempts))!.token, execution: `lost${attempts}` });
			it_.clock.pass(LEASE_MS + 1);
			await janitor.sweep();
			expect(await ask(it_.store, 'SELECT token, attempts FROM candidates WHERE journey_id = $1', [world.journey]))
				.toEqual(all.map(() => ({ token: null, attempts: Math.min(attempts + 1, 3) })));
		}
		await ask(it_.store, 'UPDATE candidates SET attempts = 0 WHERE journey_id = $1', [world.journey]);

		await ask(it_.store, 'DELETE FROM candidates WHERE id <> $1 AND journey_id = $2', [all[0], world.journey]);
		for (let attempts = 0; attempts <= MOST_ATTEMPTS; attempts++) {
			const held = { token: (await take(9, attempts))!.token, execution: `e${attempts}` };
			await executions.start(held);
			await executions.acknowledge(held, { error: 'boom', settlements: [] });
			it_.clock.pass(backoffMs(attempts));
		}
		expect(await ask(it_.store, 'SELECT FROM candidates WHERE journey_id = $1', [world.journey])).toEqual([]);
		expect(await ask(it_.store, `SELECT kind, reason, detail->>'error' AS error FROM journal WHERE journey_id = $1`, [world.journey]))
			.toEqual([{ kind: 'failed', reason: 'error', error: 'boom' }]);
	});

	it('end with the journey\'s own limit, each person once', async () => {
		const ids = await due(3);
		await ask(it_.store, 'UPDATE instances SET expires = true WHERE id = ANY($1::bigint[])', [ids.slice(0, 2)]);
		expect(await janitor.sweep()).toMatchObject({ expired: 2 });
		expect(await janitor.sweep()).toMatchObject({ expired: 0 });
		expect(await ask(it_.store, 'SELECT id, reason FROM finished WHERE journey_id = $1 ORDER BY id', [world.journey]))
			.toEqual(ids.slice(0, 2).map((id) => ({ id, reason: 'expired' })));
		expect(await ask(it_.store, 'SELECT last_exit FROM enrolments WHERE journey_id = $1 AND last_exit IS NOT NULL', [world.journey])).toHaveLength(2);
	});

	if (kind === 'embedded') return;

	it('of two dispatchers at once are disjoint, and neither waits for the other', async () => {
		const ids = await due(10);
		const { store, gate } = stopping(it_.store, 'after', /UPDATE instances/);
		const slow = store.tx(async (db) => await claimInstances(db, world.entry, 0, 6, it_.clock.now));
		await gate.reached;
		const quick = (await claim(100))!;
		gate.open();
		expect(quick.ids).toHaveLength(4);
		expect([...(await slow)!.ids, ...quick.ids].sort((a, b) => a - b)).toEqual(ids);
	});

	it('of many dispatchers at once are disjoint', async () => {
		const ids = await due(600);
		const batches: number[][] = [];
		await Promise.all(Array.from({ length: 6 }, async () => {
			for (let batch = await claim(37); batch; batch = await claim(37)) batches.push(batch.ids);
		}));
		expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(37);
		expect(batches.flat().sort((a, b) => a - b)).toEqual(ids);
	});
});
