import { variablesFor } from './filter';
import { aggregate, behaviour } from './rule/behaviour';
import { RuleError } from './rule/error';
import { message } from './rule/message';
import { consent, identity, journey, reachable, segment, tag } from './rule/person';
import { trait } from './rule/trait';
import { RuleWriter, type RuleScope } from './rule/writer';
import type { Json, PropertyCondition, Rule, Variables } from './types';

export interface CompiledRule {
	/** One boolean expression, never NULL. */
	sql: string;
	/** Values of its parameters, in order. */
	params: unknown[];
}

/**
 * Compiles a rule to a boolean SQL expression for a statement that has these aliases in scope:
 *   p       the profile: id, attributes jsonb, tags text[], consent jsonb `{channel: {state}}`, email, phone, zone
 *   i       the instance: context jsonb. When it is absent, rules on the context match nothing
 *   e       the event that woke the person: properties jsonb. When it is absent, rules on it match nothing
 *   r.vars  jsonb of `ruleVariables`; only read when the rule has variables
 * and, with `scope.inside`, which rules on an instance's own past need:
 *   i       also id, journey_id, correlation, entered_at, left_at, event_id
 *   j       its journey: zone
 * and the tables in the search path, in a session whose time zone is UTC.
 *
 * `now` ends what is looked back at. Events have no upper bound: intake lets none in from more than 5 minutes ahead, and a
 * fast clock does not undo what a person did.
 *
 * @throws RuleError, FilterError; TimeRuleError for a window
 */
export function compileRule(rule: Rule, scope: RuleScope): CompiledRule {
	const write = new RuleWriter(scope);
	return { sql: compile(write, rule), params: write.params };
}

function compile(write: RuleWriter, rule: Rule): string {
	switch (rule.kind) {
		case 'group': return group(write, rule);
		case 'attribute': return write.matches('p.attributes', [rule.condition]);
		case 'context': return write.matches('i.context', [rule.condition]);
		case 'event': return write.matches('e.properties', [rule.condition]);
		case 'tag': return tag(write, rule);
		case 'consent': return consent(write, rule);
		case 'reachable': return reachable(rule);
		case 'identity': return identity(write, rule);
		case 'segment': return segment(write, rule);
		case 'journey': return journey(write, rule);
		case 'behaviour': return behaviour(write, rule);
		case 'aggregate': return aggregate(write, rule);
		case 'message': return message(write, rule);
		case 'trait': return trait(write, rule);
		default: throw new RuleError(`There is no rule of the kind ${JSON.stringify((rule as { kind?: unknown }).kind)}.`);
	}
}

function group(write: RuleWriter, { match, rules }: Extract<Rule, { kind: 'group' }>): string {
	if (rules.length === 0) throw new RuleError('An empty condition group matches nothing. Add a condition to it, or remove the group.');
	const parts = rules.map((rule) => compile(write, rule));
	if (match === 'all') return `(${parts.join(' AND ')})`;
	if (match === 'any') return `(${parts.join(' OR ')})`;
	if (match === 'none') return `NOT (${parts.join(' OR ')})`;
	throw new RuleError(`A condition group matches all, any or none, found ${JSON.stringify(match)}.`);
}

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
	return [...('filter' in rule ? rule.filter : []), ...('condition' in rule ? [rule.condition] : [])];
}

/** Rules of one kind anywhere in a rule. */
export function rulesOf<K extends Rule['kind']>(rule: Rule, kind: K): Array<Extract<Rule, { kind: K }>> {
	if (rule.kind === 'group') return rule.rules.flatMap((part) => rulesOf(part, kind));
	return rule.kind === kind ? [rule as Extract<Rule, { kind: K }>] : [];
}
