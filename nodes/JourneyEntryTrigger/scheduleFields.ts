import type { INodeProperties } from 'n8n-workflow';

import { ruleFields } from '../shared/ruleFields';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map((name, at) => ({ name, value: at + 1 }));

const show = (more: object = {}) => ({ show: { entry: ['schedule'], ...more } });
const every = (repeats: string, unit: string): INodeProperties => ({
	displayName: `Every This Many ${unit}`,
	name: 'every',
	type: 'number',
	typeOptions: { minValue: 1, numberPrecision: 0 },
	noDataExpression: true,
	default: 1,
	displayOptions: show({ repeats: [repeats] }),
});

const [match, conditions] = ruleFields('Who enters. They are looked for when the schedule falls due, among everyone who is known then.', 'anyone');

/** What *On a Schedule* asks for. */
export const scheduleFields: INodeProperties[] = [
	{
		displayName: 'Repeats',
		name: 'repeats',
		type: 'options',
		noDataExpression: true,
		default: 'days',
		displayOptions: show(),
		options: [
			{ name: 'By Days', value: 'days' },
			{ name: 'By Months', value: 'months' },
			{ name: 'By Weeks', value: 'weeks' },
			{ name: 'Never', value: 'once', description: 'One date only' },
		],
	},
	every('days', 'Days'),
	every('weeks', 'Weeks'),
	every('months', 'Months'),
	{
		displayName: 'Weekdays',
		name: 'weekdays',
		type: 'multiOptions',
		noDataExpression: true,
		options: WEEKDAYS,
		default: [1],
		displayOptions: show({ repeats: ['weeks'] }),
	},
	{
		displayName: 'On',
		name: 'monthDayKind',
		type: 'options',
		noDataExpression: true,
		default: 'day',
		options: [{ name: 'A Day of the Month', value: 'day' }, { name: 'The Last Day of the Month', value: 'last' }],
		displayOptions: show({ repeats: ['months'] }),
	},
	{
		displayName: 'Day of Month',
		name: 'monthDay',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 31, numberPrecision: 0 },
		noDataExpression: true,
		default: 1,
		displayOptions: show({ repeats: ['months'], monthDayKind: ['day'] }),
		description: 'In a month that is too short, its last day',
	},
	{
		displayName: 'Date',
		name: 'date',
		type: 'string',
		required: true,
		noDataExpression: true,
		default: '',
		placeholder: 'e.g. 2026-12-31',
		displayOptions: show({ repeats: ['once'] }),
	},
	{
		displayName: 'At Time',
		name: 'atTime',
		type: 'string',
		noDataExpression: true,
		default: '09:00',
		placeholder: 'e.g. 09:00',
		displayOptions: show(),
	},
	{
		displayName: 'Starting On',
		name: 'first',
		type: 'string',
		noDataExpression: true,
		default: '',
		placeholder: 'e.g. 2026-01-31',
		displayOptions: { ...show(), hide: { repeats: ['once'] } },
		description: 'It counts from this date, and falls on none before. Needed unless it is every day, week or month.',
	},
	{
		displayName: 'Whose Clock',
		name: 'clock',
		type: 'options',
		noDataExpression: true,
		default: 'journey',
		displayOptions: show(),
		options: [
			{ name: 'Each Customer’s Own', value: 'own', description: 'They enter as it falls due in their time zone; the journey’s counts for whose is not known' },
			{ name: 'The Journey’s', value: 'journey', description: 'All enter together' },
		],
	},
	{
		displayName: 'In Words',
		name: 'words',
		type: 'resourceMapper',
		noDataExpression: true,
		// What the editor makes of an empty one: otherwise looking at it would change it.
		default: { mappingMode: 'defineBelow', value: {}, matchingColumns: [], schema: [], attemptToConvertTypes: false, convertFieldsToString: false },
		displayOptions: show(),
		typeOptions: {
			loadOptionsDependsOn: ['repeats', 'every', 'weekdays', 'monthDayKind', 'monthDay', 'date', 'atTime', 'first', 'clock', 'options'],
			resourceMapper: { resourceMapperMethod: 'scheduleInWords', mode: 'map', supportAutoMap: false, fieldWords: { singular: 'sentence', plural: 'the sentence' } },
		},
	},
	{ ...match!, displayName: 'Audience Matches', displayOptions: show() },
	{ ...conditions!, displayName: 'Audience', displayOptions: show() },
	{
		displayName: 'There is no condition: everyone enters who is known when the schedule falls due.',
		name: 'everyone',
		type: 'notice',
		default: '',
		displayOptions: show({ conditions: [{ _cnd: { eq: {} as never } }] }),
	},
];
