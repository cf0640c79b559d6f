import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { IdentityKind } from '../../../lib/index';

export const identityKinds: Array<INodePropertyOptions & { value: IdentityKind }> = [
	{ name: 'Anonymous ID', value: 'anonymous_id', description: 'What a browser or app calls a visitor who is not logged in' },
	{ name: 'Device ID', value: 'device' },
	{ name: 'Email', value: 'email' },
	{ name: 'Phone', value: 'phone' },
	{ name: 'User ID', value: 'user_id', description: 'What your own systems call the customer' },
];

const PLACEHOLDERS: Record<IdentityKind, string> = {
	anonymous_id: 'e.g. 5f2c6c1e', device: 'e.g. ios-8a1b', email: 'e.g. customer-1@example.com', phone: 'e.g. +15550100', user_id: 'e.g. customer-1',
};

/** Whom it is about: every operation but those on a message or a whole journey. */
export const personFields: INodeProperties[] = [
	{
		displayName: 'Find Customer By',
		name: 'identityKind',
		type: 'options',
		noDataExpression: true,
		options: identityKinds,
		default: 'user_id',
		displayOptions: { hide: { resource: ['message'], operation: ['counts'] } },
	},
	...identityKinds.map(({ name, value }): INodeProperties => ({
		displayName: name,
		name: 'identity',
		type: 'string',
		required: true,
		default: '',
		placeholder: PLACEHOLDERS[value],
		displayOptions: { show: { identityKind: [value] }, hide: { resource: ['message'], operation: ['counts'] } },
	})),
];

/** More names of the same person. */
export const alsoKnownAs: INodeProperties = {
	displayName: 'Also Known As',
	name: 'identities',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: 'Add Identity',
	default: {},
	description: 'Other identities of the same customer. Where a value is empty it is left out.',
	options: [
		{
			displayName: 'Identity',
			name: 'identity',
			values: [
				{ displayName: 'Kind', name: 'kind', type: 'options', noDataExpression: true, options: identityKinds, default: 'email' },
				{ displayName: 'Value', name: 'value', type: 'string', default: '' },
			],
		},
	],
};
