import type { INodeProperties } from 'n8n-workflow';

import { durationFields } from '../shared/fields';
import { removedField } from './removed';

/** What most journeys never need. */
export const optionFields: INodeProperties[] = [
	{
		displayName: 'Capacity',
		name: 'capacity',
		type: 'fixedCollection',
		default: {},
		description: 'How many customers the journey takes',
		options: [
			{
				displayName: 'Limits',
				name: 'limits',
				values: [
					{
						displayName: 'Entries per Minute',
						name: 'perMinute',
						type: 'number',
						noDataExpression: true,
						typeOptions: { minValue: 0, numberPrecision: 0 },
						default: 0,
						description: 'At most so many enter in one minute of the clock. 0 is no limit.',
					},
					{
						displayName: 'Inside at Once',
						name: 'inside',
						type: 'number',
						noDataExpression: true,
						typeOptions: { minValue: 0, numberPrecision: 0 },
						default: 0,
						description: 'At most so many are in the journey at the same time. 0 is no limit.',
					},
					{
						displayName: 'When It Is Full',
						name: 'overflow',
						type: 'options',
						noDataExpression: true,
						default: 'delay',
						options: [
							{ name: 'Let Them in Later', value: 'delay', description: 'In their order, as soon as there is a place' },
							{ name: 'Do Not Let Them in', value: 'refuse', description: 'This event lets them in no more; another one may' },
						],
					},
				],
			},
		],
	},
	{
		displayName: 'Correlation Property',
		name: 'correlation',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. application_id',
		description: 'One customer may be inside several times, once for each value of this property. States and goals then listen only to events with the same value.',
	},
	{ displayName: 'End', name: 'end', type: 'dateTime', default: '', noDataExpression: true, description: 'From then on nobody enters; people inside go on' },
	{
		displayName: 'Everyone Leaves at the End',
		name: 'endEvicts',
		type: 'boolean',
		noDataExpression: true,
		default: true,
		description: 'Whether at the end date also those inside leave, wherever they are. Without it they go on.',
	},
	{
		displayName: 'Holdout (%)',
		name: 'holdout',
		type: 'number',
		noDataExpression: true,
		typeOptions: { minValue: 0, maxValue: 99, numberPrecision: 2 },
		default: 10,
		description: 'So many percent of those who would enter get nothing, so that reports can say what the journey changes. Who is held out stays so for as long as there is a holdout; their goals and entries are counted alike.',
	},
	{
		displayName: 'Ignore Global Holdout',
		name: 'ignoresGlobalHoldout',
		type: 'boolean',
		noDataExpression: true,
		default: true,
		description: 'Whether customers whom the settings of Journey Control hold out of all journeys enter this one all the same, for example where it sends receipts',
	},
	removedField,
	{
		displayName: 'Ignore Repeated Events For',
		name: 'duplicates',
		type: 'fixedCollection',
		default: {},
		description: 'For events that your systems send twice: those within so long of the one that let a customer in are taken for the same one',
		options: [{ displayName: 'Time', name: 'window', values: durationFields('duplicate', 'Time', 10, 'minutes') }],
	},
	{
		displayName: 'Journey Key',
		name: 'key',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. cart-abandonment',
		description: 'Entry limits and reports go by this key. Leave it empty to use the workflow ID.',
	},
	{
		displayName: 'Roll-Out (%)',
		name: 'rollout',
		type: 'number',
		noDataExpression: true,
		typeOptions: { minValue: 1, maxValue: 100, numberPrecision: 2 },
		default: 100,
		description: 'Only so many percent of all customers may enter, always the same ones. When you raise it, those stay among them.',
	},
	{ displayName: 'Start', name: 'start', type: 'dateTime', default: '', noDataExpression: true, description: 'Nobody enters before' },
	{
		displayName: 'Time Zone',
		name: 'zone',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. Europe/Istanbul',
		description: 'For customers whose own zone is not known. Leave it empty to use the workflow’s.',
	},
];
