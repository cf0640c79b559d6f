import type { INodeTypeDescription } from 'n8n-workflow';

import { durationFields, eventFilters, storeCredential } from '../shared/fields';
import { goalOutputs } from './outputs';

const onlyConversions = { show: { '/type': ['conversion'] } };

export const description: INodeTypeDescription = {
	displayName: 'Journey Conversion Goal',
	name: 'journeyConversionGoal',
	icon: { light: 'file:journeyGoal.svg', dark: 'file:journeyGoal.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: '={{ ($parameter["type"] === "exit" ? "ends on " : "") + ($parameter["event"] || "an event") }}',
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
			displayName: 'Event',
			name: 'event',
			type: 'string',
			default: '',
			required: true,
			noDataExpression: true,
			placeholder: 'e.g. Order Completed',
		},
		eventFilters(),
		{
			displayName: 'When It Happens',
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
					displayName: 'Time Limit',
					name: 'window',
					type: 'fixedCollection',
					default: {},
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
