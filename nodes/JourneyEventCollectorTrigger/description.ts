import type { INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { webhooks } from './webhooks';

export const description: INodeTypeDescription = {
	displayName: 'Journey Event Collector Trigger',
	name: 'journeyEventCollectorTrigger',
	icon: { light: 'file:journeyEventCollector.svg', dark: 'file:journeyEventCollector.dark.svg' },
	group: ['trigger'],
	// n8n evaluates an expression on every request to a webhook node of version 1, which makes it ten times slower.
	version: 2,
	subtitle: '={{"/" + $parameter["path"] + "/v1"}}',
	description: 'Takes in customer events over HTTP, from Segment’s libraries or any other client',
	eventTriggerDescription: 'Waiting for you to send an event to the Test URL. It is checked, but not stored',
	maxNodes: 1,
	defaults: { name: 'Journey Event Collector' },
	triggerPanel: {
		header: 'Take in events over HTTP',
		executionsHelp: {
			inactive: 'Publish this workflow, then send events to the production URL. They are stored for your journeys; no executions appear here. <br /> <br /> To try a client first, click the button and send to the test URL: events are checked, but not stored.',
			active: 'Events that arrive at the production URL are stored for your journeys; no executions appear here. <br /> <br /> To try another client first, click the button and send to the test URL: events are checked, but not stored.',
		},
		activationHint: 'Publish this workflow to store the events that arrive at the production URL.',
	},
	inputs: [],
	outputs: [],
	credentials: [
		{ name: 'journeyWriteKey', displayName: 'Write Keys', required: true },
		storeCredential,
	],
	webhooks,
	properties: [
		{
			displayName: 'Events go straight into the store; journeys in other workflows pick them up. Nothing can follow this node.',
			name: 'notice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'Path',
			name: 'path',
			type: 'string',
			default: 'journey',
			required: true,
			noDataExpression: true,
			description: 'First part of the URL. Point a Segment library at it: as <i>host</i> if it accepts a path there, else with <i>path</i> set to /webhook/journey/v1/batch.',
		},
		{
			displayName: 'Limits',
			name: 'limits',
			type: 'collection',
			placeholder: 'Add limit',
			default: {},
			options: [
				{
					displayName: 'Body Size (MB)',
					name: 'bodyMegabytes',
					type: 'number',
					typeOptions: { minValue: 1, maxValue: 16 },
					default: 5,
					description: 'Larger requests are refused with status 413. Counted after unpacking. Without this limit: 5 MB.',
				},
				{
					displayName: 'Events per Batch',
					name: 'batch',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 500,
					description: 'Larger batches are refused with status 413. Without this limit: 500.',
				},
				{
					displayName: 'Lateness (Days)',
					name: 'latenessDays',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 7,
					description: 'Events that happened longer ago are refused. Without this limit: 7 days.',
				},
				{
					displayName: 'Requests per Minute',
					name: 'requestsPerMinute',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 6000,
					description: 'For each write key and n8n process. What comes above it is answered with status 429, and libraries send it again later. Without this limit: 6,000.',
				},
			],
		},
	],
};
