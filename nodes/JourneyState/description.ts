import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { durationFields, eventFilters, storeCredential } from '../shared/fields';
import { stateOutputs } from './outputs';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map((name, at) => ({ name, value: at + 1 }));

const DAYS = ['days', 'weeks', 'months', 'years'];

/** The fields that say when a wait ends; a limit of a wait for events has the same ones. */
function untilFields(prefix: '' | 'limit', waitFor: string, kinds: INodeProperties['options'], byDefault: string): INodeProperties[] {
	const name = (field: string) => (prefix ? `${prefix}${field[0]!.toUpperCase()}${field.slice(1)}` : field);
	const show = (kind: string) => ({ waitFor: [waitFor], [name('until')]: [kind] });
	return [
		{
			displayName: prefix ? 'Give Up' : 'Until',
			name: name('until'),
			type: 'options',
			noDataExpression: true,
			options: kinds,
			default: byDefault,
			displayOptions: { show: { waitFor: [waitFor] } },
		},
		...durationFields(name('delay'), 'Wait', 1, 'days', show('delay')),
		{
			displayName: 'At Time',
			name: name('delayTime'),
			type: 'string',
			default: '',
			placeholder: '14:00',
			displayOptions: { show: { ...show('delay'), [name('delayUnit')]: DAYS } },
			description: 'Time of day in the customer’s zone at which they go on, at the earliest after the wait. Leave it empty to go on at any time.',
		},
		{
			displayName: 'Date',
			name: name('date'),
			type: 'string',
			default: '',
			placeholder: "e.g. {{ $json.profile.attributes.renewal_date }}",
			displayOptions: { show: show('date') },
			description: 'Drag a date field here. Without a time it means midnight, without a zone the customer’s.',
		},
		...durationFields(name('offset'), 'Shift By', 0, 'days', show('date')),
		{
			displayName: 'Shift',
			name: name('offsetBefore'),
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Before the Date', value: true }, { name: 'After the Date', value: false }],
			default: true,
			displayOptions: { show: show('date') },
		},
		{
			displayName: 'If the Date Is Past',
			name: name('past'),
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Go On at Once', value: 'proceed' }, { name: 'Leave the Journey', value: 'exit' }],
			default: 'proceed',
			displayOptions: { show: show('date') },
		},
		{
			displayName: 'Weekdays',
			name: name('weekdays'),
			type: 'multiOptions',
			noDataExpression: true,
			options: WEEKDAYS,
			default: [1],
			displayOptions: { show: show('weekday') },
		},
		{
			displayName: 'At',
			name: name('weekdayTime'),
			type: 'string',
			default: '09:00',
			noDataExpression: true,
			displayOptions: { show: show('weekday') },
			description: 'Time of day in the customer’s zone',
		},
		{
			displayName: 'If the Hour Has Passed That Day',
			name: name('weekdayPassed'),
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Wait for the Next', value: 'nextWeek' }, { name: 'Go On at Once', value: 'atOnce' }],
			default: 'nextWeek',
			displayOptions: { show: show('weekday') },
		},
	];
}

const KINDS = [
	{ name: 'After a Delay', value: 'delay' },
	{ name: 'At a Date', value: 'date', description: 'From a field or an attribute, with an offset' },
	{ name: 'On a Weekday at a Time', value: 'weekday' },
];

const eventFields: INodeProperties[] = [
	{ displayName: 'Event', name: 'event', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. Order Completed' },
	eventFilters(undefined, false),
];

export const description: INodeTypeDescription = {
	displayName: 'Journey State (Wait Until)',
	name: 'journeyState',
	icon: { light: 'file:journeyState.svg', dark: 'file:journeyState.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: '={{$parameter["waitFor"] === "events" ? "until an event" : "until " + $parameter["until"]}}',
	description: 'Holds customers, without an execution, until something happens or time is up',
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
				{ name: 'A Time', value: 'time' },
				{ name: 'Events', value: 'events', description: 'What the customer does next; the first match wins' },
			],
			default: 'time',
		},
		...untilFields('', 'time', KINDS, 'delay'),
		{
			displayName: 'Events',
			name: 'events',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true, sortable: true },
			placeholder: 'Add Event',
			default: {},
			displayOptions: { show: { waitFor: ['events'] } },
			description: 'Each has an output of its own. At most 20.',
			options: [
				{
					displayName: 'Event',
					name: 'branch',
					values: [
						...eventFields,
						{ displayName: 'Output Name', name: 'output', type: 'string', default: '', noDataExpression: true, placeholder: 'the event’s name' },
					],
				},
			],
		},
		...untilFields('limit', 'events', [...KINDS, { name: 'Never', value: 'never', description: 'Only the journey’s own limit of two years applies' }], 'delay'),
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
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			displayOptions: { show: { waitFor: ['events'] } },
			options: [
				{
					displayName: 'Which Events Count',
					name: 'lookBack',
					type: 'options',
					noDataExpression: true,
					options: [
						{ name: 'Since the Previous State', value: 'previous', description: 'A click that is quicker than this step is not lost' },
						{ name: 'Since Entry', value: 'entry' },
						{ name: 'Only After Arrival Here', value: 'arrival' },
						{ name: 'Of the Last …', value: 'last' },
					],
					default: 'previous',
				},
				...durationFields('lookBack', 'Last', 1, 'hours', { lookBack: ['last'] }),
				{
					displayName: 'Property in This Event',
					name: 'correlation',
					type: 'string',
					default: '',
					noDataExpression: true,
					placeholder: 'application_id',
					description: 'Where these events carry the journey’s correlation value, when it is named differently there',
				},
			],
		},
	],
};

