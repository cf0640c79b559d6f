import { assign, baseNode, wires } from '../support/canvas';
import { N8n } from '../support/n8n';
import { range } from './setup';
import { figure, perSecond, printTable } from './table';

const PEOPLE = Number(process.env.BENCH_WAITING ?? 300);
const CLIENTS = 8;

/** The same journey as a user would bend n8n's own nodes to it: one execution for each person. */
const waiting = {
	name: 'With n8n’s Wait node',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		baseNode('Webhook', 'webhook', 2, { path: 'enter', httpMethod: 'POST', responseMode: 'responseNode' }, { webhookId: 'enter' }),
		baseNode('Respond', 'respondToWebhook', 1.1, { respondWith: 'text', responseBody: '={{ $execution.resumeUrl }}' }),
		baseNode('Wait', 'wait', 1.1, { resume: 'webhook', options: {} }, { webhookId: 'wait' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		baseNode('Nothing', 'noOp', 1),
	],
	connections: wires('Webhook > Respond', 'Respond > Wait', 'Wait > Set', 'Set > Nothing'),
};

/** Runs the work for all of them, a few at a time. */
async function byClients<T>(work: (at: number) => Promise<T>): Promise<T[]> {
	const results: T[] = [];
	const queue = range(0, PEOPLE);
	await Promise.all(range(0, CLIENTS).map(async () => {
		for (let at = queue.shift(); at !== undefined; at = queue.shift()) results[at] = await work(at);
	}));
	return results;
}

describe('n8n’s own Wait node', () => {
	let n8n: N8n;

	beforeAll(async () => {
		n8n = await N8n.start({ database: 'sqlite' });
		const { id } = await n8n.createWorkflow(waiting);
		await n8n.activate(id);
	});
	afterAll(async () => {
		printTable(`The same on n8n’s Wait node, ${PEOPLE} people, n8n on SQLite`);
		await n8n?.stop();
	});

	it('entries and wake-ups a second', async () => {
		let began = Date.now();
		const urls = await byClients(async () => await (await fetch(`${n8n.url}/webhook/enter`, { method: 'POST' })).text());
		figure({ what: 'entries with Webhook → Wait', measured: perSecond(PEOPLE, Date.now() - began) });
		await new Promise((resolve) => setTimeout(resolve, 2_000));
		began = Date.now();
		const answers = await byClients(async (at) => (await fetch(urls[at]!.replace(/^https?:\/\/[^/]+/, n8n.url))).status);
		figure({ what: 'wake-ups with Wait → Set', measured: perSecond(PEOPLE, Date.now() - began) });
		expect(new Set(answers)).toEqual(new Set([200]));
	});
});
