import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { capturedValues, eventFilters, storeCredential } from '../shared/fields';
import { nameField } from '../shared/suggestions';
import { optionFields } from './optionFields';
import { reentryFields } from './reentryFields';
import { scheduleFields } from './scheduleFields';
import { segmentFields } from './segmentFields';
import { entrySubtitle } from './subtitle';

/** One side of a change: any value, none, or a certain one. */
const changeSide = (displayName: string, name: string, example: string): INodeProperties[] => [
	{
		displayName,
		name,
		type: 'options',
		noDataExpression: true,
		default: 'any',
		displayOptions: { show: { entry: ['change'] } },
		options: [
			{ name: 'A Certain Value', value: 'value' },
			{ name: 'Any Value', value: 'any', description: 'Or none' },
			{ name: 'No Value', value: 'none', description: name === 'from' ? 'The attribute was not there' : 'The attribute is deleted' },
		],
	},
	{
		displayName: `${displayName} Value`,
		name: `${name}Value`,
		type: 'string',
		default: '',
		required: true,
		noDataExpression: true,
		placeholder: `e.g. ${example}`,
		displayOptions: { show: { entry: ['change'], [name]: ['value'] } },
	},
];

export const description: INodeTypeDescription = {
	displayName: 'Journey Entry Trigger',
	name: 'journeyEntryTrigger',
	icon: { light: 'file:journeyEntry.svg', dark: 'file:journeyEntry.dark.svg' },
	group: ['trigger'],
	version: 1,
	subtitle: `={{(${entrySubtitle.toString()})($parameter)}}`,
	description: 'Lets customers into this journey',
	eventTriggerDescription: '',
	activationMessage: 'People enter this journey from now on.',
	maxNodes: 1,
	defaults: { name: 'Journey Entry' },
	inputs: [],
	outputs: ['main'],
	credentials: [{ ...storeCredential, testedBy: 'testStore' }],
	properties: [
		{
			displayName: 'Without a store selected, customers are kept in n8n’s own folder: safe when n8n is killed, but not when the machine loses power.',
			name: 'storeNotice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'Entry',
			name: 'entry',
			type: 'options',
			noDataExpression: true,
			default: 'event',
			options: [
				{ name: 'From Another Journey or Workflow', value: 'start', description: 'Whom a Journey Action or Customer Data starts in this journey' },
				{ name: 'On a Profile Change', value: 'change', description: 'When an attribute of a customer gets another value' },
				{ name: 'On a Schedule', value: 'schedule', description: 'On certain dates, everyone in an audience' },
				{ name: 'On an Event', value: 'event', description: 'When an event happens to a customer' },
				{ name: 'On Joining or Leaving a Segment', value: 'segment', description: 'When a customer begins, or ceases, to match a saved audience' },
			],
			description: 'What lets a customer in',
		},
		{
			displayName: 'Send people here with Journey Action → Start Another Journey, or from any workflow with Journey Customer Data → Journey → Start. They name this journey by its key: the Journey Key among the options below, or this workflow’s ID if it is empty.',
			name: 'startNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { entry: ['start'] } },
		},
		{
			...nameField('event', { displayName: 'Event', name: 'event', placeholder: 'e.g. Cart Updated', description: 'Name of the event that lets a customer in, exactly as your systems send it' }),
			required: true,
			displayOptions: { show: { entry: ['event'] } },
		},
		{
			displayName: 'Attribute',
			name: 'attribute',
			type: 'string',
			default: '',
			required: true,
			noDataExpression: true,
			placeholder: 'e.g. plan',
			displayOptions: { show: { entry: ['change'] } },
			description: 'Its name. Reach into objects with a dot (address.city). Writing the same value again is no change.',
		},
		...changeSide('From', 'from', 'free'),
		...changeSide('To', 'to', 'pro'),
		...scheduleFields,
		...segmentFields,
		eventFilters({ entry: ['event', 'start'] }),
		...reentryFields,
		{ ...capturedValues('Kept from the entry event for the whole journey, as context'), displayOptions: { hide: { entry: ['schedule', 'segment'] } } },
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			options: optionFields,
		},
	],
};
