import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

import { journeyEngine } from '../shared/engine';
import { raw } from '../shared/parameters';
import { description } from './description';
import { STORE_OPERATIONS } from './store';

/** What operators ask for: once an execution, whatever the number of items. */
const OPERATIONS = { store: STORE_OPERATIONS };

/** For operators, from any workflow: the store, and how it is. */
export class JourneyControl implements INodeType {
	description = description;

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const operations = OPERATIONS[raw<keyof typeof OPERATIONS>(this, 'resource', 'store')];
		const operate = operations[raw<keyof typeof operations>(this, 'operation', 'status')];
		return [[await operate(this, await journeyEngine(this))]];
	}
}
