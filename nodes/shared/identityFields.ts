import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { IdentityKind } from '../../lib/index';

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

/** Whom it is about: a kind of identity, and its value. */
export function identityFields({ show, hide }: NonNullable<INodeProperties['displayOptions']>): INodeProperties[] {
	return [
		{
			displayName: 'Find Customer By',
			name: 'identityKind',
			type: 'options',
			noDataExpression: true,
			options: identityKinds,
			default: 'user_id',
			displayOptions: { ...(show && { show }), ...(hide && { hide }) },
		},
		...identityKinds.map(({ name, value }): INodeProperties => ({
			displayName: name,
			name: 'identity',
			type: 'string',
			required: true,
			default: '',
			placeholder: PLACEHOLDERS[value],
			displayOptions: { show: { ...show, identityKind: [value] }, ...(hide && { hide }) },
		})),
	];
}
