import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { DEFAULT_PURPOSE } from '../../lib/index';
import { storeCredential } from '../shared/fields';
import { nameField, purposeField } from '../shared/suggestions';
import { actionOutputs } from './outputs';
import { actionSubtitle } from './subtitle';

const only = (...operation: string[]) => ({ show: { operation } });

const check: INodeProperties[] = [
	{
		displayName: 'Put this in front of the node that sends. In that node’s Settings, set On Error to "Continue" and leave Retry On Fail off.',
		name: 'checkNotice',
		type: 'notice',
		default: '',
		displayOptions: only('check'),
	},
	{
		displayName: 'Channel',
		name: 'channel',
		type: 'options',
		noDataExpression: true,
		default: 'email',
		displayOptions: only('check'),
		options: [
			{ name: 'Email', value: 'email' },
			{ name: 'In-App', value: 'in_app' },
			{ name: 'Push', value: 'push' },
			{ name: 'SMS', value: 'sms' },
			{ name: 'Webhook', value: 'webhook' },
			{ name: 'WhatsApp', value: 'whatsapp' },
		],
		description: 'Consent is asked for this channel',
	},
	{
		displayName: 'Message Class',
		name: 'class',
		type: 'options',
		noDataExpression: true,
		default: 'marketing',
		displayOptions: only('check'),
		options: [
			{ name: 'Marketing', value: 'marketing' },
			{ name: 'Transactional', value: 'transactional', description: 'Receipts, security and the like' },
		],
	},
	{
		...purposeField(DEFAULT_PURPOSE, 'What the message is for. Consent for it counts, or for the whole channel if nothing was said of it.'),
		displayOptions: { show: { operation: ['check'], class: ['marketing'] } },
	},
	{
		displayName: 'Transactional messages are sent without asking for consent.',
		name: 'transactionalNotice',
		type: 'notice',
		default: '',
		displayOptions: { show: { operation: ['check'], class: ['transactional'] } },
	},
	{
		displayName: 'If Consent Is Not Known',
		name: 'ifConsentUnknown',
		type: 'options',
		noDataExpression: true,
		default: 'settings',
		displayOptions: { show: { operation: ['check'], class: ['marketing'] } },
		typeOptions: { loadOptionsMethod: 'stepConsentChoices' },
		description: 'An email address alone says nothing about consent',
	},
	{
		displayName: 'Required Fields',
		name: 'required',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. first_name, address.city',
		displayOptions: only('check'),
		description: 'Attributes that the message needs, separated by commas. Customers who lack one are skipped.',
	},
	{
		displayName: 'When Testing',
		name: 'whenTesting',
		type: 'options',
		noDataExpression: true,
		default: 'show',
		displayOptions: only('check'),
		options: [
			{ name: 'Show What Would Be Sent', value: 'show', description: 'Nobody gets to the node that sends' },
			{ name: 'Really Send', value: 'send', description: 'The sample goes on to the node that sends' },
		],
		description: 'What a run in the editor does',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: only('check'),
		options: [
			{
				displayName: 'If the Goal Is Already Reached',
				name: 'ifConverted',
				type: 'options',
				noDataExpression: true,
				default: 'skip',
				options: [{ name: 'Skip', value: 'skip' }, { name: 'Send', value: 'send' }],
			},
			{
				displayName: 'If Unknown Whether It Was Sent',
				name: 'ifUnknown',
				type: 'options',
				noDataExpression: true,
				default: 'skip',
				options: [
					{ name: 'Do Not Send Again', value: 'skip', description: 'Listed under Unknown Deliveries' },
					{ name: 'Send Again With the Same Key', value: 'again', description: 'For providers that recognise an idempotency key' },
				],
				description: 'When n8n was killed after the check and before the sending node had answered',
			},
			{
				displayName: 'People per Batch',
				name: 'limit',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 5000, numberPrecision: 0 },
				noDataExpression: true,
				default: 100,
				description: 'How many messages one batch sends, and so how many of it a crash can leave unknown; few batches are under way at once',
			},
		],
	},
];

/** Names and values. @param plural what they are, e.g. `Attributes` */
const pairs = (operation: string, plural: string, singular: string, example: string, preset: object): INodeProperties => ({
	displayName: plural,
	name: 'attributes',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: `Add ${singular}`,
	default: preset as INodeProperties['default'],
	displayOptions: only(operation),
	options: [
		{
			displayName: singular,
			name: 'attribute',
			values: [
				{ displayName: 'Name', name: 'name', type: 'string', default: '', noDataExpression: true, placeholder: `e.g. ${example}` },
				{ displayName: 'Value', name: 'value', type: 'string', default: '', description: 'An expression keeps its type, such as a number; what is typed here is text' },
			],
		},
	],
});

const ONE = { attribute: [{ name: '', value: '' }] };

