import type { INodeProperties } from 'n8n-workflow';

import { time } from './values';

const show = { operation: ['recordEngagement'] };

export const messageFields: INodeProperties[] = [
	{
		displayName: 'Find Message By',
		name: 'messageBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Idempotency Key', value: 'key', description: 'What Check Before Sending handed on as idempotencyKey' },
			{ name: 'Provider’s Message ID', value: 'provider', description: 'What the sending node returned as the message’s ID' },
		],
		default: 'key',
		displayOptions: { show },
	},
	...([['key', 'Idempotency Key', 'e.g. 6f1c0c3e-…'], ['provider', 'Provider’s Message ID', 'e.g. SM0123']] as const).map(([value, displayName, placeholder]): INodeProperties => ({
		displayName,
		name: 'message',
		type: 'string',
		required: true,
		default: '',
		placeholder,
		displayOptions: { show: { ...show, messageBy: [value] } },
	})),
	{
		displayName: 'What Happened',
		name: 'engagement',
		type: 'options',
		options: [
			{ name: 'Bounced', value: 'bounced' },
			{ name: 'Clicked', value: 'clicked' },
			{ name: 'Complained', value: 'complained', description: 'Also denies consent for the message’s channel' },
			{ name: 'Delivered', value: 'delivered' },
			{ name: 'Opened', value: 'opened' },
			{ name: 'Unsubscribed', value: 'unsubscribed', description: 'Also denies consent for the message’s channel' },
		],
		default: 'delivered',
		displayOptions: { show },
	},
	{
		displayName: 'Options',
		name: 'messageOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: { show },
		options: [
			{ displayName: 'Details', name: 'detail', type: 'json', default: '{}', placeholder: '{ "url": "https://example.com" }', description: 'What else is known, e.g. the link that was clicked' },
			{ ...time, description: 'When it happened, if that was not just now. The same message, kind and time is recorded once.' },
		],
	},
];
