import type { IExecuteFunctions, ITriggerFunctions } from 'n8n-workflow';

import { parsePath, parseSinglePath, toJsonPath, type Condition, type Json } from '../../lib/index';
import { checked, fieldError, raw, readDuration, readFilter, type RawCondition } from '../shared/parameters';

interface Options {
	correlation?: string;
	value?: string;
	currency?: string;
	window?: { period?: { windowAmount: number; windowUnit: string; windowFrom?: 'entry' | 'exit' } };
}

/** What the panel says, checked. @throws NodeOperationError naming the field */
export function readGoal(context: IExecuteFunctions | ITriggerFunctions): { conditions: Condition[]; config: Json } {
	const node = context.getNode();
	const event = raw(context, 'event', '').trim();
	if (event === '') throw fieldError(node, 'Event', 'is empty. Enter the name of the event that is the goal.');
	const filter = readFilter(context, 'Property Filters', raw<RawCondition[]>(context, 'filters.conditions', []));
	const { correlation, value, currency, window } = raw<Options>(context, 'options', {});
	const type = raw<string>(context, 'type', 'conversion');
	const path = (field: string, text?: string) => (text ? checked(context, field, () => toJsonPath(parsePath(text))) : null);
	if (correlation) checked(context, 'Property in This Event', () => parseSinglePath(correlation));
	const within = window?.period && readDuration(context, 'Within', window.period.windowAmount, window.period.windowUnit);
	return {
		conditions: [{ output: node.id, event, filter, correlation: correlation || undefined, effect: 'wake' }],
		config: {
			type,
			exit: type === 'exit' || raw<boolean>(context, 'exit', true),
			window: within ? `${within.amount} ${within.unit}` : null,
			windowFrom: window?.period?.windowFrom ?? 'entry',
			value: path('Value Property', value),
			currency: path('Currency Property', currency),
		},
	};
}
