import type { INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { storeFields } from './fields/store';

export const description: INodeTypeDescription = {
	displayName: 'Journey Control',
	name: 'journeyControl',
	icon: { light: 'file:journeyControl.svg', dark: 'file:journeyControl.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: '={{ ({ backup: "back up store", status: "store status", resume: "resume store" })[$parameter["operation"]] }}',
	description: 'Backs up the store of the journeys, says how it is, and lets a restored one go on',
	defaults: { name: 'Journey Control' },
	inputs: ['main'],
	outputs: ['main'],
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Resource',
			name: 'resource',
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Store', value: 'store', description: 'Where the people of all journeys wait' }],
			default: 'store',
		},
		...storeFields,
	],
};
