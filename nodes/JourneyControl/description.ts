import type { INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { customerFields } from './fields/customer';
import { journeyFields } from './fields/journeys';
import { messageFields } from './fields/messages';
import { rejectedFields } from './fields/rejected';
import { segmentFields } from './fields/segments';
import { settingsFields } from './fields/settings';
import { storeFields } from './fields/store';
import { traitFields } from './fields/traits';

/** What it does, on the canvas. */
const WORDS = {
	customer: { erase: 'erase customer', export: 'export customer', story: 'get story', move: 'move customer', sendOn: 'send failed on', exit: 'take customer out' },
	message: { list: 'list unknown messages', markSent: 'mark as sent' },
	journey: {
		move: 'move people', sendOn: 'send failed on', preview: 'preview a publish', undo: 'undo last publish',
		list: 'list journeys', pause: 'pause journey', resume: 'resume journey', close: 'close entries', open: 'open entries', evict: 'evict',
		archive: 'archive journey', unarchive: 'restore journey', pauseSending: 'pause all sending', resumeSending: 'resume all sending',
	},
	rejected: { list: 'list rejected events', resend: 'send rejected in again', discard: 'discard rejected events' },
	segment: { save: 'save segment', list: 'list segments', delete: 'delete segment', preview: 'preview segment' },
	settings: { get: 'get settings', change: 'change settings' },
	store: { health: 'check health', backup: 'back up store', status: 'store status', resume: 'resume store', statusLink: 'create status page link', endLinks: 'end status page links' },
	trait: { save: 'save trait', list: 'list traits', delete: 'delete trait' },
};
// Two closing braces would end the expression.
const SUBTITLE = `={{ (${JSON.stringify(WORDS).replaceAll('}', '} ')})[$parameter["resource"]][$parameter["operation"]] }}`;

export const description: INodeTypeDescription = {
	displayName: 'Journey Control',
	name: 'journeyControl',
	icon: { light: 'file:journeyControl.svg', dark: 'file:journeyControl.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: SUBTITLE,
	description: 'For operators: the journeys and the people in them, the settings that hold for all, the store, and how everything is',
	defaults: { name: 'Journey Control' },
	inputs: ['main'],
	outputs: ['main'],
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Resource',
			name: 'resource',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Customer', value: 'customer', description: 'One person, in a journey or as a whole' },
				{ name: 'Journey', value: 'journey', description: 'Their states, and who moves in them' },
				{ name: 'Message', value: 'message', description: 'Those of which nobody knows whether they were sent' },
				{ name: 'Rejected Event', value: 'rejected', description: 'Events that were refused, to be mended and sent in again' },
				{ name: 'Segment', value: 'segment', description: 'Audiences with a name' },
				{ name: 'Setting', value: 'settings', description: 'What holds in all journeys that say nothing of their own' },
				{ name: 'Store', value: 'store', description: 'Where the people of all journeys wait' },
				{ name: 'Trait', value: 'trait', description: 'What is counted of each customer as events arrive' },
			],
			default: 'store',
		},
		...customerFields,
		...journeyFields,
		...messageFields,
		...rejectedFields,
		...segmentFields,
		...settingsFields,
		...storeFields,
		...traitFields,
	],
};
