import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { partByRules, partSamples, type Outcome, type Way } from '../../lib/index';
import { arriving } from '../shared/arriving';
import { executingEngine } from '../shared/execution';
import { atOutputs, readSamples, samplesAtOutputs } from '../shared/parting';
import { isTest, placeOf } from '../shared/place';
import { bindVariables } from '../shared/rules';
import { isConditionOfEntry, readAudience } from '../shared/audience';
import { suggestions } from '../shared/suggestions';
import { description } from './description';
import { samplesWhoEnter } from './test';

const IN: Outcome = { reason: 'in', output: null };
const NOT_IN: Outcome = { reason: 'not_in', output: null };

/** Parts people by whether they are in an audience. */
export class JourneyAudienceFilter implements INodeType {
	description = description;
	methods = suggestions;

	/** Listens to nothing: it refuses a bad panel when the workflow is published, before anybody has come this far. */
	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		readAudience(this);
		return {};
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const audience = readAudience(this);
		// They were asked when they entered.
		if (isConditionOfEntry(this) && !isTest(this)) return [this.getInputData().map((one, item) => ({ ...one, pairedItem: { item } }))];
		const { rules } = audience;
		const variables = (item: number) => bindVariables(this, 'Conditions', audience, item);
		// Choices count rules that hold: none is the second output, unless there is none that could.
		const outcomes = rules.length > 0 ? [NOT_IN, IN] : [IN];
		const byOutput = (ways: Way[]) => ways.map(({ item, choice }) => ({ item, choice: outcomes[choice] === IN ? 0 : 1 }));

		const engine = await executingEngine(this);
		if (isTest(this)) {
			const { samples, nobody } = readSamples(this, variables);
			const ways = byOutput(await partSamples(engine, rules, samples));
			const all = [...ways, ...nobody.map((item) => ({ item, choice: 0 }))];
			return isConditionOfEntry(this) ? samplesWhoEnter(this, all) : samplesAtOutputs(this, all, 2);
		}
		const arrivals = await arriving(this, engine);
		if (arrivals.people.length === 0) return [[], []];
		const step = await engine.step(placeOf(this, 'audience'));
		const asked = arrivals.people.map(({ running, item }) => ({ item, instance: running.id, vars: variables(item) }));
		const ways = await partByRules(engine, arrivals.claim, { step: step.id, kind: 'audience' }, rules, outcomes, asked);
		return atOutputs(this, arrivals, byOutput(ways), 2);
	}
}
