import type { INodeTypeDescription } from 'n8n-workflow';

import { storeCredential } from '../shared/fields';
import { ruleFields } from '../shared/ruleFields';

export const description: INodeTypeDescription = {
	displayName: 'Journey Audience Filter',
	name: 'journeyAudienceFilter',
	icon: { light: 'file:journeyAudienceFilter.svg', dark: 'file:journeyAudienceFilter.dark.svg' },
	group: ['transform'],
	version: 1,
	subtitle: '={{ ((n) => n === 0 ? "everyone" : n === 1 ? "1 condition" : n + " conditions")(Object.values($parameter["conditions"] || {}).flat().length) }}',
	description: 'Parts customers by what is known of them now: attributes, tags, consent and what they did',
	defaults: { name: 'Journey Audience Filter' },
	inputs: ['main'],
	outputs: ['main', 'main'],
	outputNames: ['In Audience', 'Not in Audience'],
	credentials: [storeCredential],
	properties: [
		...ruleFields('Who is in the audience. They are asked when a customer arrives here, of what is known at that moment.', 'inside'),
		{
			displayName: 'There is no condition: everyone is in the audience.',
			name: 'everyone',
			type: 'notice',
			default: '',
			displayOptions: { show: { conditions: [{ _cnd: { eq: {} as never } }] } },
		},
	],
};
