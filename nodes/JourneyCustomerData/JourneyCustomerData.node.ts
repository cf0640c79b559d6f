import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

import { raw } from '../shared/parameters';
import { isTest } from '../shared/place';
import { suggestions } from '../shared/suggestions';
import { description } from './description';
import { READERS, type WriteOperation } from './entry';
import { leaveItems } from './leave';
import { panelOf } from './panel';
import { countItems, explainItems, getProfiles } from './read';
import { recordItems, storeItems } from './write';

/** The door for events and profiles from any workflow, and for questions about customers. */
export class JourneyCustomerData implements INodeType {
	description = description;
	methods = suggestions;

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const operation = raw<WriteOperation | 'get' | 'explain' | 'counts' | 'recordEngagement' | 'leave'>(this, 'operation', 'track');
		const panel = panelOf(this);
		if (operation === 'get') return [await getProfiles(this, panel)];
		if (operation === 'counts') return [await countItems(this, panel)];
		if (operation === 'explain') return [await explainItems(this, panel)];
		const stores = !isTest(this) || raw<string>(this, 'whenTesting', 'show') === 'store';
		if (!stores) this.addExecutionHints({ message: 'A test: nothing was stored. Set When Testing to Really Store to store it.', location: 'outputPane' });
		if (operation === 'leave') return [await leaveItems(this, panel, stores)];
		if (operation === 'recordEngagement') return [await recordItems(this, panel, stores)];
		return [await storeItems(this, panel, READERS[operation], stores)];
	}
}
