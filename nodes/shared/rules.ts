import type { IExecuteFunctions } from 'n8n-workflow';

import { compileRule, nameOf, ruleVariables, type ConsentState, type IdentityKind, type Json, type Measure, type Occurrences, type RawName, type Rule } from '../../lib/index';
import { checked, fieldError, readFilter, valuesOf, type Expressions, type RawCondition } from './parameters';
import { readPeriod, type RawPeriod } from './periodFields';

/** All that reading needs, so that a node's panel can be checked without running it. */
export type Panel = Pick<IExecuteFunctions, 'getNode'>;

type Group = Extract<Rule, { kind: 'group' }>;

/** What `ruleFields` holds. */
export interface RawRule {
	match?: Group['match'];
	conditions?: RawConditions;
}

interface RawConditions {
	attribute?: RawNamed[];
	tag?: Array<{ has: boolean; tag: RawName }>;
	consent?: Array<{ channel: string; purpose?: RawName; state: ConsentState | 'unknown' }>;
	reachable?: Array<{ channel: string; is: boolean }>;
	identity?: Array<{ identity: IdentityKind; has: boolean }>;
	segment?: Array<{ segment: RawName; in: boolean }>;
	journey?: Array<{ journey: RawName; is: 'inside' | 'entered' | 'converted'; holds: boolean }>;
	behaviour?: Array<RawOccurrences & { did: boolean | 'atMost'; times: number }>;
	aggregate?: Array<RawOccurrences & RawNamed & { of: 'sum' | 'average' | 'first' | 'last' }>;
	message?: RawMessage[];
	trait?: Array<Omit<RawCondition, 'path'> & { trait: RawName; measure: Measure }>;
	context?: RawCondition[];
	event?: RawCondition[];
	group?: RawRule[];
}

type RawNamed = Omit<RawCondition, 'path'> & { path: RawName };

interface RawOccurrences extends RawPeriod {
	event: RawName;
	filters?: { conditions?: RawCondition[] };
}

interface RawMessage extends RawPeriod {
	did: 'sent' | 'delivered' | 'opened' | 'clicked';
	count: 'atLeast' | 'atMost';
	times: number;
	of?: 'all' | 'last';
	ofLast?: number;
	channel?: string;
	journey?: 'this' | 'any';
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
 * @param inside whoever is asked runs through a journey
 * @throws NodeOperationError naming the field, also for a rule or group without conditions
 */
export function readRule(context: Panel, field: string, raw: RawRule, expressions: Expressions, inside = true): Group {
	const rule = readGroup(context, field, raw, expressions);
	// Windows reach back from now, and whether they can be read does not depend on it.
	checked(context, field, () => compileRule(rule, { now: new Date(0), firstParameter: 1, inside }));
	return rule;
}

function readGroup(context: Panel, field: string, { match = 'all', conditions = {} }: RawRule, expressions: Expressions): Group {
	const condition = ({ path, ...one }: RawNamed) => readFilter(context, field, [{ ...one, path: nameOf(path) }], expressions)[0]!;
	const compared = (kind: 'attribute' | 'context' | 'event') => (conditions[kind] ?? []).map((one): Rule => ({ kind, condition: condition(one) }));
	const occurrences = (what: string, raw: RawOccurrences): Occurrences => {
		const event = nameOf(raw.event);
		if (event === '') throw fieldError(context.getNode(), field, `${what} has no event. Enter the name of the event.`);
		const where = `${field}, "${event}"`;
		return { event, filter: readFilter(context, `${where}, Property Filters`, raw.filters?.conditions ?? [], expressions), ...readPeriod(context, where, raw) };
	};
	return {
		kind: 'group',
		match,
		rules: [
			...compared('attribute'),
			...(conditions.tag ?? []).map((one): Rule => ({ kind: 'tag', has: one.has, tag: nameOf(one.tag) })),
			...(conditions.consent ?? []).map((one): Rule => ({ kind: 'consent', channel: one.channel.trim(), ...purposeOf(one.purpose), state: one.state })),
			...(conditions.reachable ?? []).map((one): Rule => ({ kind: 'reachable', channel: one.channel.trim(), is: one.is })),
			...compared('context'),
			...compared('event'),
			// The dearer ones last: Postgres stops at the first condition that decides.
			...(conditions.identity ?? []).map((one): Rule => ({ kind: 'identity', identity: one.identity, has: one.has })),
			...(conditions.segment ?? []).map((one): Rule => ({ kind: 'segment', segment: nameOf(one.segment), in: one.in })),
			...(conditions.journey ?? []).map((one): Rule => ({ kind: 'journey', journey: nameOf(one.journey), is: one.is, holds: one.holds })),
			...(conditions.trait ?? []).map(({ trait, measure, ...one }): Rule => ({ kind: 'trait', trait: nameOf(trait), measure, condition: condition({ ...one, path: 'value' }) })),
			...(conditions.behaviour ?? []).map((one): Rule => ({ kind: 'behaviour', ...readTimes(context, field, one), ...occurrences('a behaviour', one) })),
			...(conditions.message ?? []).map((one) => readMessage(context, field, one)),
			...(conditions.aggregate ?? []).map((one): Rule => ({ kind: 'aggregate', of: one.of, condition: condition(one), ...occurrences('an event value', one) })),
			...(conditions.group ?? []).map((one, at) => readGroup(context, `${field}, group ${at + 1}`, one, expressions)),
		],
	};
}

const purposeOf = (raw?: RawName) => (nameOf(raw) === '' ? {} : { purpose: nameOf(raw) });

/** At most so often is: not once more. */
function readTimes(context: Panel, field: string, { did, times = 1 }: { did: boolean | 'atMost'; times?: number }): { did: boolean; atLeast: number } {
	if (did !== 'atMost') return { did, atLeast: did ? times : 1 };
	if (Number.isInteger(times) && times >= 0) return { did: false, atLeast: times + 1 };
	throw fieldError(context.getNode(), field, `at most ${String(times)} times cannot be asked. Enter a whole number from 0.`);
}

function readMessage(context: Panel, field: string, raw: RawMessage): Rule {
	const channel = raw.channel?.trim();
	return {
		kind: 'message', did: raw.did, count: raw.count, times: raw.times, journey: raw.journey ?? 'any',
		...(channel && { channel }), ...(raw.of === 'last' && { ofLast: raw.ofLast ?? 5 }), ...readPeriod(context, `${field}, messages`, raw),
	};
}

/** What one item brings to the rules: the values of their expressions, in the form in which they are compared. */
export function bindVariables(context: IExecuteFunctions, field: string, { rules, expressions }: Rules, item: number): Json | null {
	if (expressions.size === 0) return null;
	const values = valuesOf(context, field, expressions, item);
	return checked(context, `${field}, item ${item}`, () => ruleVariables(rules, values));
}
