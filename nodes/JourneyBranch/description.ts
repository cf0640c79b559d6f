import type { INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { ruleFields } from '../shared/ruleFields';
import { branchOutputs } from '../shared/branchOutputs';

export const description: INodeTypeDescription = {
	displayName: 'Journey Branch',
	name: 'journeyBranch',
	icon: { light: 'file:journeyBranch.svg', dark: 'file:journeyBranch.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: '={{$parameter["mode"] === "split" ? "weighted split" : "first rule that matches"}}',
	description: 'Sends customers different ways, by rules or by a weighted split',
	defaults: { name: 'Journey Branch' },
	inputs: ['main'],
	outputs: `={{(${branchOutputs.toString()})($parameter)}}` as never,
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'Branch By',
			name: 'mode',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Rules', value: 'rules', description: 'The first rule that a customer matches decides; who matches none leaves by Otherwise' },
				{ name: 'Weighted Split', value: 'split', description: 'Customers are spread by weight, and keep their side for good' },
			],
			default: 'rules',
		},
		{
			displayName: 'Rules',
			name: 'rules',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true, sortable: true },
			placeholder: 'Add Rule',
			default: { rule: [{ output: '' }] },
			displayOptions: { show: { mode: ['rules'] } },
			description: 'Asked in this order, at the moment a customer arrives. Each has an output of its own.',
			options: [
				{
					displayName: 'Rule',
					name: 'rule',
					values: [
						{ displayName: 'Output Name', name: 'output', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. Big Spenders' },
						...ruleFields('What a customer must match', 'instance'),
					],
				},
			],
		},
		{
			displayName: 'Split Between',
			name: 'variants',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true, sortable: true },
			placeholder: 'Add Side',
			default: { variant: [{ name: 'A', weight: 50 }, { name: 'B', weight: 50 }] },
			displayOptions: { show: { mode: ['split'] } },
			description: 'The weights need not add up to 100: the outputs show the shares. When a weight changes, as few customers as possible change sides; a new name is a new side.',
			options: [
				{
					displayName: 'Side',
					name: 'variant',
					values: [
						{ displayName: 'Name', name: 'name', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. Control' },
						{ displayName: 'Weight', name: 'weight', type: 'number', noDataExpression: true, typeOptions: { minValue: 1, numberPrecision: 0 }, default: 50 },
						{
							displayName: 'Control', name: 'control', type: 'boolean', noDataExpression: true, default: false,
							description: 'Whether customers here stay untouched, for comparison. Once people come through, the share of a control may only shrink.',
						},
					],
				},
			],
		},
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			displayOptions: { show: { mode: ['split'] } },
			options: [
				{
					displayName: 'Split Key',
					name: 'salt',
					type: 'string',
					default: '',
					noDataExpression: true,
					placeholder: 'e.g. summer-test',
					description: 'Splits with the same key and the same sides put a customer on the same side, also in other journeys. Leave it empty for a split of its own.',
				},
			],
		},
	],
};
