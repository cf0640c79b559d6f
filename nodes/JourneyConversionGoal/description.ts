import type { INodeTypeDescription } from 'n8n-workflow';

import { durationFields, eventFilters, storeCredential } from '../shared/fields';
import { nameField } from '../shared/suggestions';
import { goalOutputs } from './outputs';
import { goalSubtitle } from './subtitle';

/** Only an event has properties. */
const onlyConversions = { show: { '/type': ['conversion'], '/reached': ['event'] } };
const onEvents = { reached: ['event', 'absent'] };

export const description: INodeTypeDescription = {
	displayName: 'Journey Conversion Goal',
	name: 'journeyConversionGoal',
	icon: { light: 'file:journeyGoal.svg', dark: 'file:journeyGoal.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: `={{(${goalSubtitle.toString()})($parameter)}}`,
	description: 'Says what success is: counts it from entry, wherever the customer is, and takes them out of their wait',
	defaults: { name: 'Journey Goal' },
	inputs: ['main'],
	outputs: `={{(${goalOutputs.toString()})($parameter)}}` as never,
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Counts for everybody in this journey, from their entry on and wherever they are. Its input needs no connection.',
			name: 'notice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'This Is',
			name: 'type',
			type: 'options',
			noDataExpression: true,
			default: 'conversion',
			options: [
				{ name: 'A Conversion', value: 'conversion', description: 'What the journey is for' },
				{ name: 'An Exit Criterion', value: 'exit', description: 'Ends the journey without counting as success, for example an uninstall' },
			],
		},
		{
			displayName: 'Reached When',
			name: 'reached',
			type: 'options',
			noDataExpression: true,
			default: 'event',
			options: [
				{ name: 'An Event Does Not Happen', value: 'absent', description: 'For a certain time after their entry, for example no uninstall in 30 days' },
				{ name: 'An Event Happens', value: 'event' },
				{ name: 'They Join a Segment', value: 'joined', description: 'They begin to match a saved audience after their entry' },
				{ name: 'They Leave a Segment', value: 'left', description: 'They cease to match a saved audience after their entry' },
			],
		},
		{
			...nameField('event', { displayName: 'Event', name: 'event', placeholder: 'e.g. Order Completed' }),
			required: true,
			displayOptions: { show: onEvents },
		},
		eventFilters(onEvents),
		...durationFields('absent', 'Not Within', 30, 'days', { reached: ['absent'] }, 'Counted from entry. The time begins anew with each entry.'),
		{
			...nameField('segment', { displayName: 'Segment', name: 'segment', placeholder: 'e.g. Big spenders', description: 'An audience that was saved with Journey Control → Segment → Save' }),
			required: true,
			displayOptions: { show: { reached: ['joined', 'left'] } },
		},
		{
			displayName: 'When It Is Reached',
			name: 'exit',
			type: 'options',
			noDataExpression: true,
			default: true,
			displayOptions: { show: { type: ['conversion'] } },
			options: [
				{ name: 'Leave by Converted', value: true, description: 'At once, even in the middle of a wait' },
				{ name: 'Stay and Only Count', value: false, description: 'They go on as if nothing had happened' },
			],
		},
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			options: [
				{
					displayName: 'Currency Property',
					name: 'currency',
					type: 'string',
					default: '',
					noDataExpression: true,
					displayOptions: onlyConversions,
					placeholder: 'e.g. currency',
					description: 'Property of the event that holds the currency of the value',
				},
				{
					displayName: 'Property in This Event',
					name: 'correlation',
					type: 'string',
					default: '',
					noDataExpression: true,
					displayOptions: { show: { '/reached': ['event', 'absent'] } },
					placeholder: 'e.g. application_id',
					description: 'Where this event carries the journey’s correlation value, when it is named differently there',
				},
				{
					displayName: 'Value Property',
					name: 'value',
					type: 'string',
					default: '',
					noDataExpression: true,
					displayOptions: onlyConversions,
					placeholder: 'e.g. revenue',
					description: 'Property of the event that holds what the conversion is worth',
				},
				{
					displayName: 'Wait for Late Events',
					name: 'late',
					type: 'fixedCollection',
					default: {},
					displayOptions: { show: { '/reached': ['absent'] } },
					description: 'How much longer to wait for events that happened in time and arrive late. Without this option it is an hour.',
					options: [{ displayName: 'Time', name: 'time', values: durationFields('late', 'Time', 1, 'hours') }],
				},
				{
					displayName: 'Time Limit',
					name: 'window',
					type: 'fixedCollection',
					default: {},
					displayOptions: { show: { '/reached': ['event', 'joined', 'left'] } },
					description: 'How long it still counts. Without a limit it always counts, also for customers who have left the journey since.',
					options: [
						{
							displayName: 'Period',
							name: 'period',
							values: [
								...durationFields('window', 'Within', 7, 'days'),
								{
									displayName: 'Counted From',
									name: 'windowFrom',
									type: 'options',
									noDataExpression: true,
									options: [
										{ name: 'Entry', value: 'entry', description: 'The only one that a control group can share' },
										{ name: 'Leaving the Journey', value: 'exit', description: 'While they are inside it always counts' },
									],
									default: 'entry',
								},
							],
						},
					],
				},
			],
		},
	],
};
