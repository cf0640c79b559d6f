import { isEmpty, readRule, type Panel, type RawRule, type Rules } from '../shared/rules';

/** Reads the panel. @returns one rule, or none: everyone @throws NodeOperationError naming the field */
export function readAudience(context: Panel): Rules {
	const raw = context.getNode().parameters as RawRule;
	const expressions: Rules['expressions'] = new Map();
	return { rules: isEmpty(raw) ? [] : [readRule(context, 'Conditions', raw, expressions)], expressions };
}
