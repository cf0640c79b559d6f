import { claimInstances } from '../../lib/store/claim';
import { saveConditions } from '../../lib/store/conditions';
import { openStore } from '../../lib/run/engine';
import { takeIn } from '../../lib/run/intake';
import { LEASE_MS } from '../../lib/run/leases';
import { park, type Arrival } from '../../lib/run/park';
import type { Store } from '../../lib/store/types';
import { freshDatabase } from '../support/postgres';
import { fillWaiting } from '../support/waiting';
import { ask, DAY_MS, idleEngine, makeWorld, wakesBy, type World } from '../support/world';
import { range } from './setup';
import { figure, printTable, quantile } from './table';

/** The goal is stated for 10,000,000, which takes 12 GB of disk. */
const MANY = Number(process.env.BENCH_WAITING_MANY ?? 3_000_000);
const FEW = Number(process.env.BENCH_WAITING_FEW ?? 10_000);
const BATCH = 5_000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const GOAL_BYTES = 600;

/** What tables and their indexes take, per row of `instances`. */
const SIZES = `
	SELECT c.relname AS name, pg_table_size(c.oid) AS table, pg_indexes_size(c.oid) AS indexes
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'journey' AND c.relname IN ('instances', 'enrolments', 'profiles', 'identities') ORDER BY 1`;

interface Round {
	times: Record<string, number>;
	wal: number;
}

interface Place {
	people: number;
	store: Store;
	world: World;
	drop(): Promise<void>;
}

/** A store in which so many people wait. */
async function filled(people: number): Promise<Place> {
	const database = await freshDatabase();
	const store = await openStore({ url: database.url, schema: 'journey' });
	const world = await makeWorld(store);
	await store.tx(async (db) => await saveConditions(db, [wakesBy('Tick')], null));
	await fillWaiting(store, 'The state', people);
	return { people, store, world, drop: async () => (await store.close(), await database.drop()) };
}

/** 5,000 of these people, all over the table, each once in a call. */
function someOf(people: number): string[] {
	const start = Math.floor(Math.random() * people);
	const step = Math.floor(people / BATCH);
	return range(0, BATCH).map((at) => `u${(start + at * step) % people}`);
}

/** One batch of events wakes 5,000 people, who are claimed, started and parked again. @returns milliseconds of each part, and bytes of WAL */
async function wakeUp({ store, world, people }: Place): Promise<Round> {
	const engine = idleEngine(store);
	const times: Record<string, number> = {};
	const timed = async <T>(part: string, work: () => Promise<T>): Promise<T> => {
		const began = performance.now();
		const result = await work();
		times[part] = performance.now() - began;
		return result;
	};
	const users = someOf(people);
	const walBefore = await wal(store);
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
	return { times, wal: (await wal(store)) - walBefore };
}

async function wal(store: Store): Promise<number> {
	return (await ask<{ at: number }>(store, `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at`))[0]!.at;
}

const sum = (times: Record<string, number>) => Object.values(times).reduce((all, one) => all + one, 0);
const median = (values: number[]) => quantile(values, 0.5);

describe('a wake-up, whoever else waits', () => {
	let few: Place;
	let many: Place;
	beforeAll(async () => {
		few = await filled(FEW);
		many = await filled(MANY);
	}, 60 * 60_000);
	afterAll(async () => {
		printTable(`A batch of ${BATCH.toLocaleString('en')} wake-ups by the store's own functions; nothing analysed by hand`);
		await few?.drop();
		await many?.drop();
	});

	it('costs disk', async () => {
		const sizes = await ask<{ name: string; table: number; indexes: number }>(many.store, SIZES);
		const per = (bytes: number) => Math.round(bytes / MANY);
		const of = (name: string) => sizes.find((one) => one.name === name)!;
		const wait = of('instances');
		figure({
			what: `disk for one waiting person, ${MANY.toLocaleString('en')} of them, as they came`,
			measured: `${per(wait.table + wait.indexes)} bytes: row ${per(wait.table)}, indexes ${per(wait.indexes)}`,
			goal: `≤ ${GOAL_BYTES} bytes`,
			against: ['enrolments', 'profiles', 'identities'].map((name) => `${name} ${per(of(name).table)} + ${per(of(name).indexes)}`).join('\n'),
		});
	});

	it('costs time', async () => {
		const rounds: Array<Record<'few' | 'many', Round>> = [];
		// A first round for each warms connections and plans.
		for (let round = 0; round <= ROUNDS; round++) {
			const one = { few: await wakeUp(few), many: await wakeUp(many) };
			if (round > 0) rounds.push(one);
		}
		const parts = Object.keys(rounds[0]!.few.times);
		for (const part of parts) {
			const [a, b] = [median(rounds.map(({ few: { times } }) => times[part]!)), median(rounds.map(({ many: { times } }) => times[part]!))];
			figure({ what: `  ${part}, beside ${MANY.toLocaleString('en')}`, measured: `${Math.round(b)} ms`, against: `beside ${FEW.toLocaleString('en')}: ${Math.round(a)} ms; × ${(b / a).toFixed(2)}` });
		}
		const [a, b] = [median(rounds.map(({ few: { times } }) => sum(times))), median(rounds.map(({ many: { times } }) => sum(times)))];
		figure({
			what: `a wake-up beside ${MANY.toLocaleString('en')} who wait / beside ${FEW.toLocaleString('en')}, median of ${ROUNDS} rounds in turn`,
			measured: `× ${(b / a).toFixed(2)} (${(b / BATCH).toFixed(3)} ms a person)`, goal: '≤ 1.3', against: `${(a / BATCH).toFixed(3)} ms a person`,
		});
		const [walFew, walMany] = (['few', 'many'] as const).map((which) => Math.round(median(rounds.map((round) => round[which].wal)) / BATCH));
		figure({ what: '  WAL for each person; pages are written whole after a checkpoint', measured: `${walMany} bytes`, against: `${walFew} bytes` });
	});

	it('costs disk after its rounds', async () => {
		const [wait] = (await ask<{ name: string; table: number; indexes: number }>(many.store, SIZES)).filter(({ name }) => name === 'instances');
		figure({ what: 'disk for one waiting person, after the rounds', measured: `${Math.round((wait!.table + wait!.indexes) / MANY)} bytes`, goal: `≤ ${GOAL_BYTES} bytes` });
	});
});
