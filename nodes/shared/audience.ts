import type { IExecuteFunctions, INode } from 'n8n-workflow';

import { entryCondition, type Audience } from '../../lib/index';
import { publishedCanvas } from './canvas';
import { fieldError } from './parameters';
import { isEmpty, readRule, type Panel, type RawRule, type Rules } from './rules';

/** A rule with who is asked: people inside the journey, or whoever wants to enter. */
interface RawAudience extends RawRule {
	works?: 'step' | 'entry';
}

export function isConditionOfEntry(context: Panel): boolean {
	return (context.getNode().parameters as RawAudience).works === 'entry';
}

/** Reads the panel. @returns one rule, or none: everyone @throws NodeOperationError naming the field */
export function readAudience(context: Panel): Rules & { rules: Audience[] } {
	const raw = context.getNode().parameters as RawAudience;
	const expressions: Rules['expressions'] = new Map();
	const inside = !isConditionOfEntry(context);
	const rules = isEmpty(raw) ? [] : [readRule(context, 'Conditions', raw, expressions, inside)];
	const [expression] = expressions.values();
	if (!inside && expression !== undefined) {
		throw fieldError(context.getNode(), 'Conditions', `"${expression}" is an expression. A condition of entry is asked before there is an item to work it out from: enter the value itself, or set This Is to "A Step".`);
	}
	return { rules, expressions };
}

/** The condition of entry that stands on the published canvas; undefined: everyone may enter. */
export function conditionOfEntry(context: IExecuteFunctions): Audience | undefined {
	const node = entryCondition(publishedCanvas(context)) as INode | undefined;
	return node && readAudience({ getNode: () => node }).rules[0];
}
