import type { Store } from '../../lib/store/types';
import { ask } from '../support/world';
import { BATCH, filled, sum, wakeUp, type Place, type Times } from './rounds';
import { figure, printTable, quantile } from './table';

/** The goal is stated for 10,000,000, which takes 12 GB of disk. */
const MANY = Number(process.env.BENCH_WAITING_MANY ?? 3_000_000);
const FEW = Number(process.env.BENCH_WAITING_FEW ?? 10_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const GOAL_BYTES = 600;

/** What tables and their indexes take, per row of `instances`. */
const SIZES = `
	SELECT c.relname AS name, pg_table_size(c.oid) AS table, pg_indexes_size(c.oid) AS indexes
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'journey' AND c.relname IN ('instances', 'enrolments', 'profiles', 'identities') ORDER BY 1`;

interface Round {
	times: Times;
	wal: number;
}

/** A wake-up, and the bytes of WAL that it wrote. */
async function round(place: Place): Promise<Round> {
	const before = await wal(place.store);
	const times = await wakeUp(place);
	return { times, wal: (await wal(place.store)) - before };
}

async function wal(store: Store): Promise<number> {
	return (await ask<{ at: number }>(store, `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at`))[0]!.at;
}

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
		for (let turn = 0; turn <= ROUNDS; turn++) {
			const one = { few: await round(few), many: await round(many) };
			if (turn > 0) rounds.push(one);
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
		const [walFew, walMany] = (['few', 'many'] as const).map((which) => Math.round(median(rounds.map((one) => one[which].wal)) / BATCH));
		figure({ what: '  WAL for each person; pages are written whole after a checkpoint', measured: `${walMany} bytes`, against: `${walFew} bytes` });
	});

	it('costs disk after its rounds', async () => {
		const [wait] = (await ask<{ name: string; table: number; indexes: number }>(many.store, SIZES)).filter(({ name }) => name === 'instances');
		figure({ what: 'disk for one waiting person, after the rounds', measured: `${Math.round((wait!.table + wait!.indexes) / MANY)} bytes`, goal: `≤ ${GOAL_BYTES} bytes` });
	});
});
