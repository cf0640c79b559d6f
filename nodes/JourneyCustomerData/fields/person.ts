import type { INodeProperties } from 'n8n-workflow';

import { identityFields, identityKinds } from '../../shared/identityFields';

/** Whom it is about: every operation but those on a message or a whole journey. */
export const personFields = identityFields({ hide: { resource: ['message'], operation: ['counts'] } });

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
