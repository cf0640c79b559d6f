import { schemaName } from './transaction';
import type { Connection } from './types';

/** Some rows of one table, as a JSON array in text: no number in a customer's data passes through JavaScript. */
export interface Rows {
	table: string;
	count: number;
	json: string;
}

/** What a copy of a store needs to know besides its rows. */
export interface Frame {
	/** The newest migration. */
	version: number;
	/** Sequence → its last value; none was taken yet: null. */
	sequences: Record<string, number | null>;
	/** Partitions: table and first day. */
	months: Array<{ parent: string; month: string }>;
}

const ROWS_AT_ONCE = 2_000;
const BYTES_AT_ONCE = 8 * 1024 * 1024;
/**
 * What has been applied to a copy is known by the migrations that made it. Whoever reads a backup must not be able to sign
 * links with it, nor a restoration bring back those that were ended: a copy makes secrets of its own.
 */
const NOT_COPIED = ['migrations', 'secrets'];

/** The newest migration of a store; 0: there is no store in this schema. */
export async function storeVersion(db: Connection): Promise<number> {
	const [found] = await db.rows<{ there: boolean }>("SELECT to_regclass('migrations') IS NOT NULL AS there");
	if (!found!.there) return 0;
	const [newest] = await db.rows<{ version: number | null }>('SELECT max(version) AS version FROM migrations');
	return newest!.version ?? 0;
}

/** What stands beside the rows. Read first: sequences run ahead of what the transaction sees, never behind. */
export async function readFrame(db: Connection): Promise<Frame> {
	const sequences = await db.rows<{ name: string; last: number | null }>(
		'SELECT sequencename AS name, last_value AS last FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1',
	);
	const months = await db.rows<{ parent: string; month: string }>(
		String.raw`SELECT parent.relname AS parent, to_char(to_date(right(child.relname, 7), 'YYYY_MM'), 'YYYY-MM-DD') AS month
		 FROM pg_inherits h JOIN pg_class parent ON parent.oid = h.inhparent JOIN pg_class child ON child.oid = h.inhrelid
		 WHERE parent.relnamespace = current_schema()::regnamespace AND parent.relkind = 'p' AND child.relname ~ '_\d{4}_\d{2}$' ORDER BY 1, 2`,
	);
	return { version: await storeVersion(db), sequences: Object.fromEntries(sequences.map(({ name, last }) => [name, last])), months };
}

/** Every table, those first that others refer to. */
export async function tablesInOrder(db: Connection): Promise<string[]> {
	const tables = await db.rows<{ name: string; needs: string[] }>(
		`SELECT c.relname AS name, ARRAY(
			SELECT f.relname FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
			WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid
		 )::text[] AS needs
		 FROM pg_class c
		 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL($1::text[])
		 ORDER BY c.relname`,
		[NOT_COPIED],
	);
	const ordered: string[] = [];
	while (ordered.length < tables.length) {
		const next = tables.find(({ name, needs }) => !ordered.includes(name) && needs.every((one) => ordered.includes(one)));
		if (!next) throw new Error(`The tables refer to each other in a circle: ${tables.map(({ name }) => name).filter((name) => !ordered.includes(name)).join(', ')}`);
		ordered.push(next.name);
	}
	return ordered;
}

/** Every row of every table, a bounded number at a time. The transaction must see one moment. */
export async function* readRows(db: Connection): AsyncGenerator<Rows> {
	for (const table of await tablesInOrder(db)) {
		await db.rows(`DECLARE backup NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM "${table}" t`);
		let pending: string[] = [];
		let bytes = 0;
		const taken = () => {
			const rows = { table, count: pending.length, json: `[${pending.join(',')}]` };
			[pending, bytes] = [[], 0];
			return rows;
		};
		for (;;) {
			const rows = await db.rows<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM backup`);
			for (const { row } of rows) {
				pending.push(row);
				bytes += row.length;
				if (bytes >= BYTES_AT_ONCE) yield taken();
			}
			if (pending.length > 0) yield taken();
			if (rows.length < ROWS_AT_ONCE) break;
		}
		await db.rows('CLOSE backup');
	}
}

/** Makes the partitions that the copied store had. */
export async function makePartitions(db: Connection, months: Frame['months']): Promise<void> {
	await db.rows('SELECT make_month(m.parent, m.month::date) FROM jsonb_to_recordset($1::jsonb) AS m(parent text, month text)', [JSON.stringify(months)]);
}

/** The columns of one table, as they are named in a statement, and as they are read from a row of a backup. */
export interface Columns {
	names: string;
	values: string;
}

/** Writes rows as they were, with their ids. @param columns of the table */
export async function writeRows(db: Connection, { table, json }: Rows, { names, values }: Columns): Promise<void> {
	await db.rows(
		`INSERT INTO "${table}" (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM jsonb_populate_recordset(NULL::"${table}", $1::jsonb)`,
		[json],
	);
}

/**
 * The columns of each table.
 *
 * In a row as JSON a column that is NULL and one that holds the JSON null look the same, and both are read as NULL. Where
 * NULL cannot be, it was the JSON null; where it can, nothing is ever stored as the JSON null.
 */
export async function columnsOf(db: Connection): Promise<Map<string, Columns>> {
	const rows = await db.rows<Columns & { table: string }>(
		`SELECT c.relname AS table, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS names,
			string_agg(CASE WHEN a.atttypid = 'jsonb'::regtype AND a.attnotnull THEN format('coalesce(%I, ''null'')', a.attname) ELSE quote_ident(a.attname) END,
				', ' ORDER BY a.attnum) AS values
		 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		 GROUP BY 1`,
	);
	return new Map(rows.map(({ table, ...columns }) => [table, columns]));
}

/** Lets every sequence go on behind the last value that the copied store took. */
export async function setSequences(db: Connection, sequences: Frame['sequences']): Promise<void> {
	await db.rows(
		`SELECT setval(quote_ident(key)::regclass, value::bigint) FROM jsonb_each_text($1::jsonb)
		 WHERE value IS NOT NULL AND to_regclass(quote_ident(key)) IS NOT NULL`,
		[JSON.stringify(sequences)],
	);
}

/** How many rows each table has. */
export async function countRows(db: Connection): Promise<Record<string, number>> {
	const counts: Record<string, number> = {};
	for (const table of await tablesInOrder(db)) {
		const [row] = await db.rows<{ count: number }>(`SELECT count(*) AS count FROM "${table}"`);
		counts[table] = row!.count;
	}
	return counts;
}

/** Statistics of what was just written: without them the first statements would be planned for empty tables. */
export async function analyse(db: Connection): Promise<void> {
	for (const table of await tablesInOrder(db)) await db.rows(`ANALYZE "${table}"`);
}

/** Puts a schema aside under another name. */
export async function setAside(db: Connection, schema: string, name: string): Promise<void> {
	await db.rows(`ALTER SCHEMA ${schemaName(schema)} RENAME TO ${schemaName(name)}`);
}
