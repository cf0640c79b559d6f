import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { cpu, cpuEach } from './cpu';
import { Bench, BATCH, range } from './setup';
import { figure, perSecond, printTable, quantile } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 20_000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 30);
const EVENTS_A_SECOND = 100;

/** Everybody goes round: wait for a tick, two of n8n's own nodes, wait again. */
const rounds = {
	name: 'Rounds',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'enter' }),
		journeyNode('Wait', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tick', output: 'tick' }] }, limitUntil: 'never' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		baseNode('Nothing', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait:1 > Set', 'Set > Nothing', 'Nothing > Wait'),
};

describe('through n8n, on Postgres', () => {
	let bench: Bench;

	beforeAll(async () => {
		bench = await Bench.start();
		await bench.publish(rounds, 2);
	});
	afterAll(async () => {
		printTable(`Through n8n, on Postgres; ${PEOPLE.toLocaleString('en')} people waiting, ${SECONDS} s`);
		await bench?.stop();
	});

	it('transitions a second', async () => {
		const began = Date.now();
		await bench.send('enter', range(0, PEOPLE));
		await bench.until('everybody waits', async () => (await bench.count("instances WHERE status = 'waiting'")) === PEOPLE);
		figure({ what: 'entries: event in → admitted → parked', measured: perSecond(PEOPLE, Date.now() - began) });

		const before = await bench.transitions();
		const cpuBefore = await cpu(bench.n8n, bench.store);
		const start = Date.now();
		let sent = 0;
		let moved = 0;
		const watch = setInterval(() => void bench.transitions().then((now) => (moved = now - before)), 500);
		while (Date.now() - start < SECONDS * 1000) {
			if (sent - moved > PEOPLE / 2) {
				await new Promise((resolve) => setTimeout(resolve, 20));
				continue;
			}
			const first = sent % PEOPLE;
			sent += BATCH;
			await bench.send('tick', range(first, first + BATCH).map((user) => user % PEOPLE));
		}
		const count = (await bench.transitions()) - before;
		const ms = Date.now() - start;
		const used = cpuEach(cpuBefore, await cpu(bench.n8n, bench.store), count);
		clearInterval(watch);
		figure({ what: 'transitions: event in → matched → executed through two nodes → parked again', measured: perSecond(count, ms), goal: '11,574/s' });
		figure({ what: 'CPU time of one transition, and what two idle cores would do', measured: `${used.words}; ${Math.round(2e6 / used.micros).toLocaleString('en')}/s` });
		await bench.until('the rest is done', async () => (await bench.transitions()) - before >= sent);
	});

	it('latency at a steady trickle', async () => {
		const began = Date.now();
		const since = new Date(began);
		for (const user of range(0, 1_000)) {
			const next = began + (user * 1_000) / EVENTS_A_SECOND;
			await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
			void bench.send('tick', [user % PEOPLE]);
		}
		await new Promise((resolve) => setTimeout(resolve, 3_000));
		const rows = await bench.store.tx(async (db) => await db.rows<{ ms: number }>(
			`SELECT extract(epoch FROM j.at - e.received_at) * 1000 AS ms FROM journal j JOIN events e ON e.id = (j.detail->>'event_id')::bigint
			 WHERE j.kind = 'woken' AND e.received_at > $1`,
			[since],
		));
		const ms = rows.map((row) => row.ms);
		figure({
			what: `latency at ${EVENTS_A_SECOND} events/s: event accepted → its person is in the execution behind the State`,
			measured: `p50 ${Math.round(quantile(ms, 0.5))} ms, p99 ${Math.round(quantile(ms, 0.99))} ms of ${ms.length}`,
		});
	});
});
