import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import { DEFAULT_PURPOSE } from '../../lib/index';
import { conditionFields, eventFilters } from './fields';
import { periodFields } from './periodFields';
import { nameField, purposeField } from './suggestions';

const options = (displayName: string, name: string, values: INodePropertyOptions[], initial: string | boolean, description?: string): INodeProperties => ({
	displayName, name, type: 'options', noDataExpression: true, options: values, default: initial, ...(description ? { description } : {}),
});
const yesOrNo = (displayName: string, name: string, yes: string, no: string) =>
	options(displayName, name, [{ name: yes, value: true }, { name: no, value: false }], true);
const whole = (displayName: string, name: string, from: number, initial: number, description?: string): INodeProperties => ({
	displayName, name, type: 'number', noDataExpression: true, typeOptions: { minValue: from, numberPrecision: 0 }, default: initial, ...(description ? { description } : {}),
});
const channel = (initial: string, placeholder: string): INodeProperties =>
	({ displayName: 'Channel', name: 'channel', type: 'string', default: initial, noDataExpression: true, placeholder });
const kind = (displayName: string, name: string, values: INodeProperties[]): INodePropertyCollection => ({ displayName, name, values });
const [, operator, value] = conditionFields('', '', false) as [INodeProperties, INodeProperties, INodeProperties];
const event = nameField('event', { displayName: 'Event', name: 'event', placeholder: 'e.g. Order Completed' });

const attribute = kind('Attribute', 'attribute', [
	nameField('attribute', {
		displayName: 'Attribute', name: 'path', placeholder: 'e.g. plan',
		description: 'Its name. Reach into objects with a dot (address.city), into lists with [] (items[].category).',
	}),
	operator, value,
]);

const behaviour = (inside: boolean) => kind('Behaviour', 'behaviour', [
	options('Customer', 'did', [
		{ name: 'Did at Least …', value: true }, { name: 'Did at Most …', value: 'atMost' }, { name: 'Did Not', value: false },
	], true),
	{ ...whole('Times', 'times', 0, 1), displayOptions: { hide: { did: [false] } } },
	event,
	...periodFields(inside),
	eventFilters(undefined, false),
]);

const consent = kind('Consent', 'consent', [
	channel('email', 'e.g. email'),
	purposeField(DEFAULT_PURPOSE, 'What holds for it, or for the whole channel if nothing was said of it'),
	options('Consent Is', 'state', [{ name: 'Denied', value: 'denied' }, { name: 'Granted', value: 'granted' }, { name: 'Not Known', value: 'unknown' }], 'granted'),
]);

const eventValue = (inside: boolean) => kind('Event Value', 'aggregate', [
	options('Take', 'of', [
		{ name: 'Average', value: 'average', description: 'Of all numbers at the property' },
		{ name: 'First', value: 'first', description: 'What it was in the first event that has it' },
		{ name: 'Last', value: 'last', description: 'What it was in the last event that has it' },
		{ name: 'Sum', value: 'sum', description: 'Of all numbers at the property; 0 if there is none' },
	], 'sum'),
	nameField('property', { displayName: 'Of the Property', name: 'path', placeholder: 'e.g. order.total', description: 'Reach into objects with a dot (order.total), into lists with [] (items[].price)' }),
	event,
	...periodFields(inside),
	{ ...operator, default: 'greater' },
	value,
	eventFilters(undefined, false),
]);

const identity = kind('Identity', 'identity', [
	yesOrNo('Customer', 'has', 'Has', 'Does Not Have'),
	options('Identity', 'identity', [
		{ name: 'Anonymous ID', value: 'anonymous_id' }, { name: 'Device', value: 'device' }, { name: 'Email', value: 'email' },
		{ name: 'Phone', value: 'phone' }, { name: 'User ID', value: 'user_id' },
	], 'email'),
]);

const journey = kind('Journey', 'journey', [
	options('Customer', 'is', [
		{ name: 'Converted In', value: 'converted' },
		{ name: 'Has Entered', value: 'entered', description: 'At any time, also who is still inside' },
		{ name: 'Is Inside', value: 'inside' },
	], 'entered'),
	yesOrNo('Is This So', 'holds', 'Yes', 'No'),
	nameField('journey', { displayName: 'Journey', name: 'journey', placeholder: 'e.g. welcome', description: 'Its key, as the Journey Entry Trigger has it' }),
]);

