import type { INodeProperties } from 'n8n-workflow';

/** The operations on messages of which nobody knows whether they were sent. */
export const messageFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['message'] } },
		options: [
			{ name: 'List Unknown', value: 'list', description: 'Messages of which nobody knows whether they were sent', action: 'List unknown messages' },
			{ name: 'Mark as Sent', value: 'markSent', description: 'Say of unknown messages that they were sent', action: 'Mark messages as sent' },
		],
		default: 'list',
	},
	{
		displayName: 'To send them again, use a Journey Action in front of the node that sends: <i>Unknown Deliveries</i>, <i>Send Again</i>.',
		name: 'againNotice',
		type: 'notice',
		default: '',
		displayOptions: { show: { resource: ['message'] } },
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 1000, numberPrecision: 0 },
		default: 50,
		displayOptions: { show: { resource: ['message'], operation: ['list'] } },
		description: 'Max number of results to return',
	},
	{
		displayName: 'Delivery ID',
		name: 'delivery',
		type: 'string',
		required: true,
		default: '={{ $json.delivery.id }}',
		displayOptions: { show: { resource: ['message'], operation: ['markSent'] } },
		description: 'As List Unknown gives it',
	},
];
