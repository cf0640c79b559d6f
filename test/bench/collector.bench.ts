import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cpuOf } from './cpu';
import { Bench } from './setup';
import { figure, printTable } from './table';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const USERS = Number(process.env.BENCH_USERS ?? 20_000);

interface Load {
	answered: number;
	refused: number;
	p50: number;
	p99: number;
	cpuMs: number;
}

describe('the collector’s own port, in n8n, on Postgres', () => {
	let bench: Bench;
	let port: number;

	beforeAll(async () => {
		bench = await Bench.start();
		port = await bench.openPort('bench-key');
		await load(1, 1, 64);
	});
	afterAll(async () => {
		printTable(`The collector’s own port: ${SECONDS} s each, ${USERS.toLocaleString('en')} people, load generator and Postgres on the same machine`);
		await bench?.stop();
	});

	async function load(events: number, seconds: number, connections: number): Promise<Load> {
		const asked = { port, key: 'bench-key', connections, seconds, events, users: USERS };
		const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(__dirname, 'loadGenerator.js'), JSON.stringify(asked)]);
		if (stderr) throw new Error(stderr);
		return JSON.parse(stdout) as Load;
	}

	it.each([
		['single-event requests', 1, 128, 2_000],
		['events in batches of 100', 100, 32, 20_000],
	])('%s', async (what, events, connections, goal) => {
		const before = await bench.count('events');
		const cpu = cpuOf(bench.n8n.pid);
		const { answered, refused, p50, p99, cpuMs } = await load(events, SECONDS, connections);
		const spent = (cpuOf(bench.n8n.pid) - cpu) * 1000;
		// Acknowledged is stored.
		expect((await bench.count('events')) - before).toBe(answered * events);
		expect(refused).toBe(0);
		const cores = (ms: number) => (ms / (SECONDS * 1000)).toFixed(2);
		figure({
			what: `${what}, each acknowledged after its commit, ${connections} connections`,
			measured: `${Math.round((answered * events) / SECONDS).toLocaleString('en')}/s; answered in p50 ${p50} ms, p99 ${p99} ms`, goal: `${goal.toLocaleString('en')}/s`,
			against: `cores: n8n ${cores(spent)}, load generator ${cores(cpuMs)}`,
		});
	});
});
