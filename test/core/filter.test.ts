import { DateTime } from 'luxon';
import fc from 'fast-check';

import { compileFilter, NO_VARIABLES, variablesFor } from '../../lib/core/filter';
import { FilterError } from '../../lib/core/filter-error';
import { EVERY, parsePath, parseSinglePath, PathError, toJsonPath } from '../../lib/core/path';
import type { Operator, PropertyCondition } from '../../lib/core/types';

describe('paths', () => {
	it.each([
		['total', ['total']],
		['order.total', ['order', 'total']],
		['items[].category', ['items', EVERY, 'category']],
		['items[0].price', ['items', 0, 'price']],
		['a[][2]', ['a', EVERY, 2]],
		['"a.b".c', ['a.b', 'c']],
		['"a\\"[b]"[].c d', ['a"[b]', EVERY, 'c d']],
		['" a "."é💛"', [' a ', 'é💛']],
		['""', ['']],
	])('reads %s', (text, segments) => expect(parsePath(text)).toEqual(segments));

	it.each([
		['', 'a name is missing at position 1, found nothing'],
		['a..b', 'a name is missing at position 3, found "."'],
		['.a', 'a name is missing at position 1, found "."'],
		['a.', 'a name is missing at position 3, found nothing'],
		['[0].a', 'a name is missing at position 1, found "["'],
		['a.[0]', 'a name is missing at position 3, found "["'],
		['a[*]', 'found [*]. Write [] for every entry'],
		['a[-1]', 'found [-1]'],
		['a[2147483648]', 'found [2147483648]'],
		['a[0', 'found "[0" after "a"'],
		['a]', 'found "]" after "a"'],
		['a[]b', 'found "b" after "a[]"'],
		['"a', 'a double quote is not closed'],
		['"a"b', 'found "b" after "\\"a\\""'],
		['a"b', 'found "\\"b" after "a"'],
		['"\\x"', 'the quoted name "\\x" cannot be read'],
		['a . b', 'the name "a " begins or ends with a space'],
		['a\u0000', 'has a character that Postgres cannot hold'],
		['"\\ud800"', 'has a character that Postgres cannot hold'],
	])('refuses %j: %s', (text, reason) => {
		const read = () => parsePath(text);
		expect(read).toThrow(PathError);
		expect(read).toThrow(`The path ${JSON.stringify(text)} cannot be read: `);
		expect(read).toThrow(reason);
	});

	it('reads back what any names, quoted, were', () => {
		const names = fc.array(fc.string({ unit: 'grapheme' }).filter((name) => !name.includes('\u0000')), { minLength: 1 });
		fc.assert(fc.property(names, (segments) => expect(parsePath(segments.map((name) => JSON.stringify(name)).join('.'))).toEqual(segments)));
	});

	it('become accessors with every name quoted', () => expect(toJsonPath(parsePath('a."b\\"c"[].d[3]'))).toBe('$."a"."b\\"c"[*]."d"[3]'));

	it('to one value are a text[] for #>>, and refuse []', () => {
		expect(parseSinglePath('items[0].sku')).toEqual(['items', '0', 'sku']);
		expect(() => parseSinglePath('items[].sku')).toThrow('The path "items[].sku" leads to many values, and one is needed here.');
	});
});