const profile: INodeProperties[] = [
	{
		...nameField('event', {
			displayName: 'Event', name: 'event', placeholder: 'e.g. Offer Shown',
			description: 'Recorded once each time a customer comes here. It may let them into other journeys, and wake them there.',
		}),
		required: true,
		displayOptions: only('recordEvent'),
	},
	{
		displayName: 'Journey Key',
		name: 'journey',
		type: 'string',
		default: '',
		required: true,
		noDataExpression: true,
		placeholder: 'e.g. welcome',
		displayOptions: only('startJourney', 'leaveJourney'),
		description: 'As it stands in the other journey’s Entry Trigger; its workflow ID if it is empty there',
	},
	{
		displayName: 'The customer also stays in this journey. The other one lets in by its own rules, and only if its Entry is From Another Journey or Workflow.',
		name: 'startNotice',
		type: 'notice',
		default: '',
		displayOptions: only('startJourney'),
	},
	pairs('startJourney', 'Data', 'Property', 'order_id', {}),
	pairs('setAttributes', 'Attributes', 'Attribute', 'plan', ONE),
	pairs('setContext', 'Journey Values', 'Value', 'discount_code', ONE),
	pairs('recordEvent', 'Properties', 'Property', 'offer', {}),
	{
		displayName: 'Attributes',
		name: 'names',
		type: 'string',
		default: '',
		required: true,
		noDataExpression: true,
		placeholder: 'e.g. cart_total, cart_url',
		displayOptions: only('deleteAttributes'),
		description: 'Names, separated by commas',
	},
	{
		displayName: 'Tags',
		name: 'tags',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. vip, newsletter',
		displayOptions: only('addTags', 'removeTags'),
		description: 'Separated by commas, or a list from an expression',
	},
	{
		displayName: 'Reason',
		name: 'reason',
		type: 'string',
		default: 'exit',
		noDataExpression: true,
		displayOptions: only('exit'),
		description: 'Shown in reports and in the customer’s story',
	},
	{
		displayName: 'Reason',
		name: 'reason',
		type: 'string',
		default: 'left',
		noDataExpression: true,
		displayOptions: only('leaveJourney'),
		description: 'Shown in reports and in the customer’s story',
	},
];

const unknown: INodeProperties[] = [
	{
		displayName: 'What to Do',
		name: 'unknown',
		type: 'options',
		noDataExpression: true,
		default: 'list',
		displayOptions: only('unknown'),
		options: [
			{ name: 'List', value: 'list', description: 'Oldest first, one item each' },
			{ name: 'Mark as Sent', value: 'markSent', description: 'When you know that it arrived' },
			{ name: 'Send Again', value: 'again', description: 'Hands them to the node behind, with the same idempotency key' },
		],
	},
	{
		displayName: 'Delivery ID',
		name: 'delivery',
		type: 'number',
		default: '={{ $json.delivery.id }}',
		displayOptions: { show: { operation: ['unknown'], unknown: ['markSent', 'again'] } },
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 5000 },
		default: 50,
		displayOptions: { show: { operation: ['unknown'], unknown: ['list'] } },
		description: 'Max number of results to return',
	},
];

export const description: INodeTypeDescription = {
	displayName: 'Journey Action',
	name: 'journeyAction',
	icon: { light: 'file:journeyAction.svg', dark: 'file:journeyAction.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: `={{(${actionSubtitle.toString()})($parameter)}}`,
	description: 'Decides whether a message may go out now, changes the customer’s profile, or ends the journey',
	defaults: { name: 'Journey Action' },
	inputs: ['main'],
	outputs: `={{(${actionOutputs.toString()})($parameter)}}` as never,
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Operation',
			name: 'operation',
			type: 'options',
			noDataExpression: true,
			default: 'check',
			options: [
				{ name: 'Add Tags', value: 'addTags', action: 'Add tags' },
				{ name: 'Check Before Sending', value: 'check', action: 'Check before sending', description: 'Consent, required fields, goal, and never the same message twice' },
				{ name: 'Delete Attributes', value: 'deleteAttributes', action: 'Delete attributes' },
				{ name: 'Leave Another Journey', value: 'leaveJourney', action: 'Leave another journey', description: 'Ends what the customer is doing there; this journey goes on' },
				{ name: 'Leave the Journey', value: 'exit', action: 'Leave the journey' },
				{ name: 'Record an Event', value: 'recordEvent', action: 'Record an event' },
				{ name: 'Remove Tags', value: 'removeTags', action: 'Remove tags' },
				{ name: 'Set Attributes', value: 'setAttributes', action: 'Set attributes' },
				{ name: 'Set Journey Values', value: 'setContext', action: 'Set journey values' },
				{ name: 'Start Another Journey', value: 'startJourney', action: 'Start another journey', description: 'Lets the customer into it, with data; this journey goes on' },
				{ name: 'Unknown Deliveries', value: 'unknown', action: 'Unknown deliveries', description: 'Messages of which nobody can say whether they were sent' },
			],
		},
		...check,
		...profile,
		...unknown,
	],
};
