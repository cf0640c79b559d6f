import type { INodeProperties } from 'n8n-workflow';

import { CALENDAR, durationFields } from '../shared/fields';

const LOCK_UNIT = 'Hours and below are exact. Days and above end as that day begins in the customer’s time zone, so a journey that lets in every morning does so.';
const locked = { reentry: ['lock'] };
const capped = { reentry: ['cap'] };

/** Whether, when and how often somebody may enter again. */
export const reentryFields: INodeProperties[] = [
	{
		displayName: 'May Enter Again',
		name: 'reentry',
		type: 'options',
		noDataExpression: true,
		default: 'lock',
		options: [
			{ name: 'Never', value: 'once', description: 'Each customer enters once' },
			{ name: 'After a While', value: 'lock', description: 'Not sooner than so long after they were here last' },
			{ name: 'A Limited Number of Times', value: 'cap', description: 'At most so many entries, in a rolling period or for ever' },
		],
		description: 'Whether a customer who was in this journey before may enter again',
	},
	...durationFields('lock', 'After', 1, 'days', locked, LOCK_UNIT),
	{
		displayName: 'Counted From',
		name: 'lockFrom',
		type: 'options',
		noDataExpression: true,
		default: 'entry',
		displayOptions: { show: locked },
		options: [
			{ name: 'Their Last Entry', value: 'entry' },
			{ name: 'The Moment They Left', value: 'exit', description: 'By whatever way they left: to the end, by a goal, or removed' },
		],
	},
	{
		displayName: 'Entries at Most',
		name: 'capTimes',
		type: 'number',
		typeOptions: { minValue: 1, numberPrecision: 0 },
		default: 1,
		displayOptions: { show: capped },
		description: 'How often each customer may enter',
	},
	{
		displayName: 'Counted',
		name: 'capPeriod',
		type: 'options',
		noDataExpression: true,
		default: 'rolling',
		displayOptions: { show: capped },
		options: [
			{ name: 'In a Rolling Period', value: 'rolling' },
			{ name: 'For Ever', value: 'ever' },
		],
	},
	...durationFields('cap', 'Within', 30, 'days', { ...capped, capPeriod: ['rolling'] }, CALENDAR),
	{
		displayName: 'If Already Inside',
		name: 'whileInside',
		type: 'options',
		noDataExpression: true,
		default: 'refuse',
		options: [
			{ name: 'Ignore the New Event', value: 'refuse', description: 'They stay where they are' },
			{ name: 'Start Again', value: 'restart', description: 'They leave their place and begin anew, with journey values captured again' },
			{ name: 'Run Once More Beside It', value: 'parallel', description: 'They are inside several times at once, as often as “May Enter Again” allows' },
		],
		description: 'What a matching event does to someone who is in this journey already',
	},
];