describe('filters', () => {
	const condition = (operator: string, value?: unknown, variable?: string): PropertyCondition => ({ path: 'order.total', operator: operator as Operator, value, variable });

	it('that are empty are no filter', () => expect(compileFilter([])).toBeNull());

	it.each<[PropertyCondition, string]>([
		[condition('is'), '"is" has no value. Fill it in, or use "exists" or "does not exist".'],
		[condition('isNot', ''), '"is not" has no value'],
		[condition('contains', ''), '"contains" has no value'],
		[condition('isOneOf', ''), '"is one of" has no value'],
		[condition('isOneOf', []), '"is one of" has no value'],
		[condition('isOneOf', ' , '), '"is one of" has no value'],
		[condition('isOneOf', 'a,,b'), 'entry 2 of its list of values is empty. Remove it, or the comma too many'],
		[condition('isOneOf', 'a,'), 'entry 2 of its list of values is empty'],
		[condition('isOneOf', ['a', { b: 1 }]), 'found {"b":1}'],
		[condition('isOneOf', Array(1001).fill('a')), 'its list has 1001 values, and at most 1000 can be compared'],
		[condition('is', { a: 1 }), 'it compares with one text, number or boolean, found {"a":1}'],
		[condition('is', ['a']), 'it compares with one text, number or boolean, found ["a"]'],
		[condition('is', NaN), 'it compares with one text, number or boolean'],
		[condition('is', 'a\u0000'), 'has a character that Postgres cannot hold in JSON'],
		[condition('isOneOf', 'b,a\ud800'), 'has a character that Postgres cannot hold in JSON'],
		[condition('greater', '49,90'), '"greater" needs a number such as 49.90, found "49,90"'],
		[condition('lessOrEqual', true), '"less or equal" needs a number such as 49.90, found true'],
		[condition('less', '1e999'), '"less" needs a number'],
		[condition('before', '31/02/2026'), '"before" needs a date such as 2026-01-31 or 2026-01-31T09:00:00Z, found "31/02/2026"'],
		[condition('after', '2026-02-29'), '"after" needs a date'],
		[condition('after', '12:00'), '"after" needs a date'],
		[condition('after', '1700000000'), '"after" needs a date'],
		[condition('resembles', 'x'), 'there is no operator "resembles"'],
		[condition('contains', undefined, 'v1'), '"contains" cannot compare with an expression. Write a fixed value, or use "is", "is one of" or "starts with"'],
		[condition('endsWith', undefined, 'v1'), '"ends with" cannot compare with an expression'],
		[condition('is', 'x', 'v1'), 'it has both a fixed value and an expression. Keep one'],
		[condition('is', undefined, 'v"1'), 'the variable name "v\\"1" is not made of letters, digits and underscores'],
	])('refuse %j: %s', (refused, reason) => {
		const compile = () => compileFilter([condition('exists'), refused]);
		expect(compile).toThrow(FilterError);
		expect(compile).toThrow('The condition on "order.total" cannot be used: ');
		expect(compile).toThrow(reason);
	});

	it('name the path that cannot be read', () => {
		const compile = () => compileFilter([{ path: 'a..b', operator: 'exists' }]);
		expect(compile).toThrow(expect.objectContaining({ name: 'FilterError', field: 'a..b' }));
		expect(compile).toThrow('The path "a..b" cannot be read: a name is missing');
	});

	it('bring the values of one person in every form they are compared in', () => {
		const filter = (['is', 'isOneOf', 'startsWith', 'greater', 'before'] as const).map((operator) => ({ path: 'a', operator, variable: 'v1' }));
		expect(variablesFor(filter, { v1: '5', other: 1 })).toEqual({ v: { v1: ['5', 5], 'v1~list': ['5', 5], 'v1~text': '5', 'v1~textEnd': '5\u{10FFFF}', 'v1~number': 5 } });
		for (const value of [undefined, null, '']) expect(variablesFor(filter, { v1: value })).toEqual(JSON.parse(NO_VARIABLES));
		expect(variablesFor(filter, {})).toEqual({ v: {} });
	});

	it('take dates as n8n has them', () => {
		const filter = [{ path: 'a', operator: 'before', variable: 'v1' } as const];
		const expected = { v: { 'v1~time': '2026-01-31T08:00:00.000Z', 'v1~timeEpoch': Date.UTC(2026, 0, 31, 8) } };
		expect(variablesFor(filter, { v1: new Date('2026-01-31T08:00:00Z') })).toEqual(expected);
		expect(variablesFor(filter, { v1: DateTime.fromISO('2026-01-31T09:00:00+01:00', { setZone: true }) })).toEqual(expected);
		expect(variablesFor(filter, { v1: '2026-01-31T09:00:00+01:00' })).toEqual(expected);
	});

	it('refuse a person\'s value that is an object, or a list where one value is asked for', () => {
		expect(() => variablesFor([{ path: 'a', operator: 'is', variable: 'v1' }], { v1: { id: 1 } })).toThrow('The condition on "a" cannot be used: it compares with one text, number or boolean, found {"id":1}.');
		expect(() => variablesFor([{ path: 'a', operator: 'is', variable: 'v1' }], { v1: ['x'] })).toThrow(FilterError);
		expect(variablesFor([{ path: 'a', operator: 'isOneOf', variable: 'v1' }], { v1: ['x', 5] })).toEqual({ v: { 'v1~list': ['x', '5', 5] } });
		expect(variablesFor([{ path: 'a', operator: 'isOneOf', variable: 'v1' }], { v1: ['x', null] })).toEqual({ v: { 'v1~list': ['x'] } });
	});
});
