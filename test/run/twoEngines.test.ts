import { admit } from '../../lib/run/admission';
import type { Batch } from '../../lib/run/flight';
import { Engine } from '../../lib/run/engine';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { LEASE_MS } from '../../lib/run/leases';
import { park } from '../../lib/run/park';
import type { Registration } from '../../lib/run/registration';
import type { Place } from '../../lib/store/steps';
import { freshDatabase } from '../support/postgres';
import { FrozenClock } from '../support/stores';
import { ask, eventOf, wakesBy } from '../support/world';

jest.setTimeout(120_000);

const PEOPLE = 3_000;
const AT_ONCE = 100;
const WAIT_MS = 5 * 60_000;
const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC' };
const people = Array.from({ length: PEOPLE }, (_, at) => `u${at}`);

describe('two engines on one store, as two mains or two installations have them', () => {
	const clock = new FrozenClock();
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	const engines: Engine[] = [];
	const said: string[] = [];

	/** Dispatcher, janitor and registry of its own, on connections of its own; its loops are turned by hand. */
	async function engine(): Promise<Engine> {
		const log = { info: () => undefined, warn: () => undefined, error: (message: string) => void said.push(message) };
		const opened = new Engine(await openStore({ url: database.url, schema: 'journey', clock: () => clock.now }), log, false);
		engines.push(opened);
		return opened;
	}
	beforeAll(async () => {
		database = await freshDatabase();
		await Promise.all([engine(), engine()]);
	}, 60_000);
	afterAll(async () => {
		for (const one of engines) await one.close();
		await database?.drop();
	});

	const place = (kind: 'entry' | 'state', host = 'installation-a'): Place => ({ host, workflowId: 'shop', nodeId: kind, name: `The ${kind}`, kind });
	const registration = (kind: 'entry' | 'state', emit: Registration['emit'], host?: string): Registration => ({
		place: place(kind, host), limit: AT_ONCE, emit, since: clock.now,
		...(kind === 'entry' && { journey: { key: 'shop', name: 'Shop', rules }, listens: { conditions: [wakesBy('Enter')], config: {} } }),
	});
	const count = async (from: string) => (await ask<{ n: number }>(engines[0]!.store, `SELECT count(*)::int AS n FROM ${from}`))[0]!.n;

	it('move everybody exactly once, through lost executions, doubled ones and events in between', async () => {
		/** Who was let through to the end of an execution, at which kind of step, and by which engine. */
		const moved = { entry: new Map<number, number>(), state: new Map<number, number>() };
		const byEngine = [0, 0];
		let executions = 0;
		const deaths = { unstarted: 0, started: 0 };

		/** One n8n execution: through the fence, to the next State or the end. @returns whether it was the one that may */
		async function execute(at: number, kind: 'entry' | 'state', batch: Batch, dies = false): Promise<boolean> {
			const on = engines[at]!;
			const claim = { token: batch.token, execution: `execution-${++executions}` };
			const step = await on.step(place(kind));
			const running = batch.kind === 'candidates' ? await admit(on, claim, step, rules) : await on.executions.start(claim);
			if (running.length === 0) return false;
			if (dies) return true;
			if (kind === 'entry') {
				const { id } = await on.step(place('state'));
				await park(on, claim, id, { conditions: [wakesBy('Click')], timer: null }, running.map((one) => ({
					id: one.id, profile_id: one.profile.id, due_at: new Date(+clock.now + WAIT_MS), expires: false, since: one.left_at, after_arrival: false, vars: null, wake: null,
				})));
			}
			await on.executions.acknowledge(claim, { settlements: [] });
			for (const { id } of running) moved[kind].set(id, (moved[kind].get(id) ?? 0) + 1);
			byEngine[at]! += running.length;
			return true;
		}

		let emissions = 0;
		for (const kind of ['entry', 'state'] as const) {
			engines.forEach((one, at) => one.registry.register(registration(kind, async (batch) => {
				const turn = ++emissions;
				if (turn % 7 === 3) return void deaths.unstarted++;
				if (turn % 5 === 2) return void (deaths.started += Number(await execute(at, kind, batch, true)));
				// n8n may run the same emission twice, in two processes: after a crash, or a Redis that came back.
				const copies = await Promise.all((turn % 3 === 0 ? [at, 1 - at] : [at]).map(async (where) => await execute(where, kind, batch)));
				expect(copies.filter(Boolean)).toHaveLength(1);
			})));
		}

		const enter = async (at: number) => await takeIn(engines[at]!.store, 'test', people.filter((_, n) => n % 2 === at).map((user) => eventOf(user, 'Enter', clock.now)));
		await Promise.all([enter(0), enter(1)]);
		const clicking = people.filter((_, n) => n % 3 === 0);
		for (let round = 0; (await count('finished')) < PEOPLE; round++) {
			if (round > 500) throw new Error(`Not through: ${JSON.stringify({ ...moved, entry: moved.entry.size, state: moved.state.size, said })}`);
			const clicks = clicking.splice(0, 50).map((user) => eventOf(user, 'Click', clock.now));
			await Promise.all([
				...engines.map(async (one) => await one.dispatcher.tick()), ...engines.map(async (one) => await one.janitor.sweep()),
				takeIn(engines[round % 2]!.store, 'test', clicks),
			]);
			await Promise.all(engines.map(async (one) => await one.dispatcher.idle()));
			clock.pass(LEASE_MS / 3);
		}

		expect(said).toEqual([]);
		for (const { size } of [moved.entry, moved.state]) expect(size).toBe(PEOPLE);
		expect([...moved.entry.values(), ...moved.state.values()].filter((times) => times !== 1)).toEqual([]);
		expect(Math.min(...byEngine)).toBeGreaterThan(PEOPLE / 4);
		expect(Math.min(deaths.unstarted, deaths.started)).toBeGreaterThan(2);
		expect(await ask(engines[0]!.store, `SELECT kind, count(*)::int AS n, count(DISTINCT instance_id)::int AS instances FROM journal
			WHERE kind IN ('entered', 'parked', 'done') GROUP BY 1 ORDER BY 1`)).toEqual(['done', 'entered', 'parked'].map((kind) => ({ kind, n: PEOPLE, instances: PEOPLE })));
		expect(await count("(SELECT DISTINCT instance_id FROM journal WHERE kind = 'woken' AND reason = 'event') woken")).toBe(PEOPLE / 3);
		expect(await count('enrolments WHERE entries = 1')).toBe(PEOPLE);
		expect(await Promise.all(['instances', 'candidates', 'claims', 'refusals'].map(count))).toEqual([0, 0, 0, 0]);
		expect(await count('steps')).toBe(2);
	});

	it('refuse by name a workflow that another living installation runs, and take it over from a dead one', async () => {
		await ask(engines[0]!.store, 'UPDATE workflows SET seen_at = $1', [clock.now]);
		const other = await engine();
		const entering = async () => {
			await takeIn(other.store, 'test', [eventOf('late', 'Enter', clock.now)]);
			const due = await ask(other.store, 'SELECT host FROM candidates JOIN steps ON steps.id = step_id JOIN workflows ON workflows.id = workflow');
			return due;
		};
		const register = (host: string) => other.registry.register(registration('entry', async () => undefined, host));
		const refused = register('installation-b');
		while (said.length === 0) await ask(other.store, 'SELECT 1');
		await refused();
		expect(said).toEqual([
			'The entry: workflow shop is already run on this store by another n8n installation (installa…). Give one of them another schema in the Journey Store credential.',
		]);
		expect(await entering()).toEqual([{ host: 'installation-a' }]);

		clock.pass(60_000 + 1);
		register('installation-b');
		while ((await count("workflows WHERE host = 'installation-b'")) === 0);
		expect(said).toHaveLength(1);
	});
});
