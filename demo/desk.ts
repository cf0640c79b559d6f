import { setTimeout as sleep } from 'node:timers/promises';
import type { Counts } from '../lib/report/counts';
import type { N8n } from '../test/support/n8n';
import type { WorkflowJson } from './asPlayed';

const JOURNEY = 'cart-abandonment';
const OPEN_WITHIN_MS = 60_000;

/** A message of which nobody can say whether it was sent. */
export interface Unknown {
	journey: { step: string };
	profile: { email: string };
}

/** The embedded store belongs to n8n's process, so the terminal asks through a workflow, as anybody else would. */
const WORKFLOW: WorkflowJson = {
	name: 'Demo: what the terminal shows',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		...question(0, 'counts', 'journeyCustomerData', { resource: 'journey', operation: 'counts', journey: JOURNEY }),
		...question(1, 'story', 'journeyCustomerData', { resource: 'journey', operation: 'explain', journey: JOURNEY, identityKind: 'user_id', identity: '={{ $json.query.user }}' }),
		...question(2, 'unknown', 'journeyAction', { operation: 'unknown', unknown: 'list', limit: 5_000 }),
	],
	connections: Object.fromEntries(['counts', 'story', 'unknown'].map((path) => [path, { main: [[{ node: `Answer: ${path}`, type: 'main', index: 0 }]] }])),
};

function question(row: number, path: string, type: string, parameters: object): WorkflowJson['nodes'] {
	return [
		{
			id: `ask-${path}`, name: path, type: 'n8n-nodes-base.webhook', typeVersion: 2, position: [0, row * 200], webhookId: `demo-${path}`,
			parameters: { path: `demo/${path}`, httpMethod: 'GET', responseMode: 'lastNode', responseData: 'allEntries', options: {} },
		},
		{ id: `answer-${path}`, name: `Answer: ${path}`, type: `n8n-nodes-journey.${type}`, typeVersion: 1, position: [240, row * 200], parameters: { ...parameters } },
	];
}

/** Answers from inside the running n8n. */
export class Desk {
	private constructor(private readonly n8n: N8n) {}

	static async open(n8n: N8n): Promise<Desk> {
		const { id } = await n8n.createWorkflow(WORKFLOW);
		await n8n.activate(id);
		return new Desk(n8n);
	}

	/** Waits until the store has been made and the journey is registered in it, which happens in the background. */
	async journeyIsOpen(): Promise<void> {
		for (const end = Date.now() + OPEN_WITHIN_MS; ; await sleep(200)) {
			try {
				await this.counts();
				return await sleep(1_000); // its other nodes register right behind the Entry Trigger
			} catch (error) {
				if (Date.now() > end) throw error;
			}
		}
	}

	async counts(): Promise<Counts> {
		return (await this.ask<Counts>('counts'))[0]!;
	}

	/** A customer's story, newest sentence first. */
	async story(user: string): Promise<string[]> {
		return (await this.ask<{ sentence: string }>(`story?user=${user}`)).map(({ sentence }) => sentence);
	}

	async unknown(): Promise<Unknown[]> {
		return await this.ask('unknown');
	}

	private async ask<T>(question: string): Promise<T[]> {
		const response = await fetch(`${this.n8n.url}/webhook/demo/${question}`);
		const text = await response.text();
		if (!response.ok) throw new Error(`${question}: ${response.status} ${text}`);
		return JSON.parse(text) as T[];
	}
}
