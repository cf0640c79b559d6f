import { ExecuteContext } from 'n8n-core';
import { createRunExecutionData, Workflow, type INodeExecutionData, type IWorkflowExecuteAdditionalData } from 'n8n-workflow';

import type { Json } from '../../lib/core/types';
import { journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { NodeTypes } from '../support/headless/nodeTypes';
import { STORES } from '../support/stores';

jest.setTimeout(60_000);

const published = { name: 'Test', nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' })], connections: {} };

/** Runs a node in the editor on sample items. @returns what leaves by each output, and the hints */
async function runInEditor(type: string, parameters: object, samples: Json[]): Promise<{ outputs: INodeExecutionData[][]; hints: string[] }> {
	const nodeTypes = new NodeTypes();
	const workflow = new Workflow({
		id: 'journey', active: false, nodeTypes, nodes: [...published.nodes, journeyNode('Tried', type, parameters)] as never,
		connections: wires('Entry > Tried') as never,
	});
	const node = workflow.getNode('Tried')!;
	const items = samples.map((json) => ({ json })) as INodeExecutionData[];
	const data = { main: [items] };
	const context = new ExecuteContext(
		workflow, node, { executionId: '1', variables: {}, webhookWaitingBaseUrl: 'http://localhost/waiting', formWaitingBaseUrl: 'http://localhost/form-waiting' } as IWorkflowExecuteAdditionalData, 'manual', createRunExecutionData(), 0, items, data,
		{ node, data, source: { main: [{ previousNode: 'Entry' }] } }, [],
	);
	const outputs = await nodeTypes.getByNameAndVersion(node.type, 1).execute!.call(context);
	return { outputs: outputs as INodeExecutionData[][], hints: context.hints.map(({ message }) => message) };
}


describe.each(STORES)('a test run in the editor on %s', (kind) => {
	let run: CanvasRunner;
	let stored: number;

	beforeAll(async () => {
		run = await CanvasRunner.open(kind, published);
		await run.send({ who: 'known', event: 'order', change: { attributes: { plan: 'pro' }, addTags: ['vip'], consent: { email: 'granted' } } });
		[{ id: stored }] = (await run.store.tx(async (db) => await db.rows<{ id: number }>('SELECT id FROM profiles'))) as [{ id: number }];
	});
	afterAll(async () => await run?.close());

	const inAudience = async (conditions: object, sample: Json) => {
		const { outputs, hints } = await runInEditor('journeyAudienceFilter', { conditions }, [sample]);
		expect(hints).toEqual([]);
		expect(outputs.map((output) => output.length).sort()).toEqual([0, 1]);
		return outputs[0]!.length === 1;
	};

	const attribute = { attribute: [{ path: 'plan', operator: 'is', value: 'pro' }] };
	const tag = { tag: [{ has: true, tag: 'vip' }] };
	const consent = { consent: [{ channel: 'email', state: 'granted' }] };
	const behaviour = { behaviour: [{ did: true, event: 'order', times: 1, period: 'ever' }] };

	it.each<[string, object, Json, boolean]>([
		['the attributes of the sample', attribute, { profile: { attributes: { plan: 'pro' } } }, true],
		['other attributes of the sample', attribute, { profile: { attributes: { plan: 'free' } } }, false],
		['no attributes', attribute, { profile: {} }, false],
		['tags', tag, { profile: { tags: ['vip'] } }, true],
		['no tags', tag, { profile: {} }, false],
		['consent as people write it', consent, { profile: { consent: { email: 'granted' } } }, true],
		['consent as it is stored', consent, { profile: { consent: { email: { state: 'granted' } } } }, true],
		['denied consent', consent, { profile: { consent: { email: 'denied' } } }, false],
		['no events, for somebody who is not stored', behaviour, { profile: { attributes: {} } }, false],
		['expressions of the sample', { attribute: [{ path: 'plan', operator: 'is', value: '={{ $json.context.wanted }}' }] }, { profile: { attributes: { plan: 'x' } }, context: { wanted: 'x' } }, true],
	])('asks %s', async (_what, conditions, sample, expected) => {
		expect(await inAudience(conditions, sample)).toBe(expected);
	});

	it('asks of a stored profile what the sample leaves out, and its events', async () => {
		for (const conditions of [attribute, tag, consent, behaviour]) expect(await inAudience(conditions, { profile: { id: stored } })).toBe(true);
		expect(await inAudience(attribute, { profile: { id: stored, attributes: {} } })).toBe(false);
	});

	it('shows which branch the sample would take, by context and event too', async () => {
		const compared = (value: string) => [{ path: 'total', operator: 'greater', value }];
		const rules = { rules: { rule: [{ output: 'large', match: 'all', conditions: { context: compared('90') } }, { output: 'gift', match: 'all', conditions: { event: compared('9') } }] } };
		const { outputs } = await runInEditor('journeyBranch', rules, [
			{ profile: {}, context: { total: 5 }, event: { properties: { total: 10 } } },
			{ profile: {}, context: { total: 95 }, event: { properties: { total: 10 } } },
			{ profile: {}, context: { total: 5 } },
		]);
		expect(outputs.map((output) => output.map(({ pairedItem }) => pairedItem))).toEqual([[{ item: 2 }], [{ item: 1 }], [{ item: 0 }]]);
	});

	it('shows the side of a split that the profile will get', async () => {
		const split = { mode: 'split', variants: { variant: [{ name: 'a', weight: 1 }, { name: 'b', weight: 1 }] } };
		const samples = Array.from({ length: 40 }, (_, at) => ({ profile: { id: at + 1 }, journey: { key: 'shop' } }));
		const { outputs, hints } = await runInEditor('journeyBranch', split, samples);
		expect(outputs.map((output) => output.length > 5)).toEqual([true, true]);
		expect(hints).toEqual([]);
		expect((await runInEditor('journeyBranch', split, samples)).outputs).toEqual(outputs);
	});

	it.each<[string, string, object, Json, string]>([
		['an audience without a profile', 'journeyAudienceFilter', { conditions: tag }, { anything: 1 }, 'profile'],
		['a branch without a profile', 'journeyBranch', { rules: { rule: [{ output: 'a', match: 'all', conditions: tag }] } }, { anything: 1 }, 'profile'],
		['a split without the id of a profile', 'journeyBranch', { mode: 'split' }, { profile: {} }, 'profile.id'],
	])('says of %s that it cannot know, and goes on by the first output', async (_what, type, parameters, sample, missing) => {
		const { outputs, hints } = await runInEditor(type, parameters, [sample]);
		expect(outputs.map((output) => output.length)).toEqual([1, 0]);
		expect(hints).toEqual([expect.stringContaining(`1 of 1 items have no "${missing}"`)]);
	});

	it('refuses tags that are no list', async () => {
		await expect(runInEditor('journeyAudienceFilter', { conditions: tag }, [{ profile: { tags: 'vip' } }])).rejects.toThrow('profile.tags: item 0 has "vip". Make it a list');
	});

	it('writes nothing', async () => {
		const rows = await run.store.tx(async (db) => await db.rows<{ count: number }>('SELECT count(*) FROM journal UNION ALL SELECT count(*) FROM steps UNION ALL SELECT count(*) FROM profiles'));
		expect(rows.map(({ count }) => count)).toEqual([0, 1, 1]);
	});
});
