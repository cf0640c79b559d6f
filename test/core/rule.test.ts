import { compileRule, RuleError, ruleVariables } from '../../lib/core/rule';
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
		[{ kind: 'weather' } as unknown as Rule, 'There is no rule of the kind "weather"'],
	])('refuse %j: %s', (rule, reason) => {
		expect(() => compile(rule)).toThrow(RuleError);
		expect(() => compile(rule)).toThrow(reason);
	});

	it('refuse a window that is no duration, naming it', () => {
		expect(() => compile({ ...behaviour, within: { amount: -1, unit: 'days' } })).toThrow('Within, of "order": "-1"');
	});
});
