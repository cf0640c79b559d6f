import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { LookBack } from '../../lib/index';
import { durationFields } from './fields';
import { readDuration, type Reader } from './parameters';

/** What the fields hold. */
export interface RawPeriod {
	period?: 'ever' | 'within' | 'days' | 'entry' | 'state';
	withinAmount?: number;
	withinUnit?: string;
	calendarDays?: number;
}

const EVER: INodePropertyOptions[] = [
	{ name: 'Ever', value: 'ever' },
	{ name: 'Within the Last …', value: 'within', description: 'Exactly so long before now. Days and above go by the UTC calendar.' },
	{ name: 'Within Calendar Days', value: 'days', description: 'Today and the days before it, by the customer’s time zone, else the journey’s' },
];
const INSIDE: INodePropertyOptions[] = [
	{ name: 'Since Entry', value: 'entry', description: 'Since the customer entered this journey; the event that let them in is not counted' },
	{ name: 'Since the Previous State', value: 'state', description: 'Since the customer left the Journey State before; the event that woke them is not counted' },
];

/** How far back a condition looks. @param inside also since entry and since the previous State */
export function periodFields(inside: boolean): INodeProperties[] {
	return [
		{
			displayName: 'When',
			name: 'period',
			type: 'options',
			noDataExpression: true,
			options: inside ? [...EVER, ...INSIDE] : EVER,
			default: 'ever',
			description: 'Looks back from now; it never waits',
		},
		...durationFields('within', 'Last', 30, 'days', { period: ['within'] }).map((field): INodeProperties => ({ ...field, noDataExpression: true })),
		{
			displayName: 'Days',
			name: 'calendarDays',
			type: 'number',
			noDataExpression: true,
			typeOptions: { minValue: 1, numberPrecision: 0 },
			default: 1,
			displayOptions: { show: { period: ['days'] } },
			description: '1 is today, 2 is yesterday and today',
		},
	];
}

/** @throws NodeOperationError naming the field */
export function readPeriod(context: Reader, where: string, raw: RawPeriod): { within?: LookBack } {
	switch (raw.period) {
		case 'within': return { within: readDuration(context, `${where}, Last`, raw.withinAmount, raw.withinUnit) };
		case 'days': return { within: { calendarDays: raw.calendarDays ?? 1 } };
		case 'entry':
		case 'state': return { within: raw.period };
		default: return {};
	}
}
