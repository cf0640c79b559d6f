import type { Store } from '../../lib/store/types';
import { ask } from './world';

/** Monthly partitions come and go. */
const LASTING = String.raw`c.relnamespace = current_schema()::regnamespace AND c.relname !~ '_\d{4}_\d{2}(_|$)'`;

const TABLES = `
	SELECT c.relname AS name, 'TABLE ' || c.relname || coalesce(' PARTITION BY ' || pg_get_partkeydef(c.oid), '')
		|| coalesce(' PARTITION OF ' || (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid), '')
		|| coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') AS head,
		ARRAY(
			SELECT '	' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
				|| CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
				|| coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
			FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
		) || ARRAY(
			SELECT '	CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE conrelid = c.oid AND contype IN ('p', 'u', 'c', 'f') ORDER BY conname
		) || ARRAY(
			SELECT '	' || replace(pg_get_indexdef(indexrelid), current_schema() || '.', '') FROM pg_index
			WHERE indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1
		) AS lines
	FROM pg_class c WHERE ${LASTING} AND c.relkind IN ('r', 'p')`;

// Not pg_get_viewdef: each version of Postgres writes a query in its own way.
const VIEWS = `
	SELECT c.relname AS name, 'VIEW ' || c.relname AS head, ARRAY(
		SELECT '	' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum
	) || ARRAY(
		SELECT DISTINCT '	FROM ' || d.refobjid::regclass || ' (' || string_agg(a.attname, ', ' ORDER BY a.attnum) || ')'
		FROM pg_rewrite w JOIN pg_depend d ON d.objid = w.oid AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
			JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		WHERE w.ev_class = c.oid AND d.refobjid <> c.oid GROUP BY d.refobjid ORDER BY 1
	) AS lines
	FROM pg_class c WHERE ${LASTING} AND c.relkind = 'v'`;

const SEQUENCES = `SELECT c.relname AS name, 'SEQUENCE ' || c.relname AS head, ARRAY[]::text[] AS lines
	FROM pg_class c WHERE ${LASTING} AND c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype IN ('a', 'i') AND refobjsubid > 0)`;

const FUNCTIONS = `
	SELECT proname AS name, 'FUNCTION ' || proname || '(' || pg_get_function_arguments(oid) || ') RETURNS ' || pg_get_function_result(oid)
		|| CASE provolatile WHEN 'i' THEN ' IMMUTABLE' WHEN 's' THEN ' STABLE' ELSE '' END AS head, string_to_array(trim(E'\\n' FROM prosrc), E'\\n') AS lines
	FROM pg_proc WHERE pronamespace = current_schema()::regnamespace`;

/** The store's schema as text, from the catalogs and sorted: the same from both stores, whatever their version. */
export async function dumpSchema(store: Store): Promise<string> {
	const parts = await Promise.all([TABLES, VIEWS, SEQUENCES, FUNCTIONS].map(async (sql) => await ask<{ name: string; head: string; lines: string[] }>(store, sql)));
	const texts = parts.flatMap((part) => part.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ head, lines }) => [head, ...lines].join('\n')));
	return `-- The schema that the migrations make. Written by \`npm run schema:dump\`; a test compares.\n\n${texts.join('\n\n')}\n`;
}
