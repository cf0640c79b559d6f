import type { INodeProperties } from 'n8n-workflow';

const show = (...operation: string[]) => ({ show: { resource: ['rejected'], operation } });

/** The operations on input that was refused, and their fields. */
export const rejectedFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['rejected'] } },
		options: [
			{ name: 'Discard', value: 'discard', description: 'Throw refused events away', action: 'Discard rejected events' },
			{ name: 'List', value: 'list', description: 'What was refused, why, and what was sent; oldest first', action: 'List rejected events' },
			{ name: 'Send In Again', value: 'resend', description: 'Take refused events in after all, as they are or mended; each counts once', action: 'Send rejected events in again' },
		],
		default: 'list',
	},
	{
		displayName: 'Rejected ID',
		name: 'rejected',
		type: 'string',
		required: true,
		default: '={{ $json.rejected.id }}',
		displayOptions: show('resend', 'discard'),
		description: 'As List gives it',
	},
	{
		displayName: 'Send In',
		name: 'sendIn',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'As It Was Refused', value: 'asRefused', description: 'When a limit was raised, or a clock was set right' },
			{ name: 'A Mended Message', value: 'mended', description: 'When what was sent is wrong' },
		],
		default: 'asRefused',
		displayOptions: show('resend'),
	},
	{
		displayName: 'Payload',
		name: 'payload',
		type: 'json',
		default: '={{ $json.payload }}',
		displayOptions: { show: { resource: ['rejected'], operation: ['resend'], sendIn: ['mended'] } },
		description: 'A message of Segment’s tracking API. Put an Edit Fields node between List and this one, and change what is wrong in the payload.',
	},
	{
		displayName: 'Lateness Limit (Days)',
		name: 'latenessDays',
		type: 'number',
		typeOptions: { minValue: 1, numberPrecision: 0 },
		default: 7,
		displayOptions: show('resend'),
		description: 'Events that happened longer ago are refused again. They count from when they happened, not from now.',
	},
	{
		displayName: 'What is taken leaves the list, in the same moment. What is refused again stays there, with its new reason.',
		name: 'resendNotice',
		type: 'notice',
		default: '',
		displayOptions: show('resend'),
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 1000, numberPrecision: 0 },
		default: 50,
		displayOptions: show('list'),
		description: 'Max number of results to return',
	},
	{
		displayName: 'After',
		name: 'after',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 0 },
		default: 0,
		displayOptions: show('list'),
		description: 'For the next page: the rejected ID of the last one of this page',
	},
	{
		displayName: 'Filters',
		name: 'rejectedFilters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		displayOptions: show('list'),
		options: [
			{ displayName: 'Reason Contains', name: 'reason', type: 'string', default: '', placeholder: 'e.g. lateness limit' },
			{ displayName: 'Since', name: 'since', type: 'dateTime', default: '', description: 'Refused since then' },
			{
				displayName: 'Source',
				name: 'source',
				type: 'options',
				options: [
					{ name: 'Customer Data Node', value: 'customer data' },
					{ name: 'Event Collector', value: 'collector' },
					{ name: 'Redis Stream', value: 'redis' },
				],
				default: 'collector',
			},
		],
	},
];
