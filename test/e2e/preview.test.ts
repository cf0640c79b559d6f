import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeExecutionData } from 'n8n-workflow';

import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState } from '../support/journeys';
import { repository } from '../support/n8nEnvironment';

jest.setTimeout(240_000);

const journey = (days: number) => ({
	name: 'Cart',
	settings: {},
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'Cart Updated' }), delayState('Wait', days, 'days'), baseNode('Remind', 'noOp', 1)],
	connections: wires('Entry > Wait', 'Wait > Remind'),
});
const track = {
	name: 'Track',
	nodes: [baseNode('Start', 'manualTrigger', 1), journeyNode('Customer', 'journeyCustomerData', { event: 'Cart Updated', identity: 'customer-1', whenTesting: 'store' })],
	connections: wires('Start > Customer'),
};

describe.each(ARRANGEMENTS)('the workflow that docs/changing.md offers (%s)', (kind) => {
	let on: Arrangement;
	beforeAll(async () => void (on = await Arrangement.start(kind)));
	afterAll(async () => await on?.stop());

	it('previews what stands in the editor, and not what is published', async () => {
		const { n8n, watch } = on;
		const id = await on.publish(journey(10));
		const { id: tracks } = await n8n.createWorkflow(track);
		await n8n.run(tracks, 'Start');
		const { rawApiKey } = await n8n.api<{ rawApiKey: string }>('POST', '/rest/api-keys', { label: 'preview', expiresAt: null, scopes: ['workflow:read', 'workflow:list'] });
		const credential = await n8n.createCredential('n8n', 'n8nApi', { apiKey: rawApiKey, baseUrl: `${n8n.url}/api/v1` });
		const offered = JSON.parse(/```json\n([\s\S]*?)```/.exec(readFileSync(join(repository, 'docs', 'changing.md'), 'utf8'))![1]!) as { nodes: Array<{ name: string; parameters: object }> };
		const [start, get, preview] = offered.nodes as [object, { parameters: object }, object];
		const { id: previews } = await n8n.createWorkflow({
			...offered, name: 'Preview',
			nodes: [start, { ...get, parameters: { ...get.parameters, workflowId: { __rl: true, mode: 'id', value: id } }, credentials: { n8nApi: { id: credential, name: 'n8n' } } }, preview],
		});
		const seen = async () => {
			const run = await n8n.run(previews, 'Before I publish');
			expect(run.data?.resultData.error).toBeUndefined();
			return ((run.runData.Preview![0]!.data!.main as INodeExecutionData[][])[0]![0]!.json) as { waiting: number };
		};
		await watch.until('the customer waits', async () => (await watch.count("instances WHERE status = 'waiting'")) === 1);
		await n8n.update(id, journey(20));
		expect(await seen()).toMatchObject({ ok: true, journey: id, waiting: 1, later: 1, leave: 0, problems: [] });
		await n8n.update(id, { ...journey(20), nodes: journey(20).nodes.filter(({ name }) => name !== 'Wait'), connections: wires('Entry > Remind') });
		expect(await seen()).toMatchObject({ ok: true, waiting: 1, leave: 1, later: 0, steps: expect.arrayContaining([expect.objectContaining({ step: 'Wait', change: 'removed', sentence: "'Wait' is removed: 1 person leaves the journey (step_removed)." })]) });
	});
});
