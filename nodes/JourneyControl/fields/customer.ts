import type { INodeProperties } from 'n8n-workflow';

import { identityFields } from '../../shared/identityFields';
import { journeyField } from './journeys';

const show = (...operation: string[]) => ({ show: { resource: ['customer'], operation } });

/** The operations on one customer, and their fields. */
export const customerFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['customer'] } },
		options: [
			{ name: 'Erase', value: 'erase', description: 'Forget who a customer is; counts stay', action: 'Erase a customer' },
			{ name: 'Export', value: 'export', description: 'Everything known about a customer, as JSON', action: 'Export a customer' },
			{ name: 'Get Story', value: 'story', description: 'What happened to a customer in a journey, and why, in sentences', action: 'Get the story of a customer' },
			{ name: 'Move', value: 'move', description: 'Let a customer begin to wait at another State', action: 'Move a customer to another state' },
			{ name: 'Send Failed On', value: 'sendOn', description: 'Let a customer go on who was given up after repeated errors', action: 'Send a failed customer on' },
			{ name: 'Take Out', value: 'exit', description: 'End what a customer is doing in a journey', action: 'Take a customer out of a journey' },
		],
		default: 'story',
	},
	{
		displayName: '<b>This cannot be undone.</b> What the customer is in ends. Profile, identities, event properties, journal values and the contents of messages are blanked; numbers stay. What n8n keeps of its executions is not reached: the answer says what remains.',
		name: 'eraseNotice',
		type: 'notice',
		default: '',
		displayOptions: show('erase'),
	},
	...identityFields({ show: { resource: ['customer'] } }),
	journeyField(show('story', 'move', 'sendOn', 'exit')),
	{
		displayName: 'To State',
		name: 'toState',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Wait for Order',
		displayOptions: show('move'),
		description: 'Its name on the canvas. They arrive there as if they had come to it now.',
	},
	{
		displayName: 'Reason',
		name: 'reason',
		type: 'string',
		required: true,
		default: 'taken_out',
		displayOptions: show('exit'),
		description: 'Shown in reports and in the customer’s story',
	},
];
