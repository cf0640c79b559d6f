import { forget } from '../../lib/run/retention';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import type { Store } from '../../lib/store/types';
import { freshDatabase } from '../support/postgres';
import { ask, eventOf, makeWorld } from '../support/world';
import { figure, printTable, quantile } from './table';

const ROWS_A_MONTH = Number(process.env.BENCH_ROWS_A_MONTH ?? 1_000_000);
const MONTHS = 12;

describe('a year of events and journal', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Store;
	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey' });
		const { journey } = await makeWorld(store);
		const months = Array.from({ length: MONTHS }, (_, at) => `(date_trunc('month', now()) - interval '${MONTHS + 1 - at} months')`);
		// Before there is anything to vacuum: making a month waits for that for a fifth of a second, and is tried again an hour later.
		for (const month of months) for (const table of ['events', 'journal']) await ask(store, `SELECT make_month('${table}', ${month}::date)`);
		for (const month of months) {
			await ask(store, `INSERT INTO events (profile_id, name, properties, occurred_at, received_at)
				SELECT n, 'Seen', '{"page": "/"}', ${month}, ${month} FROM generate_series(1, $1::int) n`, [ROWS_A_MONTH]);
			await ask(store, `INSERT INTO journal (at, kind, journey_id, profile_id) SELECT ${month}, 'parked', $2, n FROM generate_series(1, $1::int) n`, [ROWS_A_MONTH, journey]);
		}
	}, 60 * 60_000);
	afterAll(async () => {
		printTable(`Dropping ${MONTHS} months of ${ROWS_A_MONTH.toLocaleString('en')} events and as many journal rows each, while events come in`);
		await store?.close();
		await database?.drop();
	});

	it('goes while events come in', async () => {
		let user = 0;
		const oneEvent = async () => {
			const began = performance.now();
			await takeIn(store, 'bench', [eventOf(`u${user++ % 100}`, 'Seen', new Date())]);
			return performance.now() - began;
		};
		/** Four senders, one event after the other, until the work is done. */
		const meanwhile = async (work: () => Promise<unknown>) => {
			let done = false;
			const times: number[] = [];
			const senders = Array.from({ length: 4 }, async () => {
				while (!done) times.push(await oneEvent());
			});
			const began = performance.now();
			await work();
			const ms = performance.now() - began;
			done = true;
			await Promise.all(senders);
			return { ms, times };
		};
		const usual = await meanwhile(async () => await new Promise((resolve) => setTimeout(resolve, 5_000)));
		const warned: string[] = [];
		let dropped: string[] = [];
		const drop = await meanwhile(async () => (dropped = await forget(store, { events: 1, history: 1 }, (message) => warned.push(message))));
		expect(warned).toEqual([]);
		expect(dropped).toHaveLength(2 * MONTHS);
		const words = (times: number[]) => `p50 ${Math.round(quantile(times, 0.5))} ms, longest ${Math.round(Math.max(...times))} ms of ${times.length}`;
		figure({ what: `${dropped.length} partitions dropped`, measured: `${(drop.ms / 1_000).toFixed(1)} s`, goal: 'seconds' });
		figure({ what: 'an event stored meanwhile, four senders', measured: words(drop.times), against: `before: ${words(usual.times)}` });
	});
});
