import { DateTime } from 'luxon';

import { validateDuration } from './duration';
import { compileFilter, NO_VARIABLES, variablesFor } from './filter';
import { isStorable } from './path';
import type { Filter, Json, PropertyCondition, Rule, Variables } from './types';

/** A rule that cannot be compiled. The message says which part, what was found and what to do. */
export class RuleError extends Error {
	override readonly name = 'RuleError';
}

export interface CompiledRule {
	/** One boolean expression, never NULL. */
	sql: string;
	/** Values of its parameters, in order. */
	params: unknown[];
}

type Behaviour = Extract<Rule, { kind: 'behaviour' }>;

/**
 * Compiles a rule to a boolean SQL expression for a statement that has these aliases in scope:
 *   p       the profile: id, attributes jsonb, tags text[], consent jsonb `{channel: {state}}`
 *   i       the instance: context jsonb. When it is absent, rules on the context match nothing
 *   e       the event that woke the person: properties jsonb. When it is absent, rules on it match nothing
 *   r.vars  jsonb of `ruleVariables`; only read when the rule has variables
 * and the table `events` in the search path, in a session whose time zone is UTC.
 *
 * `now` ends the windows of behaviours, hours and below elapsed, days and above by the UTC calendar. Events have no upper
 * bound: intake lets none in from more than 5 minutes ahead, and a fast clock does not undo what a person did.
 *
 * @param options.firstParameter number of the first parameter: 3 for `$3`
 * @throws RuleError, FilterError; TimeRuleError for a window
 */
export function compileRule(rule: Rule, options: { now: Date; firstParameter: number }): CompiledRule {
	const params: unknown[] = [];
	const param = (value: unknown, type: string) => `$${options.firstParameter + params.push(value) - 1}::${type}`;
	return { sql: compile(rule), params };

	function compile(part: Rule): string {
		switch (part.kind) {
			case 'group': return compileGroup(part);
			case 'attribute': return matches('p.attributes', [part.condition]);
			case 'context': return matches('i.context', [part.condition]);
			case 'event': return matches('e.properties', [part.condition]);
			case 'tag': return `${part.has ? '' : 'NOT '}coalesce(${param(named(part.tag, 'tag'), 'text')} = ANY (p.tags), false)`;
			case 'consent': return compileConsent(part);
			case 'behaviour': return compileBehaviour(part);
			default: throw new RuleError(`There is no rule of the kind ${JSON.stringify((part as { kind?: unknown }).kind)}.`);
		}
	}

	function compileGroup({ match, rules }: Extract<Rule, { kind: 'group' }>): string {
		if (rules.length === 0) throw new RuleError('An empty condition group matches nothing. Add a condition to it, or remove the group.');
		const parts = rules.map(compile);
		if (match === 'all') return `(${parts.join(' AND ')})`;
		if (match === 'any') return `(${parts.join(' OR ')})`;
		if (match === 'none') return `NOT (${parts.join(' OR ')})`;
		throw new RuleError(`A condition group matches all, any or none, found ${JSON.stringify(match)}.`);
	}

	function compileConsent({ channel, state }: Extract<Rule, { kind: 'consent' }>): string {
		const stored = `coalesce(p.consent -> ${param(named(channel, 'channel'), 'text')} ->> 'state', '')`;
		if (state === 'unknown') return `${stored} NOT IN ('granted', 'denied')`;
		if (state !== 'granted' && state !== 'denied') throw new RuleError(`Consent is granted, denied or unknown, found ${JSON.stringify(state)}.`);
		return `${stored} = '${state}'`;
	}

	/*
	 * Counted up to the number asked for, so that a busy person costs no more than that. A count, and not EXISTS, since
	 * the planner may turn EXISTS into one hash over everybody's events; this always is one index scan per person.
	 */
	function compileBehaviour({ event, filter, did, atLeast, within }: Behaviour): string {
		if (!Number.isInteger(atLeast) || atLeast < 1 || atLeast > MOST_TIMES) {
			throw new RuleError(`"${event}" at least ${String(atLeast)} times cannot be asked. Enter a whole number from 1 to ${MOST_TIMES}; for "never", use "did not".`);
		}
		const asked = [`ev.profile_id = p.id`, `ev.name = ${param(named(event, 'event'), 'text')}`];
		if (within) asked.push(`ev.occurred_at >= ${param(startOf(within, event), 'timestamptz')}`);
		if (filter.length > 0) asked.push(matches('ev.properties', filter));
		const times = param(atLeast, 'bigint');
		const counted = `(SELECT count(*) FROM (SELECT 1 FROM events ev WHERE ${asked.join(' AND ')} LIMIT ${times}) AS found)`;
		return `${counted} ${did ? '>=' : '<'} ${times}`;
	}

	function startOf(within: NonNullable<Behaviour['within']>, event: string): Date {
		const { amount, unit } = validateDuration(within, `Within, of "${event}"`);
		return DateTime.fromJSDate(options.now, { zone: 'utc' }).minus({ [unit]: amount }).toJSDate();
	}

	function matches(document: string, filter: Filter): string {
		const variables = filter.some(({ variable }) => variable !== undefined) ? `coalesce(r.vars, '${NO_VARIABLES}')` : `'${NO_VARIABLES}'`;
		return `coalesce(jsonb_path_match_tz(${document}, ${param(compileFilter(filter), 'jsonpath')}, ${variables}, true), false)`;
	}
}

const MOST_TIMES = 1_000_000;

/**
 * The variables (`r.vars`, a jsonb object) with which one person brings their values to the compiled rules of one
 * statement.
 * @throws FilterError as `variablesFor`
 */
export function ruleVariables(rules: Rule[], values: Variables): { v: Json } {
	return variablesFor(rules.flatMap(conditionsOf), values);
}

function conditionsOf(rule: Rule): PropertyCondition[] {
	if (rule.kind === 'group') return rule.rules.flatMap(conditionsOf);
	if (rule.kind === 'behaviour') return rule.filter;
	return 'condition' in rule ? [rule.condition] : [];
}

function named(name: string, what: string): string {
	if (typeof name === 'string' && name !== '' && isStorable(name)) return name;
	throw new RuleError(`A condition has no ${what} that can be asked for, found ${JSON.stringify(name)}. Enter the ${what}'s name.`);
}
