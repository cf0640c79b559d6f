import { DEFAULT_PURPOSE } from './consent';
import type { Duration, Operator, PropertyCondition, Rule } from './types';

const OPERATOR_WORDS: Record<Operator, string> = {
	is: 'is', isNot: 'is not', isOneOf: 'is one of', contains: 'contains', doesNotContain: 'does not contain', startsWith: 'starts with',
	endsWith: 'ends with', greater: 'is greater than', greaterOrEqual: 'is at least', less: 'is less than', lessOrEqual: 'is at most',
	before: 'is before', after: 'is after', exists: 'exists', doesNotExist: 'does not exist',
};
const MATCH_WORDS = { all: 'all of', any: 'any of', none: 'none of' };

/** A rule about a person in words, for whoever asks why somebody did not match: `plan is "gold"`. */
export function ruleWords(rule: Rule): string {
	switch (rule.kind) {
		case 'group': return `${MATCH_WORDS[rule.match]} (${rule.rules.map(ruleWords).join('; ')})`;
		case 'attribute': return condition(rule.condition);
		case 'context': return `journey value ${condition(rule.condition)}`;
		case 'event': return `event property ${condition(rule.condition)}`;
		case 'tag': return `${rule.has ? 'has' : 'does not have'} the tag ${shown(rule.tag)}`;
		case 'consent': return `consent for ${rule.purpose ?? DEFAULT_PURPOSE} by ${rule.channel} is ${rule.state === 'unknown' ? 'not known' : rule.state}`;
		case 'reachable': return `${rule.is ? 'has' : 'has no'} address for ${rule.channel}`;
		case 'identity': return `${rule.has ? 'has' : 'has no'} ${rule.identity.replace('_', ' ')}`;
		case 'segment': return `is ${rule.in ? '' : 'not '}in the segment ${shown(rule.segment)}`;
		case 'journey': return `${rule.holds ? '' : 'not: '}${JOURNEY_WORDS[rule.is]} the journey ${shown(rule.journey)}`;
		case 'behaviour': return `did ${rule.did ? '' : 'not do '}${shown(rule.event)}${filtered(rule.filter)} at least ${times(rule.atLeast)}${period(rule.within)}`;
		case 'aggregate': return `${rule.of} of ${condition(rule.condition)} over ${shown(rule.event)}${filtered(rule.filter)}${period(rule.within)}`;
		case 'message': return messageWords(rule);
		case 'trait': return `trait ${shown(rule.trait)}, ${rule.measure}, ${condition({ ...rule.condition, path: '' }).trim()}`;
	}
}

const JOURNEY_WORDS = { inside: 'is inside', entered: 'has entered', converted: 'has converted in' };

function messageWords({ did, count, times: asked, ofLast, channel, journey, within }: Extract<Rule, { kind: 'message' }>): string {
	const of = ofLast === undefined ? 'messages' : `of the last ${ofLast} messages`;
	const where = `${channel === undefined ? '' : ` by ${channel}`}${journey === 'this' ? ' of this journey' : ''}`;
	return `${did} ${count === 'atLeast' ? 'at least' : 'at most'} ${asked} ${of}${where}${period(within)}`;
}

function condition({ path, operator, value, variable }: PropertyCondition): string {
	const compared = operator === 'exists' || operator === 'doesNotExist' ? '' : ` ${variable === undefined ? shown(value) : 'a value of their own'}`;
	return `${path} ${OPERATOR_WORDS[operator]}${compared}`;
}

function filtered(filter: PropertyCondition[]): string {
	return filter.length > 0 ? ` (${filter.map(condition).join(', ')})` : '';
}

function times(count: number): string {
	return count === 1 ? 'once' : `${count} times`;
}

function period(within: Duration | { calendarDays: number } | 'entry' | 'state' | undefined): string {
	if (within === undefined) return '';
	if (within === 'entry') return ' since entry';
	if (within === 'state') return ' since the previous State';
	if ('calendarDays' in within) return ` within ${within.calendarDays} calendar days`;
	return ` within ${within.amount} ${within.unit}`;
}

function shown(value: unknown): string {
	return JSON.stringify(value) ?? 'nothing';
}
