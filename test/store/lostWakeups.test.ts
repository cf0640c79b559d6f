import { admit } from '../../lib/run/admission';
import { takeIn } from '../../lib/run/intake';
import { park, type Arrival } from '../../lib/run/park';
import { Registry } from '../../lib/run/registry';
import { claimCandidates } from '../../lib/store/claim';
import { switchOff } from '../../lib/store/steps';
import type { Store } from '../../lib/store/types';
import { intercepted, type Interceptor } from '../support/intercept';
import { freshDatabase } from '../support/postgres';
import { openStore } from '../../lib/run/openStore';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy, type World } from '../support/world';

/*
 * Guarantee: no lost wake-up, entry, goal or exit. Both sides race over the same people, batch by batch, and afterwards
 * a plain SQL question, which knows nothing of locks, asks whether anybody was missed. The same race with the protocol
 * broken on purpose must find some, or it would prove nothing.
 */
const LANES = 4;
/** How long a broken protocol is given to lose somebody. */
const MISSES_FOR_MS = 90_000;

/** Passes everything on: the protocol as it is. */
const whole: () => Interceptor = () => async (_sql, _params, pass) => await pass();

/** Leaves a lock out. */
const without = (lock: string) => (): Interceptor => async (sql, _params, pass) => (sql.includes(`'${lock}'`) ? [] : await pass());

/** Takes the match lock in the statement that parks and looks back, whose snapshot is then older than the lock it waited for. */
let locked = 0;
const inOneStatement = (): Interceptor => {
	let profiles: unknown;
	return async (sql, params, pass) => {
		if (sql.includes('pg_advisory_xact_lock_shared') && sql.includes("'journey match'")) {
			profiles = params[0];
			return [];
		}
		const begins = 'WITH asked AS (\n\t\t\tSELECT * FROM unnest($6';
		if (!profiles || !sql.startsWith(begins)) return await pass();
		const lock = `SELECT count(pg_advisory_xact_lock_shared(hashtext('journey match'), shard)) AS shards
			FROM (SELECT DISTINCT (id % 64)::int AS shard FROM unnest($${params.length + 1}::bigint[]) id ORDER BY 1) shards`;
		const merged = `WITH taken AS MATERIALIZED (${lock}), asked AS (SELECT p.* FROM taken CROSS JOIN unnest($6${sql.slice(begins.length)}`;
		locked++;
		return await pass(merged, [...params, profiles]);
	};
};