const message = (inside: boolean) => kind('Message', 'message', [
	options('Messages', 'did', [
		{ name: 'Clicked', value: 'clicked' }, { name: 'Delivered', value: 'delivered' }, { name: 'Opened', value: 'opened' }, { name: 'Sent', value: 'sent' },
	], 'opened', 'What became of them. Engagement is counted as it is reported: who clicked need not have opened.'),
	options('How Many', 'count', [{ name: 'At Least', value: 'atLeast' }, { name: 'At Most', value: 'atMost' }], 'atLeast'),
	whole('Number', 'times', 0, 1),
	options('Of', 'of', [{ name: 'All Messages', value: 'all' }, { name: 'The Last …', value: 'last', description: 'Of the messages that were sent last' }], 'all'),
	{ ...whole('Last Messages', 'ofLast', 1, 5), displayOptions: { show: { of: ['last'] } } },
	channel('', 'Any channel'),
	...(inside ? [options('Sent By', 'journey', [{ name: 'Any Journey', value: 'any' }, { name: 'This Journey', value: 'this' }], 'any')] : []),
	...periodFields(inside),
]);

const reachable = kind('Reachability', 'reachable', [
	channel('email', 'e.g. email'),
	yesOrNo('Customer', 'is', 'Has an Address There', 'Has No Address There'),
]);

const segment = kind('Segment', 'segment', [
	yesOrNo('Customer', 'in', 'Is in the Segment', 'Is Not in the Segment'),
	nameField('segment', { displayName: 'Segment', name: 'segment', placeholder: 'e.g. Big spenders', description: 'Saved with the Journey Control node. Who is in it was found when it was refreshed last.' }),
]);

const tag = kind('Tag', 'tag', [
	yesOrNo('Customer', 'has', 'Has the Tag', 'Does Not Have the Tag'),
	nameField('tag', { displayName: 'Tag', name: 'tag', placeholder: 'e.g. vip' }),
]);

const trait = kind('Trait', 'trait', [
	nameField('trait', { displayName: 'Trait', name: 'trait', placeholder: 'e.g. Purchases', description: 'Defined with the Journey Control node' }),
	options('Value Of', 'measure', [
		{ name: 'Average Amount', value: 'average' },
		{ name: 'Count', value: 'count' },
		{ name: 'Days Since Last', value: 'daysSinceLast' },
		{ name: 'First Seen', value: 'firstAt' },
		{ name: 'Last Seen', value: 'lastAt' },
		{ name: 'Score of Amount (1–5)', value: 'monetaryScore', description: '5 is the fifth of customers that spent most' },
		{ name: 'Score of Frequency (1–5)', value: 'frequencyScore', description: '5 is the fifth of customers that did it most often' },
		{ name: 'Score of Recency (1–5)', value: 'recencyScore', description: '5 is the fifth of customers that did it last' },
		{ name: 'Sum of Amounts', value: 'sum' },
	], 'count'),
	{ ...operator, default: 'greaterOrEqual' },
	value,
]);

/** What only someone inside a journey has. */
const ofInstance = [
	kind('Journey Value', 'context', conditionFields('Journey Value', 'cart_total', false)),
	kind('Waking Event', 'event', conditionFields('Property', 'order.total', false, 'property')),
];

/**
 * The kinds of conditions that a rule can have, by name.
 * @param who `anyone`; `inside` a journey, who have an entry; `instance`: also journey values and the waking event
 */
export function ruleKinds(who: 'anyone' | 'inside' | 'instance'): INodePropertyCollection[] {
	const inside = who !== 'anyone';
	const kinds = [
		attribute, behaviour(inside), consent, eventValue(inside), identity, journey, message(inside), reachable, segment, tag, trait,
		...(who === 'instance' ? ofInstance : []),
	];
	return kinds.sort((a, b) => a.displayName.localeCompare(b.displayName));
}
