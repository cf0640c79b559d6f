import type { INodeProperties } from 'n8n-workflow';

import { objectFields } from './values';

const show = { operation: ['explain'] };

export const journeyFields: INodeProperties[] = [
	{
		displayName: 'Journey Key',
		name: 'journey',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. cart-abandonment',
		displayOptions: { show: { operation: ['counts', 'explain', 'leave', 'start'] } },
		description: 'As it stands in the Entry Trigger’s options; the workflow ID if it is empty there',
	},
	...objectFields('data', 'Data', '{\n  "order_id": "1001"\n}', 'start'),
	{
		displayName: 'Reason',
		name: 'reason',
		type: 'string',
		required: true,
		default: 'left',
		displayOptions: { show: { operation: ['leave'] } },
		description: 'Shown in reports and in the customer’s story',
	},
	{
		displayName: 'Options',
		name: 'startOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: { show: { operation: ['start'] } },
		options: [
			{
				displayName: 'Message ID',
				name: 'messageId',
				type: 'string',
				default: '',
				placeholder: 'e.g. {{ $json.order_id }}-start',
				description: 'A start with an ID that was seen in the last 30 days does not count again. Without one, only retries of the same execution are recognised.',
			},
		],
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
