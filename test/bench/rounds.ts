import { claimInstances } from '../../lib/store/claim';
import { saveConditions } from '../../lib/store/conditions';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { LEASE_MS } from '../../lib/run/leases';
import { park, type Arrival } from '../../lib/run/park';
import type { Store } from '../../lib/store/types';
import { freshDatabase } from '../support/postgres';
import { fillWaiting } from '../support/waiting';
import { DAY_MS, idleEngine, makeWorld, wakesBy, type World } from '../support/world';
import { range } from './setup';

/** How many wake together. */
export const BATCH = 5_000;

/** A store with people who wait for a tick. */
export interface Place {
	people: number;
	store: Store;
	world: World;
	drop(): Promise<void>;
}

/** Milliseconds of each part of a round. */
export type Times = Record<string, number>;

/** A store of its own in which so many people wait. */
export async function filled(people: number): Promise<Place> {
	const database = await freshDatabase();
	const store = await openStore({ url: database.url, schema: 'journey' });
	const world = await makeWorld(store);
	await store.tx(async (db) => await saveConditions(db, [wakesBy('Tick')], null));
	await fillWaiting(store, 'The state', people);
	return { people, store, world, drop: async () => (await store.close(), await database.drop()) };
}

/** 5,000 of these people, all over the table, each once in a call. @param start the first of them; the same gives the same people */
export function someOf(people: number, start = Math.floor(Math.random() * people)): string[] {
	const step = Math.floor(people / BATCH);
	return range(0, BATCH).map((at) => `u${(start + at * step) % people}`);
}

/** Notes how long parts take. */
export function stopwatch(): { times: Times; timed<T>(part: string, work: () => Promise<T>): Promise<T> } {
	const times: Times = {};
	return {
		times,
		timed: async (part, work) => {
			const began = performance.now();
			const result = await work();
			times[part] = (times[part] ?? 0) + performance.now() - began;
			return result;
		},
	};
}

export const sum = (times: Times) => Object.values(times).reduce((all, one) => all + one, 0);

/**
 * One batch of events wakes 5,000 people, who are claimed, started and parked again by the engine's own functions.
 * @param start the first of them; absent: anybody
 */
export async function wakeUp({ store, world, people }: Place, start?: number): Promise<Times> {
	const engine = idleEngine(store);
	const { times, timed } = stopwatch();
	const users = someOf(people, start);
	const now = new Date();
	const result = await timed('event in, matched', async () => await takeIn(store, 'bench', users.map((user, index) => ({
		index, identities: [{ kind: 'user_id', value: user }], event: { name: 'Tick', properties: { n: index } }, occurredAt: now, messageId: `${+now}-${user}`,
	}))));
	if (result.woken !== BATCH) throw new Error(`${result.woken} people were woken instead of ${BATCH}.`);
	const { token } = (await timed('claimed', async () => await store.tx(async (db) => await claimInstances(db, world.state, 0, BATCH, new Date(+db.now + LEASE_MS)))))!;
	const claim = { token, execution: 'bench' };
	const running = await timed('started', async () => await engine.executions.start(claim));
	if (running.length !== BATCH) throw new Error(`${running.length} people were started instead of ${BATCH}.`);
	const later = new Date(Date.now() + 30 * DAY_MS);
	await timed('parked', async () => await park(engine, claim, world.state, { conditions: [wakesBy('Tick')], timer: null }, running.map((one): Arrival => ({
		id: one.id, profile_id: one.profile.id, due_at: later, expires: false, since: one.left_at, after_arrival: false, vars: null, wake: null,
	}))));
	await timed('acknowledged', async () => await engine.executions.acknowledge(claim, { settlements: [] }));
	engine.leases.stop();
	return times;
}
