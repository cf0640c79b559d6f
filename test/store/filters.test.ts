import { compileFilter, variablesFor } from '../../lib/core/filter';
import type { Filter, Json, Variables } from '../../lib/core/types';
import type { Store } from '../../lib/store/types';
import { STORES } from '../support/stores';

describe.each(STORES)('filters on %s', (_kind, open) => {
	let store: Store;
	beforeAll(async () => { store = await open(); }, 60_000);
	afterAll(async () => await store.close());

	async function matches(document: Json, filter: Filter, values: Variables = {}): Promise<boolean | null> {
		const [row] = await store.tx(async (db) => await db.rows<{ matched: boolean | null }>(
			'SELECT jsonb_path_match_tz($1::jsonb, $2::jsonpath, $3::jsonb, true) AS matched',
			[JSON.stringify(document), compileFilter(filter), JSON.stringify(variablesFor(filter, values))],
		));
		return row!.matched;
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
		[false, 'much', 'greater', '1'],
		[true, ['much', 2], 'greater', '1'],
		[false, undefined, 'less', '1'],
		[false, null, 'less', '1'],
		[false, true, 'greater', '0'],
		[true, -5, 'less', '-4.5'],
		[true, '2026-01-02', 'after', '2026-01-01'],
		[false, '2026-01-01', 'after', '2026-01-01'],
		[true, '2026-01-01T00:00:00.001Z', 'after', '2026-01-01'],
		[true, '2026-01-01T00:00:00+01:00', 'before', '2026-01-01'],
		[false, '2026-01-01T00:00:00-01:00', 'before', '2026-01-01'],
		[true, '2026-01-01 02:00:00+0300', 'before', '2026-01-01'],
		[true, '2026-01-01 02:00:00+03', 'before', '2026-01-01T00:00Z'],
		[true, ['soon', '2026-01-01'], 'before', new Date('2026-01-01T00:00:00.001Z')],
		[false, 'soon', 'before', '2026-01-01'],
		[false, 1, 'before', '2026-01-01'],
		[false, undefined, 'before', '2026-01-01'],
		[true, '', 'exists', undefined],
		[true, false, 'exists', undefined],
		[true, [], 'exists', undefined],
		[false, null, 'exists', undefined],
		[false, undefined, 'exists', undefined],
		[true, null, 'doesNotExist', undefined],
		[false, {}, 'doesNotExist', undefined],
	])('says %s: %j %s %j', async (expected, value, operator, asked) => {
		expect(await matches({ a: value }, [{ path: 'a', operator, value: asked }])).toBe(expected);
	});
});
