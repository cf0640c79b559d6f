import type { INodeProperties } from 'n8n-workflow';

import { eventFilters } from '../../shared/fields';
import { nameField } from '../../shared/suggestions';

const show = (...operation: string[]) => ({ show: { resource: ['trait'], operation } });

/** The operations on traits, and their fields. */
export const traitFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['trait'] } },
		options: [
			{ name: 'Delete', value: 'delete', description: 'Delete a trait, and what was counted', action: 'Delete a trait' },
			{ name: 'List', value: 'list', description: 'All traits, with how many customers have them', action: 'List traits' },
			{ name: 'Save', value: 'save', description: 'Count events of each customer from now on, and those of before', action: 'Save a trait' },
		],
		default: 'list',
	},
	{ ...nameField('trait', { displayName: 'Name', name: 'trait', placeholder: 'e.g. Purchases', description: 'By this name conditions ask for the trait' }), required: true, displayOptions: show('save', 'delete') },
	{ ...nameField('event', { displayName: 'Event', name: 'event', placeholder: 'e.g. Order Completed' }), required: true, displayOptions: show('save') },
	{
		...nameField('property', { displayName: 'Amount', name: 'amount', placeholder: 'e.g. order.total', description: 'Property whose numbers are summed; leave it empty if there is none' }),
		displayOptions: show('save'),
	},
	eventFilters(show('save').show),
];
