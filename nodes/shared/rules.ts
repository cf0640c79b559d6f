import type { IExecuteFunctions } from 'n8n-workflow';

import { compileRule, ruleVariables, type ConsentState, type Json, type Rule } from '../../lib/index';
import { checked, fieldError, readDuration, readFilter, type Expressions, type RawCondition } from './parameters';

/** All that reading needs, so that a node's panel can be checked without running it. */
export type Panel = Pick<IExecuteFunctions, 'getNode'>;

type Group = Extract<Rule, { kind: 'group' }>;

/** What `ruleFields` holds. */
export interface RawRule {
	match?: Group['match'];
	conditions?: RawConditions;
}

interface RawConditions {
	attribute?: RawCondition[];
	tag?: Array<{ has: boolean; tag: string }>;
	consent?: Array<{ channel: string; state: ConsentState | 'unknown' }>;
	behaviour?: RawBehaviour[];
	context?: RawCondition[];
	event?: RawCondition[];
	group?: RawRule[];
}

interface RawBehaviour {
	did: boolean;
	event: string;
	times: number;
	period: 'ever' | 'within';
	withinAmount?: number;
	withinUnit?: string;
	filters?: { conditions?: RawCondition[] };
}

/** Rules and what differs from person to person in them. */
export interface Rules {
	rules: Rule[];
	/** Shared by all rules, so that variable names differ. */
	expressions: Expressions;
}

/** Whether a rule has no condition at all. */
export function isEmpty({ conditions }: RawRule): boolean {
	return Object.values((conditions ?? {}) as Record<string, unknown[] | undefined>).every((list) => !list || list.length === 0);
}

/**
 * One rule of a panel. Values that are expressions become variables, added to `expressions`.
 * @throws NodeOperationError naming the field, also for a rule or group without conditions
 */
export function readRule(context: Panel, field: string, raw: RawRule, expressions: Expressions): Rule {
	const rule = readGroup(context, field, raw, expressions);
	// Windows reach back from now, and whether they can be read does not depend on it.
	checked(context, field, () => compileRule(rule, { now: new Date(0), firstParameter: 1 }));
	return rule;
}

function readGroup(context: Panel, field: string, { match = 'all', conditions = {} }: RawRule, expressions: Expressions): Group {
	const compared = (kind: 'attribute' | 'context' | 'event') =>
		(conditions[kind] ?? []).map((one): Rule => ({ kind, condition: readFilter(context, field, [one], expressions)[0]! }));
	return {
		kind: 'group',
		match,
		rules: [
			...compared('attribute'),
			...(conditions.tag ?? []).map((one): Rule => ({ kind: 'tag', has: one.has, tag: one.tag.trim() })),
			...(conditions.consent ?? []).map((one): Rule => ({ kind: 'consent', channel: one.channel.trim(), state: one.state })),
			...compared('context'),
			...compared('event'),
			// The dearest last: Postgres stops at the first condition that decides.
			...(conditions.behaviour ?? []).map((one) => readBehaviour(context, field, one, expressions)),
			...(conditions.group ?? []).map((one, at) => readGroup(context, `${field}, group ${at + 1}`, one, expressions)),
		],
	};
}

function readBehaviour(context: Panel, field: string, raw: RawBehaviour, expressions: Expressions): Rule {
	const event = raw.event.trim();
	if (event === '') throw fieldError(context.getNode(), field, 'a behaviour has no event. Enter the name of the event.');
	const where = `${field}, "${event}"`;
	return {
		kind: 'behaviour',
		event,
		did: raw.did,
		atLeast: raw.times,
		filter: readFilter(context, `${where}, Property Filters`, raw.filters?.conditions ?? [], expressions),
		...(raw.period === 'within' ? { within: readDuration(context, `${where}, Last`, raw.withinAmount, raw.withinUnit) } : {}),
	};
}

/** What one item brings to the rules: the values of their expressions, in the form in which they are compared. */
export function bindVariables(context: IExecuteFunctions, field: string, { rules, expressions }: Rules, item: number): Json | null {
	if (expressions.size === 0) return null;
	// n8n puts the leading = back.
	const values = Object.fromEntries([...expressions].map(([name, expression]) => [name, context.evaluateExpression(expression.slice(1), item)]));
	return checked(context, `${field}, item ${item}`, () => ruleVariables(rules, values));
}
