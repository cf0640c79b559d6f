import { memory } from '../support/restingMemory';
import { fillWaiting } from '../support/waiting';
import { roundsJourney } from './journeys';
import { Bench, range, shuffled } from './setup';
import { figure, perSecond, printTable, quantile } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const ENTRIES = 20_000;
const EVENTS_A_SECOND = 100;
/** Of the trickle: what n8n runs for the first time after its start is compiled meanwhile, and not counted. */
const [WARM_SECONDS, STEADY_SECONDS] = [10, 30];

describe('through n8n, on Postgres', () => {
	let bench: Bench;
	let idle: number;

	beforeAll(async () => {
		bench = await Bench.start();
		await bench.publish(roundsJourney, 3);
		await bench.send('enter', range(PEOPLE, PEOPLE + 1));
		await bench.until('the first one waits', async () => (await bench.count("instances WHERE status = 'waiting'")) === 1);
		idle = await memory(bench.n8n);
		await fillWaiting(bench.store, 'Wait', PEOPLE);
	}, 30 * 60_000);
	afterAll(async () => {
		printTable(`Through n8n, on Postgres; ${PEOPLE.toLocaleString('en')} people wait`);
		await bench?.stop();
	});

	it('memory', async () => {
		const more = (await memory(bench.n8n, idle)) - idle;
		figure({ what: `n8n’s memory with ${PEOPLE.toLocaleString('en')} waiting, above one`, measured: `${more} MB`, goal: '≤ 150 MB', against: `${idle} MB with one` });
	});

	it('latency at a steady trickle', async () => {
		await bench.swept();
		const began = Date.now();
		const since = new Date(began + WARM_SECONDS * 1_000);
		for (const user of range(0, (WARM_SECONDS + STEADY_SECONDS) * EVENTS_A_SECOND)) {
			const next = began + (user * 1_000) / EVENTS_A_SECOND;
			await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
			void bench.send('tick', shuffled(PEOPLE, PEOPLE / 2 + user, 1));
		}
		await new Promise((resolve) => setTimeout(resolve, 3_000));
		const rows = await bench.store.tx(async (db) => await db.rows<{ begun: number; parked: number }>(
			`SELECT extract(epoch FROM w.at - e.received_at)::float8 * 1000 AS begun, extract(epoch FROM p.at - e.received_at)::float8 * 1000 AS parked
			 FROM journal w JOIN events e ON e.id = (w.detail->>'event_id')::bigint
				JOIN journal p ON p.instance_id = w.instance_id AND p.kind = 'parked' AND p.at >= w.at
			 WHERE w.kind = 'woken' AND e.received_at > $1`,
			[since],
		));
		const say = (ms: number[]) => `p50 ${Math.round(quantile(ms, 0.5))} ms, p99 ${Math.round(quantile(ms, 0.99))} ms`;
		const goal = 'p50 ≤ 60 ms, p99 ≤ 250 ms to the first node behind the State, which is between the two';
		figure({ what: `latency at ${EVENTS_A_SECOND} events/s, after ${WARM_SECONDS} s of it: event comes in → execution has begun at the State, of ${rows.length}`, measured: say(rows.map((row) => row.begun)), goal });
		figure({ what: '  … → through two nodes and at the next State', measured: say(rows.map((row) => row.parked)) });
	});

	it('transitions a second', async () => {
		const { measured, used } = await bench.round(PEOPLE, SECONDS);
		figure({ what: `transitions: event in → matched → executed through two nodes → parked at the next State, ${SECONDS} s`, measured, goal: '11,574/s; aim 20,000/s' });
		figure({ what: 'processor time of one transition, and what two cores with nothing else to do would reach', measured: `${used.words}; ${Math.round(2e6 / used.micros).toLocaleString('en')}/s` });
	});

	it('transitions a second, events over HTTP', async () => {
		const port = await bench.openPort('bench-key');
		let message = 0;
		const request = async (users: number[]) => {
			const batch = users.map((user) => ({ type: 'track', userId: `u${user}`, event: 'tick', messageId: `http-${++message}`, timestamp: new Date().toISOString() }));
			const { status } = await fetch(`http://127.0.0.1:${port}/v1/batch`, { method: 'POST', headers: { authorization: `Basic ${btoa('bench-key:')}` }, body: JSON.stringify({ batch }) });
			if (status !== 200) throw new Error(`The collector answered ${status}.`);
		};
		const { measured, used } = await bench.round(PEOPLE, SECONDS / 2, { send: async (users) => {
			await Promise.all(range(0, users.length / 100).map(async (at) => await request(users.slice(at * 100, at * 100 + 100))));
		} });
		figure({ what: `  … the events in requests of 100 to the collector’s own port, ${SECONDS / 2} s`, measured, against: used.words });
	});

	it('entries a second', async () => {
		const began = Date.now();
		await bench.send('enter', range(2 * PEOPLE, 2 * PEOPLE + ENTRIES));
		await bench.until('everybody waits', async () => (await bench.count("instances WHERE status = 'waiting' AND wake IS NULL")) === PEOPLE + 1 + ENTRIES);
		figure({ what: 'entries of new people: event in → admitted → parked', measured: perSecond(ENTRIES, Date.now() - began) });
	});
});
