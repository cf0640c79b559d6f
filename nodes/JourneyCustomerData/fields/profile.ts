import type { INodeProperties } from 'n8n-workflow';

import { purposeField } from '../../shared/suggestions';
import { alsoKnownAs } from './person';
import { objectFields, time } from './values';

const only = (...operation: string[]) => ({ show: { operation } });

export const profileFields: INodeProperties[] = [
	...objectFields('attributes', 'Attributes', '{\n  "first_name": "Customer",\n  "plan": "free"\n}', 'upsert'),
	{
		displayName: 'Options',
		name: 'profileOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: only('upsert'),
		options: [
			alsoKnownAs,
			{ displayName: 'Locale', name: 'locale', type: 'string', default: '', placeholder: 'e.g. en-GB', description: 'Language and country' },
			{ ...time, description: 'When this was known, if not just now. What was written later is not overwritten.' },
			{ displayName: 'Time Zone', name: 'zone', type: 'string', default: '', placeholder: 'e.g. Europe/Istanbul', description: 'Waits in days and quiet hours go by it' },
		],
	},
	{
		displayName: 'An identity that belongs to another profile already makes the two profiles one. This cannot be undone.',
		name: 'mergeNotice',
		type: 'notice',
		default: '',
		displayOptions: only('addIdentity'),
	},
	{ ...alsoKnownAs, displayOptions: only('addIdentity'), required: true },
	{
		displayName: 'Tags',
		name: 'tags',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. vip, newsletter',
		displayOptions: only('addTags', 'removeTags'),
		description: 'Separated by commas, or a list from an expression',
	},
	{
		displayName: 'Channel',
		name: 'channel',
		type: 'options',
		options: [
			{ name: 'Email', value: 'email' },
			{ name: 'In-App', value: 'in_app' },
			{ name: 'Push', value: 'push' },
			{ name: 'SMS', value: 'sms' },
			{ name: 'Webhook', value: 'webhook' },
			{ name: 'WhatsApp', value: 'whatsapp' },
		],
		default: 'email',
		displayOptions: only('setConsent'),
	},
	{
		...purposeField('', 'What the messages are for. Leave it empty for all purposes: that also takes back what was allowed for one of them, if it is denied.'),
		noDataExpression: false,
		displayOptions: only('setConsent'),
	},
	{
		displayName: 'Consent',
		name: 'consent',
		type: 'options',
		options: [
			{ name: 'Denied', value: 'denied', description: 'No marketing messages for it on this channel' },
			{ name: 'Granted', value: 'granted' },
		],
		default: 'granted',
		displayOptions: only('setConsent'),
	},
	{
		displayName: 'Options',
		name: 'changeOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: only('setConsent'),
		options: [{ ...time, description: 'When the customer said so, if not just now. What they said later is not overwritten.' }],
	},
];
