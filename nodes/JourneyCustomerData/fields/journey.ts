import type { INodeProperties } from 'n8n-workflow';

const show = { operation: ['explain'] };

export const journeyFields: INodeProperties[] = [
	{
		displayName: 'Journey Key',
		name: 'journey',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. cart-abandonment',
		displayOptions: { show: { operation: ['counts', 'explain'] } },
		description: 'As it stands in the Entry Trigger’s options; the workflow ID if it is empty there',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 1000, numberPrecision: 0 },
		default: 50,
		displayOptions: { show },
		description: 'Max number of results to return',
	},
	{
		displayName: 'Options',
		name: 'explainOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: { show },
		options: [
			{
				displayName: 'Skip',
				name: 'skip',
				type: 'number',
				typeOptions: { minValue: 0, numberPrecision: 0 },
				default: 0,
				description: 'How many of the newest sentences to leave out, to read on from there',
			},
		],
	},
];
