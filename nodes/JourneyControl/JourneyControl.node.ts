import { NodeOperationError, type IExecuteFunctions, type INodeExecutionData, type INodeType } from 'n8n-workflow';

import type { Engine } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { raw } from '../shared/parameters';
import { suggestions } from '../shared/suggestions';
import { CUSTOMER_OPERATIONS } from './customer';
import { description } from './description';
import { JOURNEY_OPERATIONS } from './journeys';
import { MESSAGE_OPERATIONS } from './messages';
import { PUBLISH_OPERATIONS } from './publish';
import { REJECTED_OPERATIONS } from './rejected';
import { searchJourneys } from './search';
import { SEGMENT_OPERATIONS } from './segments';
import { SETTINGS_OPERATIONS } from './settings';
import { STORE_OPERATIONS } from './store';
import { TRAIT_OPERATIONS } from './traits';

type Operate = (context: IExecuteFunctions, engine: Engine) => Promise<INodeExecutionData | INodeExecutionData[]>;

/** What operators ask for: once an execution, whatever the number of items. What is about one customer is asked for each item. */
const OPERATIONS: Record<string, Record<string, Operate>> = {
	journey: { ...JOURNEY_OPERATIONS, ...PUBLISH_OPERATIONS }, message: MESSAGE_OPERATIONS, rejected: REJECTED_OPERATIONS, segment: SEGMENT_OPERATIONS,
	settings: SETTINGS_OPERATIONS,
	store: STORE_OPERATIONS, trait: TRAIT_OPERATIONS,
};

/** For operators, from any workflow: journeys and the people in them, the settings, the store, and how everything is. */
export class JourneyControl implements INodeType {
	description = description;
	methods = { listSearch: { ...suggestions.listSearch, searchJourneys } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const [resource, operation] = [raw(this, 'resource', 'store'), raw(this, 'operation', 'status')];
		try {
			const engine = await journeyEngine(this);
			if (resource === 'customer') return [await forEachItem(this, engine, CUSTOMER_OPERATIONS[operation]!)];
			const answer = await OPERATIONS[resource]![operation]!(this, engine);
			return [Array.isArray(answer) ? answer : [answer]];
		} catch (error) {
			if (!this.continueOnFail()) throw new NodeOperationError(this.getNode(), error as Error);
			return [[{ json: { error: (error as Error).message }, pairedItem: { item: 0 } }]];
		}
	}
}

/** Customers are named by items; the first that is refused ends it, unless the node goes on. */
async function forEachItem(context: IExecuteFunctions, engine: Engine, ask: (typeof CUSTOMER_OPERATIONS)[string]): Promise<INodeExecutionData[]> {
	const answers: INodeExecutionData[] = [];
	for (const [item] of context.getInputData().entries()) {
		try {
			answers.push(...(await ask(context, engine, item)));
		} catch (error) {
			if (!context.continueOnFail()) throw new NodeOperationError(context.getNode(), error as Error, { itemIndex: item });
			answers.push({ json: { error: (error as Error).message }, pairedItem: { item } });
		}
	}
	return answers;
}
