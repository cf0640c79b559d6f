import fc from 'fast-check';

import { compileFilter, NO_VARIABLES, variablesFor } from '../../lib/core/filter';
import { OPERATORS, type Filter, type Json, type Variables } from '../../lib/core/types';
import type { Store } from '../../lib/store/types';
import { documents, filters, meetings, variables, WITH_VARIABLE } from '../support/arbitraries';
import { filterHolds } from '../support/oracle';
import { freshStore, STORES } from '../support/stores';

describe.each(STORES)('filters on %s', (kind) => {
	let store: Store;
	let drop: () => Promise<void>;
	beforeAll(async () => { ({ store, drop } = await freshStore(kind)); }, 60_000);
	afterAll(async () => await drop());

	interface Case { document: Json; filter: Filter; values?: Variables }

	/** Evaluates many at once. */
	async function matches(cases: Case[]): Promise<Array<boolean | null>> {
		const rows = await store.tx(async (db) => await db.rows<{ matched: boolean | null }>(
			`SELECT jsonb_path_match_tz(document, predicate::jsonpath, variables, true) AS matched
			 FROM jsonb_to_recordset($1::jsonb) AS c(ordinal int, document jsonb, predicate text, variables jsonb) ORDER BY ordinal`,
			[JSON.stringify(cases.map(({ document, filter, values = {} }, ordinal) => (
				{ ordinal, document, predicate: compileFilter(filter), variables: variablesFor(filter, values) })))],
		));
		return rows.map(({ matched }) => matched);
	}

	it.each<[expected: boolean, value: unknown, operator: Filter[0]['operator'], asked: unknown]>([
		[true, 'x', 'is', 'x'],
		[false, 'X', 'is', 'x'],
		[true, 5, 'is', '5'],
		[true, '5', 'is', '5'],
		[true, 5, 'is', '5.0'],
		[true, '5', 'is', 5],
		[true, true, 'is', 'true'],
		[true, 'true', 'is', true],
		[false, 1234, 'is', '01234'],
		[true, ['a', 'b'], 'is', 'b'],
		[false, null, 'is', 'null'],
		[false, undefined, 'is', 'x'],
		[true, undefined, 'isNot', 'x'],
		[true, null, 'isNot', 'x'],
		[true, 'y', 'isNot', 'x'],
		[false, 5, 'isNot', '5'],
		[false, ['a', 'x'], 'isNot', 'x'],
		[true, { a: 1 }, 'isNot', 'x'],
		[true, 'b', 'isOneOf', 'a, b ,5'],
		[true, 5, 'isOneOf', 'a, b ,5'],
		[true, 'a, b', 'isOneOf', ['a, b']],
		[false, 'c', 'isOneOf', 'a, b'],
		[true, 'a.b', 'contains', '.'],
		[false, 'ab', 'contains', '.'],
		[false, 'AB', 'contains', 'a'],
		[false, 50, 'contains', '5'],
		[true, ['xa', 'b'], 'contains', 'a'],
		[true, undefined, 'doesNotContain', 'a'],
		[false, 'xa', 'doesNotContain', 'a'],
		[true, 'abc', 'startsWith', 'ab'],
		[false, 'abc', 'startsWith', 'bc'],
		[true, 'abc', 'endsWith', 'bc'],
		[true, 'a\nb(c)*', 'endsWith', '(c)*'],
		[false, 'abc\n', 'endsWith', 'bc'],
		[false, 'abc\nd', 'endsWith', 'bc'],
		[true, 49.9, 'greater', '49.89'],
		[false, 49.9, 'greater', '49.9'],
		[true, '49.9', 'greater', 49.89],
		[true, 49.9, 'greaterOrEqual', '49.9'],
		[false, 0.12345678901234567, 'greaterOrEqual', '0.1234567890123457'],
		[false, 'much', 'greater', '1'],
		[true, ['much', 2], 'greater', '1'],
		[false, undefined, 'less', '1'],
		[false, null, 'less', '1'],
		[false, true, 'greater', '0'],
		[true, -5, 'less', '-4.5'],
		[true, '2026-01-02', 'after', '2026-01-01'],
		[false, '2026-01-01', 'after', '2026-01-01'],
		[true, '2026-01-01T00:00:00.001Z', 'after', '2026-01-01'],
		[true, '2026-01-01T00:00:00.000001Z', 'after', '2026-01-01'],
		[true, '2026-01-01T00:00:00.0009Z', 'before', '2026-01-01T00:00:00.001Z'],
		[true, '2026-01-01T00:00:00+01:00', 'before', '2026-01-01'],
		[false, '2026-01-01T00:00:00-01:00', 'before', '2026-01-01'],
		[true, '2026-01-01 02:00:00+0300', 'before', '2026-01-01'],
		[true, '2026-01-01 02:00:00+03', 'before', '2026-01-01T00:00Z'],
		[true, ['soon', '2026-01-01'], 'before', new Date('2026-01-01T00:00:00.001Z')],
		[false, 'soon', 'before', '2026-01-01'],
		[true, 1_767_225_599, 'before', '2026-01-01'],
		[false, 1_767_225_600, 'before', '2026-01-01'],
		[true, 1_767_225_599_999, 'before', '2026-01-01'],
		[true, '2025-12-31', 'before', 1_767_225_600],
		[false, 1e15, 'after', '2026-01-01'],
		[false, '1767225599', 'before', '2026-01-01'],
		[false, undefined, 'before', '2026-01-01'],
		[true, '', 'exists', undefined],
		[true, false, 'exists', undefined],
		[true, [], 'exists', undefined],
		[false, null, 'exists', undefined],
		[false, undefined, 'exists', undefined],
		[true, null, 'doesNotExist', undefined],
		[false, {}, 'doesNotExist', undefined],
	])('say %s: %j %s %j', async (expected, value, operator, asked) => {
		expect(await matches([{ document: { a: value }, filter: [{ path: 'a', operator, value: asked }] }])).toEqual([expected]);
	});

	it('mean what the oracle means', async () => {
		const held: Record<string, number> = {};
		await fc.assert(fc.asyncProperty(fc.array(fc.oneof(meetings, fc.record({ document: documents, filter: filters, values: variables })), { minLength: 1, maxLength: 100, size: 'max' }), async (cases) => {
			const expected = cases.map(({ document, filter, values }) => filterHolds(filter, document, values));
			expect(await matches(cases)).toEqual(expected);
			cases.forEach(({ filter }, index) => {
				const only = filter.length === 1 ? `${filter[0]!.operator} ${expected[index]}` : 'several';
				held[only] = (held[only] ?? 0) + 1;
			});
		}), { numRuns: 400 });
		// Each operator must have been seen to hold and not to hold, or all this would prove little.
		for (const operator of OPERATORS) {
			for (const outcome of [true, false]) expect({ operator, outcome, enough: (held[`${operator} ${outcome}`] ?? 0) >= 10 }).toEqual({ operator, outcome, enough: true });
		}
	}, 120_000);

	it('match nothing, and raise nothing, with the variables of somebody who has others', async () => {
		const filter = WITH_VARIABLE.map((operator) => ({ path: 'a', operator, variable: 'v1' }));
		const rows = await store.tx(async (db) => await db.rows<{ matched: boolean }>(
			`SELECT jsonb_path_match_tz('{"a": null}', predicate::jsonpath, $2::jsonb, true) AS matched FROM unnest($1::text[]) AS predicate`,
			[filter.map((condition) => compileFilter([condition])), NO_VARIABLES],
		));
		expect(rows.map(({ matched }) => matched)).toEqual(filter.map(({ operator }) => operator === 'isNot'));
	});

	it('take as many values as they promise', async () => {
		const filter: Filter = [{ path: 'a', operator: 'isOneOf', value: Array.from({ length: 1000 }, (_, index) => String(index)) }];
		expect(await matches([{ document: { a: 999 }, filter }, { document: { a: '1000' }, filter }])).toEqual([true, false]);
	});

	it('take any text as name and value, and read nothing in it', async () => {
		const text = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '$', '@', '`', "'", '\u0001', '\n', '.', '[', ']', '*', '(', '/'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), minLength: 1 });
		const operators = fc.constantFrom('is', 'contains', 'startsWith', 'endsWith', 'isOneOf');
		await fc.assert(fc.asyncProperty(fc.array(fc.tuple(text, text, text, operators), { minLength: 1, maxLength: 50, size: 'max' }), async (all) => {
			const cases = all.flatMap(([key, value, other, operator]) => {
				const filter: Filter = [{ path: JSON.stringify(key), operator, value: operator === 'isOneOf' ? [value] : value }];
				return [value, other].map((property) => ({ document: { [key]: property }, filter }));
			});
			expect(await matches(cases)).toEqual(cases.map(({ document, filter }) => filterHolds(filter, document)));
		}), { numRuns: 60 });
	}, 120_000);
});
