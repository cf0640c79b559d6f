import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { ruleFields } from '../shared/ruleFields';
import { audienceOutputs } from './outputs';

const [match, inside] = ruleFields('Who is in the audience. They are asked when a customer arrives here, of what is known at that moment.', 'inside');
const [, outside] = ruleFields('Who may enter. They are asked when their event is looked at, of what is known at that moment.', 'anyone');
const only = (works: 'step' | 'entry', field: INodeProperties): INodeProperties => ({ ...field, displayOptions: { show: { works: [works] } } });

export const description: INodeTypeDescription = {
	displayName: 'Journey Audience Filter',
	name: 'journeyAudienceFilter',
	icon: { light: 'file:journeyAudienceFilter.svg', dark: 'file:journeyAudienceFilter.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: '={{ ((n) => ($parameter["works"] === "entry" ? "who may enter: " : "") + (n === 0 ? "everyone" : n === 1 ? "1 condition" : n + " conditions"))(Object.values($parameter["conditions"] || {}).flat().length) }}',
	description: 'Parts customers by what is known of them now: attributes, tags, consent and what they did',
	defaults: { name: 'Journey Audience Filter' },
	inputs: ['main'],
	outputs: `={{(${audienceOutputs.toString()})($parameter)}}` as never,
	credentials: [storeCredential],
	properties: [
		{
			displayName: 'This Is',
			name: 'works',
			type: 'options',
			noDataExpression: true,
			default: 'step',
			options: [
				{ name: 'A Condition of Entry', value: 'entry', description: 'Who is not in the audience does not enter at all. It stands directly behind the Journey Entry Trigger.' },
				{ name: 'A Step', value: 'step', description: 'Customers who get here go on by In Audience or by Not in Audience' },
			],
			description: 'What it does is chosen here, wherever it stands on the canvas',
		},
		{
			displayName: 'Asked before a customer enters, so who is refused is never inside. Customer Data → Journey → Explain says which condition refused them.',
			name: 'entryNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { works: ['entry'] } },
		},
		match!,
		only('step', inside!),
		only('entry', outside!),
		{
			displayName: 'There is no condition: everyone is in the audience.',
			name: 'everyone',
			type: 'notice',
			default: '',
			displayOptions: { show: { conditions: [{ _cnd: { eq: {} as never } }] } },
		},
	],
};
