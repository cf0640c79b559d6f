import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

import type { Engine } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { raw } from '../shared/parameters';
import { suggestions } from '../shared/suggestions';
import { description } from './description';
import { JOURNEY_OPERATIONS } from './journeys';
import { searchJourneys } from './search';
import { SEGMENT_OPERATIONS } from './segments';
import { SETTINGS_OPERATIONS } from './settings';
import { STORE_OPERATIONS } from './store';
import { TRAIT_OPERATIONS } from './traits';

type Operate = (context: IExecuteFunctions, engine: Engine) => Promise<INodeExecutionData | INodeExecutionData[]>;

/** What operators ask for: once an execution, whatever the number of items. */
const OPERATIONS: Record<string, Record<string, Operate>> = {
	journey: JOURNEY_OPERATIONS, segment: SEGMENT_OPERATIONS, settings: SETTINGS_OPERATIONS, store: STORE_OPERATIONS, trait: TRAIT_OPERATIONS,
};

/** For operators, from any workflow: journeys and the people in them, the settings, the store, and how everything is. */
export class JourneyControl implements INodeType {
	description = description;
	methods = { listSearch: { ...suggestions.listSearch, searchJourneys } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const operate = OPERATIONS[raw(this, 'resource', 'store')]![raw(this, 'operation', 'status')]!;
		const answer = await operate(this, await journeyEngine(this));
		return [Array.isArray(answer) ? answer : [answer]];
	}
}
