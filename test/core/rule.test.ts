import { compileRule, ruleVariables } from '../../lib/core/rule';
import { RuleError } from '../../lib/core/rule/error';
import type { Rule } from '../../lib/core/types';

const NOW = new Date('2026-03-31T12:00:00.000Z');
const compile = (rule: Rule) => compileRule(rule, { now: NOW, firstParameter: 4 });
const behaviour: Extract<Rule, { kind: 'behaviour' }> = { kind: 'behaviour', event: 'order', filter: [], did: true, atLeast: 1 };
const isX = { path: 'a', operator: 'is', value: 'x' } as const;
const isOwn = { path: 'a', operator: 'is', variable: 'v1' } as const;

describe('rules', () => {
	it('number their parameters from where they are told', () => {
		const { sql, params } = compile({ kind: 'group', match: 'none', rules: [{ kind: 'tag', has: true, tag: 'vip' }, { kind: 'attribute', condition: isX }] });
		expect(sql.match(/\$\d+::\w+/g)).toEqual(['$4::text', '$5::jsonpath']);
		expect(params).toEqual(['vip', 'exists($."a" ? (@ == "x"))']);
	});

	it.each([
		[{ amount: 90, unit: 'minutes' } as const, '2026-03-31T10:30:00.000Z'],
		[{ amount: 7, unit: 'days' } as const, '2026-03-24T12:00:00.000Z'],
		[{ amount: 1, unit: 'months' } as const, '2026-02-28T12:00:00.000Z'],
		[{ amount: 2, unit: 'years' } as const, '2024-03-31T12:00:00.000Z'],
	])('begin the window of %j at %s', (within, start) => expect(compile({ ...behaviour, within }).params).toContainEqual(new Date(start)));

	it('keep what a user wrote out of the SQL', () => {
		const nasty = `'"; DROP TABLE profiles; --`;
		const condition = { path: JSON.stringify(nasty), operator: 'is', value: nasty } as const;
		const { sql } = compile({ kind: 'group', match: 'all', rules: [
			{ kind: 'attribute', condition }, { kind: 'tag', has: true, tag: nasty }, { kind: 'consent', channel: nasty, state: 'granted' }, { ...behaviour, event: nasty, filter: [condition] },
		] });
		expect(sql).not.toContain('DROP');
	});

	it('read r.vars only where they have variables, wherever those are', () => {
		expect(compile({ kind: 'attribute', condition: isX }).sql).not.toContain('r.vars');
		const rule: Rule = { kind: 'group', match: 'any', rules: [{ ...behaviour, filter: [isX, isOwn] }, { kind: 'context', condition: { ...isOwn, variable: 'v2' } }] };
		expect(compile(rule).sql.match(/r\.vars/g)).toHaveLength(2);
		expect(ruleVariables([rule], { v1: 'x', v2: 5 })).toEqual({ v: { v1: ['x'], v2: ['5', 5] } });
	});

	it.each<[Rule, string]>([
		[{ kind: 'group', match: 'all', rules: [] }, 'An empty condition group matches nothing. Add a condition to it, or remove the group.'],
		[{ kind: 'group', match: 'any', rules: [{ kind: 'group', match: 'none', rules: [] }] }, 'An empty condition group matches nothing.'],
		[{ kind: 'group', match: 'some' as 'any', rules: [{ kind: 'tag', has: true, tag: 'vip' }] }, 'matches all, any or none, found "some"'],
		[{ ...behaviour, atLeast: 0 }, '"order" at least 0 times cannot be asked. Enter a whole number from 1 to 1000000; for "never", use "did not".'],
		[{ ...behaviour, atLeast: 1.5 }, '"order" at least 1.5 times'],
		[{ ...behaviour, event: '' }, 'A condition has no event that can be asked for, found "". Enter the event\'s name.'],
		[{ kind: 'tag', has: true, tag: '' }, 'A condition has no tag'],
		[{ kind: 'tag', has: true, tag: 'a\u0000' }, 'A condition has no tag that can be asked for, found "a\\u0000"'],
		[{ kind: 'consent', channel: '', state: 'granted' }, 'A condition has no channel'],
		[{ kind: 'consent', channel: 'email', state: 'maybe' as 'granted' }, 'Consent is granted, denied or unknown, found "maybe"'],
		[{ ...behaviour, within: { calendarDays: 0 } }, '"order" within 0 calendar days cannot be asked. Enter a whole number from 1, which is today'],
		[{ kind: 'message', did: 'opened', count: 'atLeast', times: 0, journey: 'any' }, 'Messages cannot be 0. Enter a whole number from 1'],
		[{ kind: 'message', did: 'opened', count: 'atLeast', times: 4, ofLast: 3, journey: 'any' }, 'At least 4 of the last 3 messages can never be'],
		[{ kind: 'message', did: 'liked' as 'opened', count: 'atLeast', times: 1, journey: 'any' }, 'found "liked"'],
		[{ kind: 'identity', identity: 'fax' as 'email', has: true }, 'There is no identity of the kind "fax"'],
		[{ kind: 'journey', journey: 'shop', is: 'past' as 'inside', holds: true }, 'found "past"'],
		[{ kind: 'trait', trait: 't', measure: 'luck' as 'count', condition: isX }, 'A trait has no "luck"'],
		[{ kind: 'segment', segment: '', in: true }, 'A condition has no segment'],
		[{ kind: 'weather' } as unknown as Rule, 'There is no rule of the kind "weather"'],
	])('refuse %j: %s', (rule, reason) => {
		expect(() => compile(rule)).toThrow(RuleError);
		expect(() => compile(rule)).toThrow(reason);
	});

	it.each<[Rule, string]>([
		[{ ...behaviour, within: 'entry' }, '"order" is asked since entry, which only somebody inside a journey can answer. Choose another period'],
		[{ ...behaviour, within: 'state' }, 'since the previous State'],
		[{ kind: 'message', did: 'opened', count: 'atLeast', times: 1, journey: 'this' }, 'A message is asked of this journey'],
	])('ask about an instance only where there is one: %j', (rule, reason) => {
		expect(() => compile(rule)).toThrow(reason);
		expect(() => compileRule(rule, { now: NOW, firstParameter: 1, inside: true })).not.toThrow();
	});

	it('refuse a window that is no duration, naming it', () => {
		expect(() => compile({ ...behaviour, within: { amount: -1, unit: 'days' } })).toThrow('Within, of "order": "-1"');
	});
});
