import { Client } from 'pg';

import { journeyMap } from '../../lib/report/journeyMap';
import { overview } from '../../lib/report/overview';
import { peopleAtSteps } from '../../lib/store/overview';
import { explained } from '../support/plans';
import { filled, type Place } from './rounds';
import { figure, printTable, quantile } from './table';

const MANY = Number(process.env.BENCH_WAITING_MANY ?? 1_000_000);
const ROUNDS = 5;

describe('the status page, however many wait', () => {
	let place: Place;
	beforeAll(async () => {
		place = await filled(MANY);
	}, 60 * 60_000);
	afterAll(async () => {
		printTable(`The status page, ${MANY.toLocaleString('en')} people waiting`);
		await place?.drop();
	});

	async function measure(when: string): Promise<void> {
		const { store } = place;
		const loads: Array<[string, () => Promise<{ waiting: number }>]> = [
			['who is at each step', async () => ({ waiting: (await store.tx(async (db) => await peopleAtSteps(db, null))).reduce((sum, one) => sum + one.waiting, 0) })],
			['the page of all journeys', async () => (await overview(store)).journeys[0]!],
			['the page of one journey', async () => ({ waiting: (await journeyMap(store, 'shop')).steps.reduce((sum, one) => sum + one.waiting, 0) })],
		];
		for (const [what, load] of loads) {
			const times: number[] = [];
			for (let round = 0; round <= ROUNDS; round++) {
				const began = performance.now();
				expect((await load()).waiting).toBe(MANY);
				if (round > 0) times.push(performance.now() - began);
			}
			figure({ what: `${what}, ${when}, median of ${ROUNDS}`, measured: `${Math.round(quantile(times, 0.5))} ms` });
		}
		const { store: watched, seen } = explained(store);
		await watched.tx(async (db) => await peopleAtSteps(db, null));
		figure({ what: `  read from end to end for who is at each step, ${when}`, measured: seen.flatMap(({ scanned }) => scanned).join(', ') || 'no table' });
	}

	it('takes so long, as they came', async () => await measure('as they came'), 600_000);

	it('and as vacuum leaves it', async () => {
		const { host, port, database } = /^(?<host>[^:]+):(?<port>\d+)\/(?<database>[^,]+)/.exec(place.store.name)!.groups!;
		const client = new Client({ host, port: Number(port), database, user: 'journey', password: 'journey' });
		await client.connect();
		await client.query('VACUUM ANALYZE journey.instances');
		await client.end();
		await measure('after a vacuum');
	}, 600_000);
});
