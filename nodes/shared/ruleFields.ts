import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';

import { ruleKinds } from './ruleKinds';

const matchField: INodeProperties = {
	displayName: 'Match',
	name: 'match',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'All Conditions', value: 'all' },
		{ name: 'Any Condition', value: 'any' },
		{ name: 'No Condition', value: 'none' },
	],
	default: 'all',
};

/** Groups in groups, counted with the outermost. */
const DEPTH = 3;

/**
 * Match and conditions: what makes one rule. Kinds of conditions are added from one list; a group among them has a
 * match of its own, and may have groups in turn.
 *
 * @param who as `ruleKinds` says
 */
export function ruleFields(description: string, who: Parameters<typeof ruleKinds>[0]): INodeProperties[] {
	const kinds = ruleKinds(who);
	return [matchField, { ...list('Add Condition', DEPTH), description }];

	function list(placeholder: string, depth: number): INodeProperties {
		const inner: INodePropertyCollection[] = depth > 1
			? [{ displayName: 'Group of Conditions', name: 'group', values: [matchField, list('Add Condition to Group', depth - 1)] }]
			: [];
		return {
			displayName: 'Conditions', name: 'conditions', type: 'fixedCollection', typeOptions: { multipleValues: true },
			placeholder, default: {}, options: [...kinds, ...inner],
		};
	}
}
