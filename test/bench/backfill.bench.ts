import { readFileSync } from 'node:fs';

import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { freshDatabase } from '../support/postgres';
import { N8n } from '../support/n8n';
import { openStore } from '../../lib/run/openStore';
import { figure, perSecond, printTable } from './table';

const ROWS = Number(process.env.BENCH_HISTORY ?? 1_000_000);
const PAGE = Number(process.env.BENCH_PAGE ?? 10_000);
const MOST_MS = 30 * 60_000;
/** What n8n has for itself when it starts is some 300 MB of it. Without a limit Node takes more as it likes, whether it needs it or not. */
const HEAP_MB = Number(process.env.BENCH_HEAP_MB ?? 512);

/** A year of events of 50,000 customers, a page at a time: what a database or a file node would read. */
const rows = (page: string) => `
	const out = [];
	for (let n = ${page} * ${PAGE}; n < (${page} + 1) * ${PAGE}; n++) out.push({ json: { user: 'u' + (n % 50000), id: 'old-' + n, at: new Date(Date.now() - 86400000 * (2 + n % 360)).toISOString(), total: n % 90 } });
	return out;`;

const assigned = (name: string) => ({ assignments: [{ id: '1', name, value: `={{ $json.${name} }}`, type: 'number' }] });
const history = {
	event: 'Order Completed', identity: '={{ $json.user }}', whenTesting: 'store', properties: assigned('total'),
	eventOptions: { history: true, messageId: '={{ $json.id }}', time: '={{ $json.at }}' },
};
const profiles = { resource: 'profile', operation: 'upsert', identity: '={{ $json.id }}', whenTesting: 'store', attributes: assigned('total') };

const page = (load: object) => ({
	name: 'One page',
	settings: { saveDataSuccessExecution: 'none', callerPolicy: 'any' },
	nodes: [
		baseNode('Page', 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' }),
		baseNode('Rows', 'code', 2, { jsCode: rows('$input.first().json.page') }),
		journeyNode('Load', 'journeyCustomerData', load),
		baseNode('One', 'limit', 1, { maxItems: 1 }),
	],
	connections: wires('Page > Rows', 'Rows > Load', 'Load > One'),
});

const all = (pageWorkflow: string, path: string) => ({
	name: 'All pages',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		baseNode('Now', 'webhook', 2, { path, httpMethod: 'POST', responseMode: 'onReceived' }, { webhookId: path }),
		baseNode('Pages', 'code', 2, { jsCode: `return Array.from({ length: ${ROWS / PAGE} }, (_, page) => ({ json: { page } }));` }),
		baseNode('One at a time', 'splitInBatches', 3, { batchSize: 1, options: {} }),
		baseNode('Load a page', 'executeWorkflow', 1.2, { workflowId: { __rl: true, mode: 'id', value: pageWorkflow }, options: { waitForSubWorkflow: true } }),
		baseNode('Done', 'set', 3.4, assign({ done: 'yes' })),
	],
	connections: wires('Now > Pages', 'Pages > One at a time', 'One at a time:0 > Done', 'One at a time:1 > Load a page', 'Load a page > One at a time'),
});

describe('history and profiles through Customer Data, on Postgres', () => {
	let n8n: N8n;
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Awaited<ReturnType<typeof openStore>>;

	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey' });
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: database.url, N8N_RUNNERS_TASK_TIMEOUT: '600', N8N_EXPRESSION_ENGINE: 'legacy', NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` } });
	});
	afterAll(async () => {
		printTable(`Through Customer Data, ${ROWS.toLocaleString('en')} each in pages of ${PAGE.toLocaleString('en')}, n8n with a heap of at most ${HEAP_MB} MB`);
		await n8n?.stop();
		await store?.close();
	});

	const lastOf = async (sequence: string) => (await store.tx(async (db) => await db.rows<{ n: number }>(`SELECT coalesce(last_value, 0)::int AS n FROM pg_sequences WHERE sequencename = '${sequence}'`)))[0]!.n;
	const megabytes = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${n8n.pid}/status`, 'utf8'))![1]) / 1024;

	it.each([['events of the past', 'event_ids', history], ['profiles', 'profiles_id_seq', profiles]])('%s a second, and n8n’s memory', async (what, sequence, load) => {
		const { id } = await n8n.createWorkflow(page(load));
		await n8n.activate(id);
		await n8n.activate((await n8n.createWorkflow(all(id, sequence))).id);
		const [before, began, first] = [megabytes(), Date.now(), await lastOf(sequence)];
		const seen: Array<{ rows: number; mb: number }> = [];
		expect((await fetch(`${n8n.url}/webhook/${sequence}`, { method: 'POST' })).status).toBe(200);
		for (let rows = 0; rows < ROWS; ) {
			await new Promise((resolve) => setTimeout(resolve, 500));
			rows = (await lastOf(sequence)) - first;
			seen.push({ rows, mb: megabytes() });
			if (Date.now() - began > MOST_MS) throw new Error(`${rows} rows after ${MOST_MS} ms\n${n8n.logs().slice(-3000)}`);
		}
		const ms = Date.now() - began;
		const most = (from: number, to: number) => Math.round(Math.max(...seen.filter(({ rows }) => rows > ROWS * from && rows <= ROWS * to).map(({ mb }) => mb)));
		figure({ what: `${what} stored`, measured: perSecond(ROWS, ms) });
		figure({ what: '  n8n’s memory: before, and at most in each quarter of the load', measured: `${Math.round(before)} MB; ${most(0, 0.25)}, ${most(0.25, 0.5)}, ${most(0.5, 0.75)}, ${most(0.75, 1)} MB`, goal: 'does not grow with what is loaded' });
	});
});
