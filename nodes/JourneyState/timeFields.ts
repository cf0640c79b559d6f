import type { INodeProperties } from 'n8n-workflow';

import { CALENDAR, durationFields } from '../shared/fields';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map((name, at) => ({ name, value: at + 1 }));

const DAYS = ['days', 'weeks', 'months', 'years'];

const KINDS = [
	{ name: 'After a Delay', value: 'delay' },
	{ name: 'At a Date', value: 'date', description: 'From a field or an attribute, some time before or after it' },
	{ name: 'On a Weekday', value: 'weekday' },
	{ name: 'Within Certain Hours', value: 'window', description: 'For example business hours. Who arrives within them goes on at once.' },
];
const NEVER = { name: 'Never', value: 'never', description: 'Only the journey’s own limit applies: two years after entry' };

/** The fields that say when a wait for time ends, or, named `limit…`, when a wait for events does at most. */
export function untilFields(prefix: '' | 'limit'): INodeProperties[] {
	const waitFor = [prefix ? 'events' : 'time'];
	const name = (field: string) => (prefix ? `${prefix}${field[0]!.toUpperCase()}${field.slice(1)}` : field);
	const show = (kind: string) => ({ waitFor, [name('until')]: [kind] });
	const [shift, shiftUnit] = durationFields(name('offset'), 'Shift By', 0, 'days', show('date'), CALENDAR) as [INodeProperties, INodeProperties];
	const ifShifted = { show: show('date'), hide: { [name('offsetAmount')]: [0] } };
	return [
		{
			displayName: prefix ? 'Time Is Up' : 'Go On',
			name: name('until'),
			type: 'options',
			noDataExpression: true,
			options: prefix ? [...KINDS, NEVER] : KINDS,
			default: 'delay',
			displayOptions: { show: { waitFor } },
		},
		...durationFields(name('delay'), 'Wait', 1, 'days', show('delay'), CALENDAR),
		{
			displayName: 'At Time',
			name: name('delayTime'),
			type: 'string',
			default: '',
			placeholder: 'Any time, or e.g. 14:00',
			displayOptions: { show: { ...show('delay'), [name('delayUnit')]: DAYS } },
			description: 'Time of day in the customer’s time zone at which they go on, the first one after the wait. Leave it empty to go on at any time.',
		},
		{
			displayName: 'Date From',
			name: name('dateFrom'),
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'A Field or Expression', value: 'field', description: 'As it is when they arrive' },
				{ name: 'An Attribute', value: 'attribute', description: 'Read again whenever the attribute changes, to an earlier or a later date' },
			],
			default: 'field',
			displayOptions: { show: show('date') },
		},
		{
			displayName: 'Attribute',
			name: name('dateAttribute'),
			type: 'string',
			default: '',
			noDataExpression: true,
			placeholder: 'e.g. renewal_date',
			displayOptions: { show: { ...show('date'), [name('dateFrom')]: ['attribute'] } },
			description: 'Its name. Reach into objects with a dot (contract.renewal_date). Without a time it means midnight, without a time zone the customer’s.',
		},
		{
			displayName: 'Date',
			name: name('date'),
			type: 'string',
			default: '',
			placeholder: 'e.g. {{ $json.profile.attributes.renewal_date }}',
			displayOptions: { show: { ...show('date'), [name('dateFrom')]: ['field'] } },
			description: 'Drag a date field here. Without a time it means midnight, without a time zone the customer’s.',
		},
		{ ...shift, description: 'How long before or after the date. 0: at the date itself.' },
		{ ...shiftUnit, displayOptions: ifShifted },
		{
			displayName: 'Shift',
			name: name('offsetBefore'),
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Before the Date', value: true }, { name: 'After the Date', value: false }],
			default: true,
			displayOptions: ifShifted,
		},
		{
			displayName: 'If That Is Past',
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
			displayName: 'At Time',
			name: name('weekdayTime'),
			type: 'string',
			default: '09:00',
			noDataExpression: true,
			placeholder: 'e.g. 09:00',
			displayOptions: { show: show('weekday') },
			description: 'Time of day in the customer’s time zone',
		},
		{
			displayName: 'If They Arrive Later on Such a Day',
			name: name('weekdayPassed'),
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Wait for the Next Chosen Day', value: 'nextWeek' }, { name: 'Go On at Once', value: 'atOnce' }],
			default: 'nextWeek',
			displayOptions: { show: show('weekday') },
		},
		{
			displayName: 'Weekdays',
			name: name('windowDays'),
			type: 'multiOptions',
			noDataExpression: true,
			options: WEEKDAYS,
			default: [1, 2, 3, 4, 5],
			displayOptions: { show: show('window') },
		},
		{
			displayName: 'From',
			name: name('windowFrom'),
			type: 'string',
			default: '09:00',
			noDataExpression: true,
			placeholder: 'e.g. 09:00',
			displayOptions: { show: show('window') },
			description: 'Time of day in the customer’s time zone',
		},
		{
			displayName: 'To',
			name: name('windowTo'),
			type: 'string',
			default: '18:00',
			noDataExpression: true,
			placeholder: 'e.g. 18:00, or 24:00',
			displayOptions: { show: show('window') },
			description: 'From then on it is too late for that day. Earlier than From: on the next day, and the hours belong to the weekday on which they begin.',
		},
	];
}
