import { consentName, DEFAULT_PURPOSE } from '../consent';
import { addressField } from '../sending';
import { IDENTITY_KINDS, type Rule } from '../types';
import { RuleError } from './error';
import { checkName, type RuleWriter } from './writer';

export function tag(write: RuleWriter, rule: Extract<Rule, { kind: 'tag' }>): string {
	return `${rule.has ? '' : 'NOT '}coalesce(${write.name(rule.tag, 'tag')} = ANY (p.tags), false)`;
}

/** What holds of consent, as SQL: `{state, at}`. */
export function consentInForce(write: RuleWriter, { channel, purpose = DEFAULT_PURPOSE }: Extract<Rule, { kind: 'consent' }>): string {
	const asked = (name: unknown, what: string) => write.name(consentName(checkName(name, what)), what);
	return `consent_in_force(p.consent, ${asked(channel, 'channel')}, ${asked(purpose, 'purpose')})`;
}

export function consent(write: RuleWriter, rule: Extract<Rule, { kind: 'consent' }>): string {
	const { state } = rule;
	const stored = `coalesce(${consentInForce(write, rule)} ->> 'state', '')`;
	if (state === 'unknown') return `${stored} NOT IN ('granted', 'denied')`;
	if (state !== 'granted' && state !== 'denied') throw new RuleError(`Consent is granted, denied or unknown, found ${JSON.stringify(state)}.`);
	return `${stored} = '${state}'`;
}

/** Whether there is an address. As in *Check before sending*, channels without one of their own reach everybody. */
export function reachable({ channel, is }: Extract<Rule, { kind: 'reachable' }>): string {
	const field = addressField(consentName(checkName(channel, 'channel')));
	return `${is ? '' : 'NOT '}(${field ? `coalesce(p.${field}, '') <> ''` : 'true'})`;
}

export function identity(write: RuleWriter, rule: Extract<Rule, { kind: 'identity' }>): string {
	if (!IDENTITY_KINDS.includes(rule.identity)) throw new RuleError(`There is no identity of the kind ${JSON.stringify(rule.identity)}. Use one of: ${IDENTITY_KINDS.join(', ')}.`);
	const has = write.has(`FROM identities own WHERE own.profile_id = p.id AND own.kind = ${write.param(rule.identity, 'text')}`);
	return `${rule.has ? '' : 'NOT '}(${has})`;
}

export function segment(write: RuleWriter, rule: Extract<Rule, { kind: 'segment' }>): string {
	const id = `(SELECT id FROM segments WHERE name = ${write.name(rule.segment, 'segment')})`;
	return `${rule.in ? '' : 'NOT '}(${write.has(`FROM segment_members sm WHERE sm.profile_id = p.id AND sm.segment_id = ${id} AND sm.left_at IS NULL`)})`;
}

/** Where each answer is found; all of them begin with profile and journey. */
const HISTORY = { inside: 'instances', entered: 'enrolments', converted: 'conversions' };

export function journey(write: RuleWriter, rule: Extract<Rule, { kind: 'journey' }>): string {
	const table = (HISTORY as Partial<Record<string, string>>)[rule.is];
	if (table === undefined) throw new RuleError(`Somebody is inside a journey, entered it or converted in it, found ${JSON.stringify(rule.is)}.`);
	const id = `(SELECT id FROM journeys WHERE key = ${write.name(rule.journey, 'journey')})`;
	return `${rule.holds ? '' : 'NOT '}(${write.has(`FROM ${table} h WHERE h.profile_id = p.id AND h.journey_id = ${id}`)})`;
}
