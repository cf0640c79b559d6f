import type { INodeProperties } from 'n8n-workflow';

/** What a run in the editor does. Nothing is shown where nothing would be stored. */
export const testing: INodeProperties = {
	displayName: 'When Testing',
	name: 'whenTesting',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Really Store', value: 'store', description: 'As in production: journeys start and go on' },
		{ name: 'Show What Would Be Stored', value: 'show' },
	],
	default: 'show',
	displayOptions: { hide: { operation: ['get', 'explain', 'counts'] } },
	description: 'What a run in the editor does',
};
