import type { INodeProperties } from 'n8n-workflow';

const show = (...operation: string[]) => ({ show: { resource: ['settings'], operation } });

/** What holds for all journeys of the store, where a step or a journey says nothing of its own. */
export const settingsFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['settings'] } },
		options: [
			{ name: 'Change', value: 'change', description: 'Change what holds for all journeys of this store', action: 'Change settings' },
			{ name: 'Get', value: 'get', description: 'What holds now, and who changed it', action: 'Get settings' },
		],
		default: 'get',
	},
	{
		displayName: 'They hold in all journeys of this store, at once, wherever a step or a journey says nothing of its own. Who changed what is kept.',
		name: 'settingsNotice',
		type: 'notice',
		default: '',
		displayOptions: show('change'),
	},
	{
		displayName: 'Settings',
		name: 'changes',
		type: 'collection',
		placeholder: 'Add Setting',
		default: {},
		displayOptions: show('change'),
		description: 'Only those added here change',
		options: [
			{
				displayName: 'Default Time Zone',
				name: 'zone',
				type: 'string',
				default: '',
				placeholder: 'e.g. Europe/Istanbul',
				description: 'For customers whose own is not known, in journeys that name none. Leave it empty to go by n8n’s.',
			},
			{
				displayName: 'Global Holdout (%)',
				name: 'globalHoldoutPercent',
				type: 'number',
				typeOptions: { minValue: 0, maxValue: 100, numberPrecision: 2 },
				default: 0,
				description: 'So many of all customers are let into no journey, always the same ones, to measure what all journeys together do',
			},
			{
				displayName: 'If Consent Is Not Known',
				name: 'unknownConsent',
				type: 'options',
				options: [{ name: 'Send', value: 'send' }, { name: 'Skip', value: 'skip' }],
				default: 'skip',
				description: 'What Check Before Sending does, where it is set to As in Settings',
			},
			{
				displayName: 'Keep Events (Months)',
				name: 'keepEventsMonths',
				type: 'number',
				typeOptions: { minValue: 0, numberPrecision: 0 },
				default: 13,
				description: 'Events, and refused input, are dropped after that. With 0, as JOURNEY_KEEP_EVENTS_MONTHS says, else never.',
			},
			{
				displayName: 'Keep History (Months)',
				name: 'keepHistoryMonths',
				type: 'number',
				typeOptions: { minValue: 0, numberPrecision: 0 },
				default: 36,
				description: 'The journal, and journeys of people that have ended, are dropped after that. With 0, as JOURNEY_KEEP_HISTORY_MONTHS says, else never.',
			},
			{
				displayName: 'Public URL',
				name: 'publicUrl',
				type: 'string',
				default: '',
				placeholder: 'e.g. https://n8n.example.com',
				description: 'Where n8n is reached from outside, for links in messages and to the status page. Leave it empty to go by n8n’s own.',
			},
		],
	},
];
