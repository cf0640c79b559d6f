import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';

import { conditionFields, durationFields, eventFilters } from './fields';

const matchField: INodeProperties = {
	displayName: 'Match',
	name: 'match',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'All Conditions', value: 'all' },
		{ name: 'Any Condition', value: 'any' },
		{ name: 'No Condition', value: 'none' },
	],
	default: 'all',
};

const tag: INodePropertyCollection = {
	displayName: 'Tag',
	name: 'tag',
	values: [
		{
			displayName: 'Customer',
			name: 'has',
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Has the Tag', value: true }, { name: 'Does Not Have the Tag', value: false }],
			default: true,
		},
		{ displayName: 'Tag', name: 'tag', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. vip' },
	],
};

const consent: INodePropertyCollection = {
	displayName: 'Consent',
	name: 'consent',
	values: [
		{ displayName: 'Channel', name: 'channel', type: 'string', default: 'email', noDataExpression: true, placeholder: 'e.g. email' },
		{
			displayName: 'Consent Is',
			name: 'state',
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Denied', value: 'denied' }, { name: 'Granted', value: 'granted' }, { name: 'Not Known', value: 'unknown' }],
			default: 'granted',
		},
	],
};

const behaviour: INodePropertyCollection = {
	displayName: 'Behaviour',
	name: 'behaviour',
	values: [
		{
			displayName: 'Customer',
			name: 'did',
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Did', value: true }, { name: 'Did Not', value: false }],
			default: true,
		},
		{ displayName: 'Event', name: 'event', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. Order Completed' },
		{
			displayName: 'At Least This Many Times',
			name: 'times',
			type: 'number',
			noDataExpression: true,
			typeOptions: { minValue: 1, numberPrecision: 0 },
			default: 1,
			description: 'With Did Not and 3, customers match who did it twice at most',
		},
		{
			displayName: 'When',
			name: 'period',
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Ever', value: 'ever' }, { name: 'Within the Last …', value: 'within' }],
			default: 'ever',
			description: 'Looks back from now; it never waits. Hours and below are exact, days and above go by the UTC calendar.',
		},
		...durationFields('within', 'Last', 30, 'days', { period: ['within'] }).map((field): INodeProperties => ({ ...field, noDataExpression: true })),
		eventFilters(undefined, false),
	],
};

const attribute: INodePropertyCollection = { displayName: 'Attribute', name: 'attribute', values: conditionFields('Attribute', 'plan', false) };

/** What only someone inside a journey has. */
const inside: INodePropertyCollection[] = [
	{ displayName: 'Journey Value', name: 'context', values: conditionFields('Journey Value', 'cart_total', false) },
	{ displayName: 'Waking Event', name: 'event', values: conditionFields('Property', 'order.total', false) },
];

/**
 * Match and conditions: what makes one rule. Kinds of conditions are added from one list; a group among them has a
 * match of its own.
 *
 * @param journey also journey values and properties of the event that admitted or last woke the customer
 */
export function ruleFields(description: string, { journey }: { journey: boolean }): INodeProperties[] {
	const kinds = [attribute, behaviour, consent, ...(journey ? inside : []), tag];
	const list = (placeholder: string, options: INodePropertyCollection[], text?: string): INodeProperties => ({
		displayName: 'Conditions',
		name: 'conditions',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder,
		default: {},
		...(text ? { description: text } : {}),
		options,
	});
	const group: INodePropertyCollection = { displayName: 'Group of Conditions', name: 'group', values: [matchField, list('Add Condition to Group', kinds)] };
	return [matchField, list('Add Condition', [...kinds, group], description)];
}
