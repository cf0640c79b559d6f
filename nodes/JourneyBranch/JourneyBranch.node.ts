import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { checkSplit, partByRules, partBySplit, partSamples, pickVariant, SplitError, type Engine, type Outcome, type Way } from '../../lib/index';
import { arriving } from '../shared/arriving';
import { journeyEngine } from '../shared/engine';
import { executingEngine } from '../shared/execution';
import { atOutputs, hintUnknown, readSamples, samplesAtOutputs } from '../shared/parting';
import { isTest, placeOf } from '../shared/place';
import { fieldError } from '../shared/parameters';
import { bindVariables } from '../shared/rules';
import { readBranch, type Branch } from './branch';
import { suggestions } from '../shared/suggestions';
import { description } from './description';

/** Sends people different ways, by the first rule that holds or by a weighted split. */
export class JourneyBranch implements INodeType {
	description = description;
	methods = suggestions;

	/** Listens to nothing: it refuses a bad panel, or a control that grew, when the workflow is published, before anybody has come this far. */
	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const branch = readBranch(this);
		if (branch.mode === 'rules' || isTest(this)) return {};
		const engine = await journeyEngine(this);
		await refused(this, async () => await checkSplit(engine, placeOf(this, 'branch'), keyOf(this, branch.salt), branch.variants));
		return {};
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const branch = readBranch(this);
		const outputs = branch.mode === 'split' ? branch.variants.length : branch.names.length;
		const engine = await executingEngine(this);
		if (isTest(this)) return samplesAtOutputs(this, await partTest(this, engine, branch), outputs);

		const arrivals = await arriving(this, engine);
		if (arrivals.people.length === 0) return Array.from({ length: outputs }, () => []);
		const step = await engine.step(placeOf(this, 'branch'));
		const parting = { step: step.id, kind: 'branched' } as const;
		const asked = arrivals.people.map(({ running, item }) => ({ item, instance: running.id, vars: variables(this, branch, item) }));
		const key = arrivals.people[0]!.running.journey_key;
		const ways = branch.mode === 'split'
			? await refused(this, async () => await partBySplit(engine, arrivals.claim, parting, {
				variants: branch.variants, salt: saltOf(this, branch.salt, key), key: keyOf(this, branch.salt),
			}, asked))
			: await partByRules(engine, arrivals.claim, parting, branch.rules, outcomesOf(branch.names), asked);
		return atOutputs(this, arrivals, ways, outputs);
	}
}

function outcomesOf(names: string[]): Outcome[] {
	return names.map((output, at) => ({ reason: at === 0 ? 'otherwise' : 'rule', output }));
}

/** What the shares of controls are kept by: as the salt, but within the journey. */
function keyOf(context: IExecuteFunctions | ITriggerFunctions, own: string): string {
	return own || context.getNode().id;
}

async function refused<T>(context: IExecuteFunctions | ITriggerFunctions, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw error instanceof SplitError ? fieldError(context.getNode(), 'Split Between', error.message) : error;
	}
}

/** A copy of the journey under the same key keeps node ids, and with them everybody's side. */
function saltOf(context: IExecuteFunctions, own: string, journeyKey: string): string {
	return own || `${journeyKey} ${context.getNode().id}`;
}

function variables(context: IExecuteFunctions, branch: Branch, item: number) {
	return branch.mode === 'split' ? null : bindVariables(context, 'Rules', branch, item);
}

async function partTest(context: IExecuteFunctions, engine: Engine, branch: Branch): Promise<Way[]> {
	const { samples, nobody } = readSamples(context, (item) => variables(context, branch, item));
	const first = nobody.map((item) => ({ item, choice: 0 }));
	if (branch.mode === 'rules') return [...(await partSamples(engine, branch.rules, samples)), ...first];
	const items = context.getInputData();
	hintUnknown(context, samples.filter(({ id }) => id === null).length, 'profile.id');
	return [...first, ...samples.map(({ item, id }): Way => {
		if (id === null) return { item, choice: 0 };
		const journey = items[item]!.json.journey as { key?: string } | undefined;
		const salt = saltOf(context, branch.salt, journey?.key ?? context.getWorkflow().id!);
		return { item, choice: pickVariant(branch.variants, salt, id).index };
	})];
}
