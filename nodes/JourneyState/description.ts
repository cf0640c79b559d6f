import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { capturedValues, conditionFields, durationFields, eventFilters, storeCredential } from '../shared/fields';
import { stateOutputs } from '../shared/stateOutputs';
import { nameField } from '../shared/suggestions';
import { stateSubtitle } from './subtitle';
import { untilFields } from './timeFields';

const eventFields: INodeProperties[] = [
	nameField('event', { displayName: 'Event', name: 'event', placeholder: 'e.g. Order Completed' }),
	eventFilters(undefined, false),
];

const ofEvent = { show: { on: ['event'] } };
const [eventName, propertyFilters] = eventFields as [INodeProperties, INodeProperties];

/** What one branch waits for. */
const branchFields: INodeProperties[] = [
	{ ...eventName, displayOptions: ofEvent },
	{ ...propertyFilters, displayOptions: ofEvent },
	{
		displayName: 'Attribute Conditions',
		name: 'attributes',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Condition',
		default: {},
		displayOptions: { show: { on: ['attribute'] } },
		description: 'All of them must hold at the same time',
		options: [{ displayName: 'Condition', name: 'conditions', values: conditionFields('Attribute', 'plan', false, 'attribute') }],
	},
	{
		displayName: 'Message Is',
		name: 'engagement',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { on: ['message'] } },
		options: [
			{ name: 'Bounced', value: 'bounced' },
			{ name: 'Clicked', value: 'clicked' },
			{ name: 'Complained Of', value: 'complained' },
			{ name: 'Delivered', value: 'delivered' },
			{ name: 'Opened', value: 'opened' },
			{ name: 'Unsubscribed From', value: 'unsubscribed' },
		],
		default: 'clicked',
	},
	{
		...nameField('segment', { displayName: 'Segment', name: 'segment', placeholder: 'e.g. big spenders', description: 'Name of a saved segment' }),
		displayOptions: { show: { on: ['segment'] } },
	},
	{
		displayName: 'Checked By',
		name: 'step',
		type: 'string',
		default: '',
		noDataExpression: true,
		displayOptions: { show: { on: ['message'] } },
		placeholder: 'Any step of this journey',
		description: 'Name of the Check Before Sending in front of the message. Leave it empty for any message that this customer got on this way through the journey.',
	},
];

const forEvents = { show: { waitFor: ['events'] } };

/** What the sentence depends on. Not on a date: the editor would have to evaluate it, and cannot without a sample. */
const TIME_FIELDS = [...untilFields(''), ...untilFields('limit')].map(({ name }) => name).filter((name) => !/^(date|limitDate)$/.test(name));

