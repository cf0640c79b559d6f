import type { INodeProperties } from 'n8n-workflow';

import { ruleFields } from '../../shared/ruleFields';
import { nameField } from '../../shared/suggestions';

const show = (...operation: string[]) => ({ show: { resource: ['segment'], operation } });

/** The operations on saved segments, and their fields. */
export const segmentFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['segment'] } },
		options: [
			{ name: 'Delete', value: 'delete', description: 'Delete a segment, and who was in it when', action: 'Delete a segment' },
			{ name: 'List', value: 'list', description: 'All segments, with how many are in them', action: 'List segments' },
			{ name: 'Preview', value: 'preview', description: 'Count who matches conditions now, and show ten of them and the SQL', action: 'Preview a segment' },
			{ name: 'Save', value: 'save', description: 'Make a segment, or change it, and find who is in it', action: 'Save a segment' },
		],
		default: 'list',
	},
	{ ...nameField('segment', { displayName: 'Name', name: 'segment', placeholder: 'e.g. Big spenders', description: 'By this name conditions ask for the segment' }), required: true, displayOptions: show('save', 'delete') },
	...ruleFields('Who is in the segment. Expressions are read once, when it is saved.', 'anyone').map((field) => ({ ...field, displayOptions: show('save', 'preview') })),
	{
		displayName: 'There is no condition: everyone matches.',
		name: 'everyone',
		type: 'notice',
		default: '',
		displayOptions: { show: { resource: ['segment'], operation: ['preview'], conditions: [{ _cnd: { eq: {} as never } }] } },
	},
	{
		displayName: 'Refresh Every (Minutes)',
		name: 'refreshMinutes',
		type: 'number',
		typeOptions: { minValue: 1, numberPrecision: 0 },
		default: 60,
		displayOptions: show('save'),
		description: 'How often it is found again who is in it. Conditions that ask for the segment see who was in it at the last refresh.',
	},
	{
		displayName: 'Options',
		name: 'segmentOptions',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		displayOptions: show('save', 'preview'),
		options: [
			{
				displayName: 'Time Zone', name: 'zone', type: 'string', default: '', placeholder: 'e.g. Europe/Istanbul',
				description: 'Whose calendar days count for customers without a time zone. Leave it empty for the one of the settings, else the workflow’s.',
			},
		],
	},
];
