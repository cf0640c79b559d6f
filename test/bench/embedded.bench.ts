import type { Counts } from '../../lib/report/counts';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { N8n } from '../support/n8n';
import { range } from './setup';
import { figure, perSecond, printTable } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 50_000);
const A_REQUEST = 500;
const KEY = 'bench-write-key';

const journey = {
	name: 'One step',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'enter', options: { key: 'one-step' } }),
		journeyNode('Before', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tick', output: 'tick' }] }, limitUntil: 'never' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		baseNode('Nothing', 'noOp', 1),
		journeyNode('After', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tock', output: 'tock' }] }, limitUntil: 'never' }),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > Before', 'Before:1 > Set', 'Set > Nothing', 'Nothing > After', 'After:1 > End'),
};

const counting = {
	name: 'Counts',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		baseNode('Ask', 'webhook', 2, { path: 'counts', httpMethod: 'GET', responseMode: 'lastNode', options: {} }, { webhookId: 'counts' }),
		journeyNode('Counts', 'journeyCustomerData', { resource: 'journey', operation: 'counts', journey: 'one-step' }),
	],
	connections: wires('Ask > Counts'),
};

const collector = (key: string) => ({
	name: 'Collector',
	nodes: [journeyNode('Collector', 'journeyEventCollectorTrigger', {}, {
		typeVersion: 2, webhookId: 'collector', credentials: { journeyWriteKey: { id: key, name: 'Key' } },
	})],
	connections: {},
});

describe('through n8n, on the embedded store', () => {
	let n8n: N8n;

	const send = async (event: string) => {
		for (let at = 0; at < PEOPLE; at += A_REQUEST) {
			const batch = range(at, at + A_REQUEST).map((user) => ({ type: 'track', event, userId: `u${user}`, messageId: `${event}-${user}`, properties: {} }));
			const response = await fetch(`${n8n.url}/webhook/journey/v1/batch`, {
				method: 'POST',
				headers: { 'content-type': 'application/json', authorization: `Basic ${Buffer.from(`${KEY}:`).toString('base64')}` },
				body: JSON.stringify({ batch }),
			});
			if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
		}
	};
	const waitingAt = async (step: string) => {
		const counts = (await (await fetch(`${n8n.url}/webhook/counts`)).json()) as Counts;
		return counts.inside?.find((one) => one.step === step)?.waiting ?? 0;
	};
	const allAt = async (step: string) => {
		const end = Date.now() + 300_000;
		while ((await waitingAt(step)) < PEOPLE) {
			if (Date.now() > end) throw new Error(`Not everybody got to ${step}\n${n8n.logs().slice(-2_000)}`);
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	};

	beforeAll(async () => {
		n8n = await N8n.start({ database: 'sqlite', pack: 'link' });
		const key = await n8n.createCredential('Key', 'journeyWriteKey', { writeKey: KEY, secondWriteKey: '' });
		for (const workflow of [collector(key), journey, counting]) await n8n.activate((await n8n.createWorkflow(workflow)).id);
		await new Promise((resolve) => setTimeout(resolve, 3_000));
	});
	afterAll(async () => {
		printTable(`Through n8n, on the embedded store (fsync off), events over HTTP, ${PEOPLE.toLocaleString('en')} people`);
		await n8n?.stop();
	});

	it('entries and transitions a second', async () => {
		let began = Date.now();
		await send('enter');
		await allAt('Before');
		figure({ what: 'entries: HTTP → stored → admitted → parked', measured: perSecond(PEOPLE, Date.now() - began) });
		began = Date.now();
		await send('tick');
		await allAt('After');
		figure({ what: 'transitions: HTTP → matched → executed through two nodes → parked again', measured: perSecond(PEOPLE, Date.now() - began), goal: '3,000/s' });
	});
});