describe('people who park while their event arrives', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Store;
	let rounds = 0;
	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey', connections: 3 * LANES });
	}, 60_000);
	afterAll(async () => {
		await store?.close();
		await database?.drop();
	});

	/** One side begins a little before the other: as many round trips to the database as it is told. */
	async function after(trips: number): Promise<void> {
		for (let trip = 0; trip < trips; trip++) await ask(store, 'SELECT 1');
	}

	/** Works the batches off in a few lanes at once. */
	async function inLanes<T>(batches: T[], work: (batch: T, at: number) => Promise<void>): Promise<void> {
		let next = 0;
		const lane = async () => {
			for (let at = next++; at < batches.length; at = next++) await work(batches[at]!, at);
		};
		await Promise.all(Array.from({ length: LANES }, lane));
	}

	async function newWorld(goal?: object): Promise<{ world: World; users: (count: number) => string[] }> {
		const name = `round${++rounds}`;
		return { world: await makeWorld(store, name, goal as never), users: (count) => Array.from({ length: count }, (_, at) => `${name}-${at}`) };
	}

	/** @returns how many were woken by the match, and how many of those who should be awake are not */
	async function raceParks(protocol: () => Interceptor, people: number) {
		const { world, users } = await newWorld();
		const claims = await makeRunning(store, world, users(people), 5);
		const engine = idleEngine(intercepted(store, protocol));
		const wait = { conditions: [wakesBy('Click')], timer: null };
		const now = new Date();
		let live = 0;
		await inLanes(claims, async (claim, at) => {
			const arrivals = claim.people.map(({ id, profile_id }): Arrival => ({
				id, profile_id, due_at: new Date(+now + DAY_MS), expires: false, since: new Date(+now - DAY_MS), after_arrival: false, vars: null, wake: null,
			}));
			const parking = async () => {
				await after(Math.max(0, (at % 9) - 3));
				expect(await park(engine, { token: claim.token, execution: 'e1' }, world.state, wait, arrivals)).toHaveLength(arrivals.length);
			};
			const matching = async () => {
				await after(Math.max(0, 3 - (at % 9)));
				live += (await takeIn(engine.store, 'test', claim.people.map(({ user }) => eventOf(user, 'Click', now)))).woken;
			};
			await Promise.all([parking(), matching()]);
		});
		const [row] = await ask<{ lost: number; awake: number }>(store,
			`SELECT count(*) FILTER (WHERE wake = 'event') AS awake, count(*) FILTER (WHERE wake IS NULL AND EXISTS (
				SELECT FROM events e WHERE e.profile_id = i.profile_id AND e.name = 'Click' AND e.occurred_at BETWEEN i.since AND i.due_at)) AS lost
			 FROM instances i WHERE journey_id = $1 AND status = 'waiting'`,
			[world.journey],
		);
		return { ...row!, live };
	}

	it('are all woken, some by the match and some by their look-back', async () => {
		const { lost, awake, live } = await raceParks(whole, 800);
		expect({ lost, awake }).toEqual({ lost: 0, awake: 800 });
		// Both sides must have been second often enough, or this raced nothing.
		expect(live).toBeGreaterThan(30);
		expect(awake - live).toBeGreaterThan(30);
	}, 120_000);

	it.each([
		['without the match lock', without('journey match')],
		['with the lock in the statement that looks back', inOneStatement],
	])('are lost %s', async (_how, broken) => {
		let lost = 0;
		for (const began = Date.now(); lost === 0 && Date.now() - began < MISSES_FOR_MS; ) lost = (await raceParks(broken, 300)).lost;
		expect(lost).toBeGreaterThan(0);
		if (broken === inOneStatement) expect(locked).toBeGreaterThan(0);
	}, 120_000);

	/** @returns of those who entered, how many ordered and are not converted */
	async function raceAdmissions(protocol: () => Interceptor, people: number) {
		const { world, users } = await newWorld({ type: 'conversion', exit: true });
		const entryTime = new Date();
		await takeIn(store, 'test', users(people).map((user) => eventOf(user, 'Enter', entryTime)));
		const claims: Array<{ token: string; ids: number[] }> = [];
		for (;;) {
			const claim = await store.tx(async (db) => await claimCandidates(db, world.entry, 0, 5, new Date(+db.now + 60_000)));
			if (!claim) break;
			claims.push(claim);
		}
		const who = await ask<{ id: number; user: string }>(store,
			`SELECT c.id, n.value AS user FROM candidates c JOIN identities n USING (profile_id) WHERE c.journey_id = $1`, [world.journey]);
		const userOf = new Map(who.map((one) => [one.id, one.user]));
		const engine = idleEngine(intercepted(store, protocol));
		const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC' };
		const step = { id: world.entry };
		let live = 0;
		await inLanes(claims, async ({ token, ids }, at) => {
			const admitting = async () => {
				await after(Math.max(0, (at % 9) - 4));
				expect(await admit(engine, { token, execution: `x${at}` }, step, rules)).toBeDefined();
			};
			const ordering = async () => {
				await after(Math.max(0, 4 - (at % 9)));
				live += (await takeIn(engine.store, 'test', ids.map((id) => eventOf(userOf.get(id)!, 'Order', new Date(+entryTime + 1))))).conversions;
			};
			await Promise.all([admitting(), ordering()]);
		});
		const [row] = await ask<{ entered: number; lost: number }>(store,
			`SELECT count(*) AS entered, count(*) FILTER (WHERE c.instance_id IS NULL AND EXISTS (
				SELECT FROM events e WHERE e.profile_id = en.profile_id AND e.name = 'Order' AND e.occurred_at >= en.last_entry)) AS lost
			 FROM enrolments en LEFT JOIN conversions c USING (instance_id) WHERE en.journey_id = $1`,
			[world.journey],
		);
		return { ...row!, live };
	}

	it('convert when they order while they are admitted', async () => {
		const { entered, lost, live } = await raceAdmissions(whole, 500);
		expect({ entered, lost }).toEqual({ entered: 500, lost: 0 });
		expect(live).toBeGreaterThan(30);
		expect(entered - live).toBeGreaterThan(30);
	}, 120_000);

	it('fail to convert without the match lock', async () => {
		let lost = 0;
		for (const began = Date.now(); lost === 0 && Date.now() - began < MISSES_FOR_MS; ) lost = (await raceAdmissions(without('journey match'), 250)).lost;
		expect(lost).toBeGreaterThan(0);
	}, 120_000);

	/** @returns events that arrived while the Entry Trigger came back, and how many of them got no candidate */
	async function raceRegistrations(protocol: () => Interceptor, times: number) {
		const { world, users } = await newWorld();
		const through = intercepted(store, protocol);
		const key = `round${rounds}`;
		const everyone = users(times * 4);
		const registry = new Registry(through, { subscribe() {}, unsubscribe() {} } as never, console, { run() {}, pause: async () => undefined, rest() {}, end() {} });
		const registration = {
			place: { host: 'host', workflowId: key, nodeId: 'entry', name: 'The entry', kind: 'entry' as const },
			journey: { key, name: key, rules: { zone: 'UTC' } as never },
			listens: { conditions: [wakesBy('Enter')], config: {} },
			limit: 100, emit: async () => undefined, since: new Date(),
		};
		for (let time = 0; time < times; time++) {
			await ask(store, `UPDATE steps SET registered_at = registered_at - interval '10 seconds' WHERE id = $1`, [world.entry]);
			await store.tx(async (db) => await switchOff(db, [world.entry], new Date(+db.now - 5_000)));
			expect(await ask(store, `SELECT state FROM steps WHERE id = $1`, [world.entry])).toEqual([{ state: 'off' }]);
			const some = everyone.slice(time * 4, time * 4 + 4);
			const registering = async () => {
				registry.register(registration);
				for (;;) {
					const [on] = await ask<{ on: boolean }>(store, `SELECT state = 'on' AS on FROM steps WHERE id = $1`, [world.entry]);
					if (on!.on) return;
				}
			};
			await Promise.all([registering(), ...some.map(async (user, at) => {
				// It takes a registration some twenty statements to look back and commit.
				await after((time + 5 * at) % 20);
				await takeIn(through, 'test', [eventOf(user, 'Enter', new Date())]);
			})]);
		}
		registry.stop();
		const [row] = await ask<{ lost: number }>(store,
			`SELECT count(*) AS lost FROM events e JOIN identities n USING (profile_id)
			 WHERE n.value LIKE $1 AND e.name = 'Enter' AND NOT EXISTS (SELECT FROM candidates c WHERE c.event_id = e.id AND c.journey_id = $2)`,
			[`${key}-%`, world.journey]);
		return { ...row! };
	}

	it('enter when their event arrives while the Entry Trigger comes back', async () => {
		expect(await raceRegistrations(whole, 40)).toEqual({ lost: 0 });
	}, 120_000);

	it('fail to enter without the registry lock', async () => {
		let lost = 0;
		for (const began = Date.now(); lost === 0 && Date.now() - began < MISSES_FOR_MS; ) lost = (await raceRegistrations(without('journey registry'), 20)).lost;
		expect(lost).toBeGreaterThan(0);
	}, 120_000);
});