export const description: INodeTypeDescription = {
	displayName: 'Journey State (Wait Until)',
	name: 'journeyState',
	icon: { light: 'file:journeyState.svg', dark: 'file:journeyState.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: `={{(${stateSubtitle.toString()})($parameter)}}`,
	description: 'Holds customers until time is up or they do something; nothing runs meanwhile',
	defaults: { name: 'Journey State' },
	inputs: ['main'],
	outputs: `={{(${stateOutputs.toString()})($parameter)}}` as never,
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Wait For',
			name: 'waitFor',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Time', value: 'time', description: 'A delay, a date, or a weekday' },
				{ name: 'Events', value: 'events', description: 'What the customer does or becomes next, within a time limit; the first match wins' },
			],
			default: 'time',
		},
		...untilFields(''),
		{
			displayName: 'Start the Delay Again On',
			name: 'resets',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			placeholder: 'Add Event',
			default: {},
			displayOptions: { show: { waitFor: ['time'], until: ['delay'] } },
			description: 'For example an hour after the last cart update: each further update starts the hour again, at most 100 times',
			options: [{ displayName: 'Event', name: 'branch', values: eventFields }],
		},
		{
			displayName: 'Events',
			name: 'events',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true, sortable: true },
			placeholder: 'Add Event',
			default: { branch: [{ event: { __rl: true, mode: 'list', value: '' } }] },
			displayOptions: forEvents,
			description: 'Each has an output of its own. At most 20.',
			options: [
				{
					displayName: 'Event',
					name: 'branch',
					values: [
						{
							displayName: 'What',
							name: 'on',
							type: 'options',
							noDataExpression: true,
							options: [
								{ name: 'A Message of This Journey Is …', value: 'message', description: 'Delivered, opened, clicked: as recorded for it. If it is already, they go on at once.' },
								{ name: 'An Attribute Becomes …', value: 'attribute', description: 'If it is already, they go on at once' },
								{ name: 'An Event', value: 'event' },
								{ name: 'They Are in a Segment', value: 'segment', description: 'As it was refreshed last. If they are in it already, they go on at once.' },
							],
							default: 'event',
						},
						...branchFields,
						{
							displayName: 'At Least This Many Times',
							name: 'times',
							type: 'number',
							noDataExpression: true,
							typeOptions: { minValue: 1, numberPrecision: 0 },
							default: 1,
							displayOptions: ofEvent,
						},
						{
							displayName: 'When',
							name: 'period',
							type: 'options',
							noDataExpression: true,
							displayOptions: { ...ofEvent, hide: { times: [1] } },
							options: [
								{ name: 'During the Wait', value: 'ever', description: 'All that count here, see Which Events Count' },
								{ name: 'On One Calendar Day', value: 'day', description: 'Of the customer’s time zone' },
								{ name: 'Within a Time of …', value: 'within' },
							],
							default: 'ever',
							description: 'Whoever has enough of them goes on with the last of them',
						},
						...durationFields('within', 'Time', 1, 'hours', { on: ['event'], period: ['within'] }, 'Hours and below are exact. Days and above go by the UTC calendar.')
							.map((field): INodeProperties => ({ ...field, noDataExpression: true, displayOptions: { ...field.displayOptions, hide: { times: [1] } } })),
						{ ...capturedValues('Kept from this event for the rest of the journey, as context'), displayOptions: ofEvent },
						{ displayName: 'Output Name', name: 'output', type: 'string', default: '', noDataExpression: true, placeholder: 'The event’s name' },
					],
				},
			],
		},
		{
			displayName: 'What Decides',
			name: 'decides',
			type: 'options',
			noDataExpression: true,
			displayOptions: forEvents,
			options: [
				{ name: 'The First Event', value: 'first', description: 'Whoever does one of them goes on at once' },
				{ name: 'The Best Event When the Time Is Up', value: 'best', description: 'Everybody is held to the end. The best is the one that comes first in the list above.' },
			],
			default: 'first',
		},
		...untilFields('limit'),
		{
			displayName: 'In Words',
			name: 'words',
			type: 'resourceMapper',
			noDataExpression: true,
			// What the editor makes of an empty one: otherwise looking at a State would change it.
			default: { mappingMode: 'defineBelow', value: {}, matchingColumns: [], schema: [], attemptToConvertTypes: false, convertFieldsToString: false },
			typeOptions: {
				loadOptionsDependsOn: ['waitFor', 'events', 'resets', 'decides', ...TIME_FIELDS],
				resourceMapper: { resourceMapperMethod: 'waitInWords', mode: 'map', supportAutoMap: false, fieldWords: { singular: 'sentence', plural: 'the sentence' } },
			},
		},
		{
			displayName: 'Which Events Count',
			name: 'lookBack',
			type: 'options',
			noDataExpression: true,
			displayOptions: forEvents,
			options: [
				{ name: 'Since the Previous State', value: 'previous', description: 'A click that is quicker than this step is not lost. In front of the first State: since entry.' },
				{ name: 'Since Entry', value: 'entry' },
				{ name: 'Only After Arrival Here', value: 'arrival' },
				{ name: 'Of the Last …', value: 'last' },
			],
			default: 'previous',
		},
		...durationFields('lookBack', 'Last', 1, 'hours', { waitFor: ['events'], lookBack: ['last'] }),
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			displayOptions: forEvents,
			options: [
				{
					displayName: 'Property in This Event',
					name: 'correlation',
					type: 'string',
					default: '',
					noDataExpression: true,
					placeholder: 'e.g. application_id',
					description: 'Where these events carry the journey’s correlation value, when it is named differently there',
				},
			],
		},
		{
			displayName: 'Output When Testing',
			name: 'testOutput',
			type: 'options',
			noDataExpression: true,
			displayOptions: forEvents,
			typeOptions: { loadOptionsMethod: 'listOutputs', loadOptionsDependsOn: ['events'] },
			default: 0,
			description: 'Where customers go on in a run in the editor, which parks nobody',
		},
	],
};
