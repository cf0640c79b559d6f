import type { INodeProperties } from 'n8n-workflow';

import { alsoKnownAs } from './person';
import { objectFields, time } from './values';

const show = { operation: ['track'] };

export const eventFields: INodeProperties[] = [
	{
		displayName: 'Event',
		name: 'event',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Order Completed',
		displayOptions: { show },
		description: 'What happened, by the name that your journeys listen to',
	},
	...objectFields('properties', 'Properties', '{\n  "order_id": "1001",\n  "total": 12.5\n}', 'track'),
	{
		displayName: 'Options',
		name: 'eventOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: { show },
		options: [
			alsoKnownAs,
			{
				displayName: 'Import as History',
				name: 'history',
				type: 'boolean',
				noDataExpression: true,
				default: true,
				description: 'Whether to keep events for later rules only: nobody enters, goes on or converts because of them, and they may be older than 7 days',
			},
			{
				displayName: 'Message ID',
				name: 'messageId',
				type: 'string',
				default: '',
				placeholder: 'e.g. {{ $json.order_id }}-completed',
				description: 'An event with an ID that was seen in the last 30 days is not counted again. Without one, only retries of the same execution are recognised.',
			},
			{ ...time, description: 'When it happened, if that was not just now. At most 5 minutes in the future and, except for history, 7 days in the past.' },
		],
	},
];
