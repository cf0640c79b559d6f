import type { INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { eventFields } from './fields/event';
import { journeyFields } from './fields/journey';
import { messageFields } from './fields/message';
import { personFields } from './fields/person';
import { profileFields } from './fields/profile';
import { testing } from './fields/testing';

const operations = (resource: string, options: Array<{ name: string; value: string; description: string; action: string }>, preset: string) => ({
	displayName: 'Operation',
	name: 'operation',
	type: 'options' as const,
	noDataExpression: true,
	displayOptions: { show: { resource: [resource] } },
	options,
	default: preset,
});

export const description: INodeTypeDescription = {
	displayName: 'Journey Customer Data',
	name: 'journeyCustomerData',
	icon: { light: 'file:journeyCustomerData.svg', dark: 'file:journeyCustomerData.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle:
		'={{ ({ track: "track event", upsert: "create or update profile", get: "get profile", addIdentity: "add identity", addTags: "add tags", removeTags: "remove tags", setConsent: "set consent", recordEngagement: "record engagement", explain: "explain", counts: "counts", start: "start journey", leave: "leave journey" })[$parameter["operation"]] }}',
	description: 'Tells journeys what customers do and who they are, and explains what happened to them',
	defaults: { name: 'Journey Customer Data' },
	inputs: ['main'],
	outputs: ['main'],
	usableAsTool: true,
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Resource',
			name: 'resource',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Event', value: 'event', description: 'Something that a customer did' },
				{ name: 'Journey', value: 'journey', description: 'Let a customer in or take them out; what happened to them, and how many people are where' },
				{ name: 'Message', value: 'message', description: 'What became of a message' },
				{ name: 'Profile', value: 'profile', description: 'Who a customer is' },
			],
			default: 'event',
		},
		operations('event', [
			{ name: 'Track', value: 'track', description: 'Record that something happened; journeys that listen to it start or go on', action: 'Track an event' },
		], 'track'),
		operations('journey', [
			{ name: 'Counts', value: 'counts', description: 'How many people are at each step of a journey, how they left it, and what became of their messages', action: 'Count the people in a journey' },
			{ name: 'Explain', value: 'explain', description: 'What happened to a customer in a journey and why, as sentences, newest first', action: 'Explain a customer’s journey' },
			{ name: 'Leave', value: 'leave', description: 'Ends what a customer is doing in a journey, wherever they are', action: 'Take a customer out of a journey' },
			{ name: 'Start', value: 'start', description: 'Lets a customer into a journey, with data', action: 'Start a journey for a customer' },
		], 'explain'),
		operations('message', [
			{ name: 'Record Engagement', value: 'recordEngagement', description: 'Record that a message was delivered, opened, clicked or bounced, or that it led to a complaint or an unsubscription', action: 'Record an engagement with a message' },
		], 'recordEngagement'),
		operations('profile', [
			{ name: 'Add Identity', value: 'addIdentity', description: 'Say that another ID, email or phone number is the same customer', action: 'Add an identity to a profile' },
			{ name: 'Add Tags', value: 'addTags', description: 'Put tags on a profile', action: 'Add tags to a profile' },
			{ name: 'Create or Update', value: 'upsert', description: 'Write attributes of a profile, which is made if it does not exist (identify)', action: 'Create or update a profile' },
			{ name: 'Get', value: 'get', description: 'Get a profile with identities, consent and the journeys the customer is in', action: 'Get a profile' },
			{ name: 'Remove Tags', value: 'removeTags', description: 'Take tags off a profile', action: 'Remove tags from a profile' },
			{ name: 'Set Consent', value: 'setConsent', description: 'Record that a customer allows or forbids messages on a channel', action: 'Set a customer’s consent' },
		], 'upsert'),
		...personFields,
		...eventFields,
		...profileFields,
		...messageFields,
		...journeyFields,
		testing,
	],
};
