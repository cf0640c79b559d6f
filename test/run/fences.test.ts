import { Executions } from '../../lib/run/executions';
import { Janitor } from '../../lib/run/janitor';
import { LEASE_MS, Leases } from '../../lib/run/leases';
import { park, type Arrival } from '../../lib/run/park';
import { claimInstances, startClaim } from '../../lib/store/claim';
import { claimDeliveries, settleDeliveries } from '../../lib/store/deliveries';
import { endRunning } from '../../lib/store/finish';
import { loadRunning, setContext } from '../../lib/store/running';
import { stopping, untilBlocked } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, idleEngine, makeRunning, makeWorld, type World } from '../support/world';

const WISH = { channel: 'email', class: 'marketing', againIfUnknown: false } as const;

describe.each(STORES)('executions on %s', (kind) => {
	let it_: TestStore;
	let janitor: Janitor;
	let world: World;
	let rounds = 0;
	let token: string;
	let people: Awaited<ReturnType<typeof makeRunning>>[0]['people'];
	beforeAll(async () => {
		it_ = await freshStore(kind);
		janitor = new Janitor(it_.store, () => undefined, (error) => { throw error; });
	}, 60_000);
	afterAll(async () => await it_?.drop());

	/** Two people under a claim that nobody has started yet. */
	beforeEach(async () => {
		rounds++;
		world = await makeWorld(it_.store, `fence${rounds}`);
		[{ token, people }] = (await makeRunning(it_.store, world, [`x${rounds}`, `y${rounds}`], 2, null)) as [Awaited<ReturnType<typeof makeRunning>>[0]];
	});

	const ids = () => people.map(({ id }) => id);
	const start = async (execution: string, of = token) => await it_.store.tx(async (db) => await startClaim(db, of, execution, new Date(+db.now + LEASE_MS)));
	const loseLease = async () => {
		it_.clock.pass(LEASE_MS + 1);
		await janitor.sweep();
	};
	const reclaim = async () => (await it_.store.tx(async (db) => await claimInstances(db, world.entry, 0, 10, new Date(+db.now + LEASE_MS))))!.token;
	/** Everything that is written about the people of this test. */
	const written = async () => await ask(it_.store,
		`SELECT to_jsonb(i) AS row FROM instances i WHERE journey_id = $1 UNION ALL SELECT to_jsonb(f) FROM finished f WHERE journey_id = $1
		 UNION ALL SELECT to_jsonb(d) FROM deliveries d WHERE journey_id = $1 UNION ALL SELECT to_jsonb(j) - 'id' FROM journal j WHERE journey_id = $1
		 UNION ALL SELECT to_jsonb(e) FROM enrolments e WHERE journey_id = $1 UNION ALL SELECT to_jsonb(c) FROM claims c WHERE step_id = $2`,
		[world.journey, world.entry]);

	it('of two with one token the first goes on, the second gets nothing', async () => {
		expect([await start('first'), await start('second'), await start('first')]).toEqual([true, false, true]);
		const load = async (execution: string) => await it_.store.tx(async (db) => await loadRunning(db, { token, execution }));
		expect([(await load('first')).length, (await load('second')).length]).toEqual([2, 0]);
	});

	/** Every write that an execution may try, with what it says when it is not its turn. */
	const writes = async (claim: { token: string; execution: string }) => {
		const engine = idleEngine(it_.store);
		const arrivals = people.map(({ id, profile_id }): Arrival => (
			{ id, profile_id, due_at: it_.clock.now, expires: false, since: it_.clock.now, after_arrival: false, vars: null, wake: null }));
		return {
			parked: await park(engine, claim, world.state, { conditions: [], timer: null }, arrivals),
			context: await it_.store.tx(async (db) => await setContext(db, claim, ids().map((id) => ({ id, values: { stolen: true } })))),
			ended: await it_.store.tx(async (db) => await endRunning(db, claim, ids(), 'stolen')),
			deliveries: await it_.store.tx(async (db) => await claimDeliveries(db, claim, world.action, WISH, ids())),
			started: (await engine.executions.start(claim)).length,
			acknowledged: await engine.executions.acknowledge(claim, { settlements: [] }),
		};
	};
	const nothing = { parked: [], context: 0, ended: 0, deliveries: [], started: 0, acknowledged: undefined };

	it('one that did not pass the fence changes nothing', async () => {
		await start('mine');
		const before = await written();
		expect(await writes({ token, execution: 'other' })).toEqual(nothing);
		expect(await written()).toEqual(before);
	});

	it.each(['waiting', 'claimed again', 'claimed again and started'])('one that lost its lease, its people being %s, changes nothing', async (now) => {
		await start('old');
		await loseLease();
		if (now !== 'waiting') {
			const again = await reclaim();
			expect(again).not.toBe(token);
			if (now === 'claimed again and started') await start('new', again);
		}
		const before = await written();
		expect(await writes({ token, execution: 'old' })).toEqual(nothing);
		expect(await written()).toEqual(before);
	});

	it('one that holds its people in memory, and lost them, ends nobody', async () => {
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		expect(await executions.start({ token, execution: 'old' })).toHaveLength(2);
		await loseLease();
		await start('new', await reclaim());
		const before = await written();
		for (const error of [undefined, 'it threw']) {
			executions.hold({ token, execution: 'old' }, people.map(({ profile_id }) => profile_id));
			await executions.acknowledge({ token, execution: 'old' }, { error, settlements: [] });
		}
		expect(await written()).toEqual(before);
	});

	it('one that was called again by n8n tells only once that people woke', async () => {
		await ask(it_.store, `UPDATE instances SET wake = 'time' WHERE journey_id = $1`, [world.journey]);
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		expect(await executions.start({ token, execution: 'e' })).toHaveLength(2);
		expect(await executions.start({ token, execution: 'e' })).toHaveLength(2);
		expect(await ask(it_.store, `SELECT FROM journal WHERE journey_id = $1 AND kind = 'woken'`, [world.journey])).toHaveLength(2);
	});

	it('one that ends does so once, and settles first', async () => {
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		const claim = { token, execution: 'e' };
		await executions.start(claim);
		const [first, second] = await it_.store.tx(async (db) => await claimDeliveries(db, claim, world.action, WISH, ids()));
		await executions.acknowledge(claim, { settlements: [{ id: first!.id, outcome: 'sent' }] });
		expect(await ask(it_.store, 'SELECT id, status FROM deliveries WHERE journey_id = $1 ORDER BY id', [world.journey]))
			.toEqual([{ id: first!.id, status: 'sent' }, { id: second!.id, status: 'unknown' }]);
		expect(await ask(it_.store, 'SELECT status, reason FROM finished WHERE journey_id = $1', [world.journey]))
			.toEqual([{ status: 'done', reason: 'completed' }, { status: 'done', reason: 'completed' }]);
		const before = await written();
		await executions.acknowledge(claim, { settlements: [{ id: first!.id, outcome: 'failed' }] });
		await it_.store.tx(async (db) => await settleDeliveries(db, token, [{ id: first!.id, outcome: 'released' }, { id: second!.id, outcome: 'released' }]));
		expect(await written()).toEqual(before);
	});

	it('one whose people left by a goal while it ran still confirms what it sent, and ends only the others', async () => {
		const executions = new Executions(it_.store, new Leases(it_.store), () => undefined);
		const claim = { token, execution: 'e' };
		await executions.start(claim);
		const [sent] = await it_.store.tx(async (db) => await claimDeliveries(db, claim, world.action, WISH, ids().slice(0, 1)));
		await ask(it_.store, `UPDATE instances SET status = 'waiting', token = NULL, wake = 'goal', step_id = $2 WHERE id = $1`, [ids()[0], world.state]);
		await executions.acknowledge(claim, { settlements: [{ id: sent!.id, outcome: 'sent' }] });
		expect(await ask(it_.store, 'SELECT status FROM deliveries WHERE id = $1', [sent!.id])).toEqual([{ status: 'sent' }]);
		expect(await ask(it_.store, 'SELECT id FROM finished WHERE journey_id = $1', [world.journey])).toEqual([{ id: ids()[1] }]);
	});

	if (kind === 'embedded') return;

	it('two at the fence at once are still one', async () => {
		const { store, gate } = stopping(it_.store, 'after', /UPDATE claims/);
		const first = store.tx(async (db) => await startClaim(db, token, 'first', it_.clock.now));
		await gate.reached;
		const second = start('second');
		await untilBlocked(it_.store);
		gate.open();
		expect([await first, await second]).toEqual([true, false]);
	});

	it('one that claims messages while its lease is taken away claims none', async () => {
		await start('old');
		it_.clock.pass(LEASE_MS + 1);
		const { store, gate } = stopping(it_.store, 'after', /FROM claims WHERE lease_until/);
		const sweeping = new Janitor(store, () => undefined, (error) => { throw error; }).sweep();
		await gate.reached;
		const claiming = it_.store.tx(async (db) => await claimDeliveries(db, { token, execution: 'old' }, world.action, WISH, ids()));
		await untilBlocked(it_.store);
		gate.open();
		await sweeping;
		expect(await claiming).toEqual([]);
		expect(await ask(it_.store, 'SELECT FROM deliveries WHERE journey_id = $1', [world.journey])).toEqual([]);
	});

	it('one that is claiming messages keeps its people until it has', async () => {
		await start('old');
		it_.clock.pass(LEASE_MS + 1);
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO deliveries/);
		const claiming = store.tx(async (db) => await claimDeliveries(db, { token, execution: 'old' }, world.action, WISH, ids()));
		await gate.reached;
		expect(await janitor.sweep()).toMatchObject({ claims: 0 });
		gate.open();
		expect(await claiming).toHaveLength(2);
		expect(await janitor.sweep()).toMatchObject({ claims: 1 });
		expect(await ask(it_.store, 'SELECT status FROM deliveries WHERE journey_id = $1', [world.journey])).toEqual([{ status: 'unknown' }, { status: 'unknown' }]);
		it_.clock.pass(DAY_MS);
	});
});
