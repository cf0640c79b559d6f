import { openStore } from '../../lib/run/engine';
import { takeIn } from '../../lib/run/intake';
import type { IntakeEntry } from '../../lib/core/types';
import type { Store } from '../../lib/store/types';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { figure, perSecond, printTable, quantile } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 20_000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 30);
const FEED = 2_000;

/** Everybody goes round: wait for a tick, two of n8n's own nodes, wait again. */
const journey = {
	name: 'Rounds',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'enter' }),
		journeyNode('Wait', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tick', output: 'tick' }] }, limitUntil: 'never' }),
		baseNode('Set', 'set', 3.4, assign({ ran_at: '={{ Date.now() }}' })),
		baseNode('If', 'if', 2.2, {
			conditions: {
				options: { caseSensitive: true, typeValidation: 'loose', version: 2 }, combinator: 'and',
				conditions: [{ id: '1', leftValue: '={{ $json.ran_at }}', rightValue: '', operator: { type: 'string', operation: 'exists', singleValue: true } }],
			},
		}),
	],
	connections: wires('Entry > Wait', 'Wait:1 > Set', 'Set > If', 'If:0 > Wait', 'If:1 > Wait'),
};

const entry = (name: string, user: number): IntakeEntry => ({
	index: user, identities: [{ kind: 'user_id', value: `u${user}` }], event: { name, properties: {} }, occurredAt: new Date(),
});

describe('through n8n', () => {
	let n8n: N8n;
	let store: Store;

	const one = async (sql: string) => Number(Object.values((await store.tx(async (db) => await db.rows<Record<string, number>>(sql)))[0]!)[0]);
	const until = async (what: string, check: () => Promise<boolean>, ms = 300_000) => {
		const end = Date.now() + ms;
		while (!(await check())) {
			if (Date.now() > end) throw new Error(`Still not: ${what}\n${n8n.logs().slice(-2000)}`);
			await new Promise((resolve) => setTimeout(resolve, 250));
		}
	};
	const transitions = async () => await one("SELECT coalesce(sum(visit), 0)::int FROM instances");

	beforeAll(async () => {
		const { url } = await freshDatabase();
		store = await openStore({ url, schema: 'journey' });
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: url } });
		const { id } = await n8n.createWorkflow(journey);
		await n8n.activate(id);
		await until('registered', async () => (await one('SELECT count(*)::int FROM steps')) === 2);
	});
	afterAll(async () => {
		printTable('Through n8n, on Postgres');
		await n8n?.stop();
		await store?.close();
	});

	it('transitions a second', async () => {
		const began = Date.now();
		for (let at = 0; at < PEOPLE; at += FEED) await takeIn(store, 'bench', Array.from({ length: FEED }, (_, k) => entry('enter', at + k)));
		await until('everybody waits', async () => (await one("SELECT count(*)::int FROM instances WHERE status = 'waiting'")) === PEOPLE);
		figure({ what: 'entries (event in → admitted → parked)', measured: perSecond(PEOPLE, Date.now() - began) });

		const before = await transitions();
		const start = Date.now();
		let sent = 0;
		let moved = 0;
		const feed = async () => {
			while (Date.now() - start < SECONDS * 1000) {
				if (sent - moved > PEOPLE) {
					await new Promise((resolve) => setTimeout(resolve, 20));
					continue;
				}
				const first = sent % PEOPLE;
				sent += FEED;
				await takeIn(store, 'bench', Array.from({ length: FEED }, (_, k) => entry('tick', (first + k) % PEOPLE)));
			}
		};
		const watch = setInterval(() => void transitions().then((now) => (moved = now - before)), 500);
		await feed();
		const ms = Date.now() - start;
		const count = (await transitions()) - before;
		clearInterval(watch);
		figure({ what: 'transitions (event in → matched → executed → parked again)', measured: perSecond(count, ms), goal: '3,000/s' });
		await until('the rest is done', async () => (await transitions()) - before >= sent, 120_000);
	});

	it('latency', async () => {
		await new Promise((resolve) => setTimeout(resolve, 2_000));
		const began = new Date();
		for (let at = 0; at < 1_000; at += 1) {
			const next = +began + at * 10;
			await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
			void takeIn(store, 'bench', [entry('tick', at)]);
		}
		await new Promise((resolve) => setTimeout(resolve, 3_000));
		const rows = await store.tx(async (db) => await db.rows<{ ms: number }>(
			`SELECT extract(epoch FROM j.at - e.received_at) * 1000 AS ms FROM journal j JOIN events e ON e.id = (j.detail->>'event_id')::bigint
			 WHERE j.kind = 'woken' AND e.received_at > $1`, [began]));
		const ms = rows.map((row) => Number(row.ms));
		figure({ what: 'latency at 100 events/s: received → start of the execution behind the State', measured: `p50 ${Math.round(quantile(ms, 0.5))} ms, p99 ${Math.round(quantile(ms, 0.99))} ms (${ms.length})` });
	});
});
