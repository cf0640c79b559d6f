import type { Store } from '../../lib/store/types';
import { fillWaiting } from '../support/waiting';
import { ask } from '../support/world';
import { roundsJourney } from './journeys';
import { BATCH, filled, sum, wakeUp, type Place, type Times } from './rounds';
import { Bench } from './setup';
import { figure, printTable, quantile } from './table';

/** They take 12 GB of disk. */
const MANY = Number(process.env.BENCH_WAITING_MANY ?? 10_000_000);
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
async function round(place: Place, start?: number): Promise<Round> {
	const before = await wal(place.store);
	const times = await wakeUp(place, start);
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
		// What the load has left to be written is not the wake-ups'. Nothing is analysed.
		for (const { store } of [few, many]) await ask(store, 'CHECKPOINT');
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

	/** Rounds of both in turn. The first two warm connections and plans, and touch who is woken again. */
	const inTurn = async (start: (place: Place, turn: number) => number | undefined) => {
		const rounds: Array<Record<'few' | 'many', Round>> = [];
		for (let turn = -2; turn < ROUNDS; turn++) {
			const one = { few: await round(few, start(few, turn)), many: await round(many, start(many, turn)) };
			if (turn >= 0) rounds.push(one);
		}
		return rounds;
	};
	const report = (who: string, rounds: Array<Record<'few' | 'many', Round>>) => {
		const [a, b] = (['few', 'many'] as const).map((which) => median(rounds.map((one) => sum(one[which].times)))) as [number, number];
		const [walFew, walMany] = (['few', 'many'] as const).map((which) => Math.round(median(rounds.map((one) => one[which].wal)) / BATCH));
		figure({
			what: `a wake-up beside ${MANY.toLocaleString('en')} who wait / beside ${FEW.toLocaleString('en')}: ${who}; median of ${ROUNDS} rounds in turn`,
			measured: `× ${(b / a).toFixed(2)} (${(b / BATCH).toFixed(3)} ms a person)`, goal: '≤ 1.3', against: `${(a / BATCH).toFixed(3)} ms a person`,
		});
		for (const part of Object.keys(rounds[0]!.few.times)) {
			const [c, d] = (['few', 'many'] as const).map((which) => median(rounds.map((one) => one[which].times[part]!))) as [number, number];
			figure({ what: `  ${part}`, measured: `${Math.round(d)} ms`, against: `${Math.round(c)} ms; × ${(d / c).toFixed(2)}` });
		}
		figure({ what: '  WAL for each person; a page is written whole at its first change after a checkpoint', measured: `${walMany} bytes`, against: `${walFew} bytes` });
	};

	it('costs time', async () => {
		const apart = (place: Place) => Math.floor(place.people / BATCH / 2);
		report('the same 10,000 people, all over the table', await inTurn((place, turn) => (turn % 2 === 0 ? 0 : apart(place))));
		report('anybody, so that most pages are touched for the first time', await inTurn(() => undefined));
	});

	it('costs disk after its rounds', async () => {
		const [wait] = (await ask<{ name: string; table: number; indexes: number }>(many.store, SIZES)).filter(({ name }) => name === 'instances');
		figure({ what: 'disk for one waiting person, after the rounds', measured: `${Math.round((wait!.table + wait!.indexes) / MANY)} bytes`, goal: `≤ ${GOAL_BYTES} bytes` });
	});
});

describe('a wake-up inside n8n, whoever else waits', () => {
	const [TURNS, SECONDS, MOVED] = [3, 20, 10_000];
	const started: Bench[] = [];
	/** The same number of people go round on both sides, all over the table. What others have left to be done is done before. */
	const place = async (people: number) => {
		const bench = await Bench.start();
		started.push(bench);
		await bench.publish(roundsJourney, 3);
		await bench.send('enter', [people]);
		await bench.until('the first one waits', async () => (await bench.count("instances WHERE status = 'waiting'")) === 1);
		await fillWaiting(bench.store, 'Wait', people);
		return async () => {
			await bench.swept();
			await ask(bench.store, 'CHECKPOINT');
			return await bench.round(MOVED, SECONDS, { ahead: MOVED / 2, apart: people / MOVED });
		};
	};
	afterAll(async () => {
		printTable('The same through n8n: event in → matched → executed through two nodes → parked at the next State');
		for (const bench of started) await bench.stop();
	});

	it('costs', async () => {
		const [few, many] = [await place(FEW), await place(MANY)];
		const rounds: Array<Record<'few' | 'many', Awaited<ReturnType<typeof few>>>> = [];
		for (let turn = -1; turn < TURNS; turn++) {
			const one = { few: await few(), many: await many() };
			if (turn >= 0) rounds.push(one);
		}
		const of = (which: 'few' | 'many', take: (one: Awaited<ReturnType<typeof few>>) => number) => median(rounds.map((one) => take(one[which])));
		const compare = (what: string, take: (one: Awaited<ReturnType<typeof few>>) => number) => {
			const [a, b] = [of('few', take), of('many', take)];
			figure({
				what: `${what}, beside ${MANY.toLocaleString('en')} who wait / beside ${FEW.toLocaleString('en')}: the same 10,000 people, all over the table; median of ${TURNS} rounds of ${SECONDS} s in turn`,
				measured: `× ${(b / a).toFixed(2)} (${Math.round(b)} µs)`, goal: '≤ 1.3', against: `${Math.round(a)} µs`,
			});
		};
		compare('processor time of a step', (one) => one.used.micros);
		compare('time that passes for a step, everything busy', (one) => one.each);
	}, 60 * 60_000);
});
