import { migrations } from '../../lib/store/migrate';
import { statements } from '../../lib/store/statements';

describe('a script', () => {
	it.each<[what: string, sql: string, expected: string[]]>([
		['one statement, with and without its semicolon', 'SELECT 1', ['SELECT 1']],
		['several on a line', 'SELECT 1; SELECT 2;SELECT 3', ['SELECT 1', 'SELECT 2', 'SELECT 3']],
		['a comment behind the semicolon', 'SELECT 1; -- why; because\nSELECT 2;', ['SELECT 1', 'SELECT 2']],
		['a comment that ends with a semicolon', 'CREATE TABLE t (\n\ta int, -- one;\n\tb int\n);', ['CREATE TABLE t (\n\ta int, \n\tb int\n)']],
		['a comment with an apostrophe', "SELECT 1; -- it's\nSELECT ';'", ['SELECT 1', "SELECT ';'"]],
		['a long comment', '/* one;\n two; */ SELECT 1 /* ; */;', ['SELECT 1']],
		['texts and names', `SELECT 'a;''b;', ";""--";`, [`SELECT 'a;''b;', ";""--"`]],
		['what only looks like a comment', "SELECT '--;', 4 - -1, 6 / 2;SELECT 2", ["SELECT '--;', 4 - -1, 6 / 2", 'SELECT 2']],
		['a body in dollar quotes', 'CREATE FUNCTION f() AS $$ BEGIN; -- x\n END; $$;SELECT 1', ['CREATE FUNCTION f() AS $$ BEGIN; -- x\n END; $$', 'SELECT 1']],
		['a body with a tag', 'DO $x$ SELECT $$;$$; $x$; SELECT 1', ['DO $x$ SELECT $$;$$; $x$', 'SELECT 1']],
		['nothing', ' \n -- nothing\n;;\n', []],
	])('splits %s', (_what, sql, expected) => {
		expect(statements(sql)).toEqual(expected);
	});

	it('that is a migration gives statements that each say what they do', () => {
		for (const { name, sql } of migrations()) {
			for (const statement of statements(sql)) expect([name, statement]).toEqual([name, expect.stringMatching(/^(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|SELECT|COMMENT|DO)\b/)]);
		}
	});
});
