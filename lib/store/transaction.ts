import type { Connection } from './types';
import { StoreError } from './types';

/** Below the lease of 60 s: a frozen process must not hold up intake for longer than its batch is its own. */
const LIMITS = "SET LOCAL lock_timeout = '20s'; SET LOCAL idle_in_transaction_session_timeout = '30s';";
/** Statements are short, and the planner thinks some of them long: compiling one would take longer than running it. */
const NO_COMPILING = 'SET LOCAL jit = off;';
/** What is hot is in memory, or on a disk without a head. With the default of 4 a table is read from end to end to find 500 rows of it. */
const NO_HEAD = 'SET LOCAL random_page_cost = 1.1;';

/** A failed statement as both drivers report it. */
export interface DatabaseError extends Error {
	code?: string;
}

/** What a driver offers; one session, used by one transaction at a time. */
export interface Session {
	rows<R extends object>(sql: string, params?: unknown[]): Promise<R[]>;
	/** Runs several statements without parameters in one round trip and returns the rows of the last. */
	script<R extends object>(sql: string): Promise<R[]>;
	/** What the server has begun, for a driver that asks after it. */
	underway?: Underway;
}

/** A transaction as its server knows it, whatever stands between: behind pgbouncer the driver knows another number. */
export interface Underway {
	backend: number;
	since: Date;
}

/** Which schema a process works with: its version, and what tells it from one that took its place under the same name. */
export interface FoundSchema {
	version: number;
	identity: number;
}

/** With ORDER BY rather than max(): planning that one costs a quarter of a millisecond in each transaction. */
export const FOUND_SCHEMA = 'version, tableoid::int8 AS identity FROM migrations ORDER BY version DESC LIMIT 1';

interface Begun {
	now: Date;
	backend: number;
}
const BEGUN = 'now() AS now, pg_backend_pid() AS backend';

const DEADLOCK = '40P01';
const DISK_FULL = '53100';
const TRIES = 5;

/** Schema names go into SQL as identifiers, so only plain ones are taken. */
export function schemaName(schema: string): string {
	if (!/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) {
		throw new StoreError(
			`Journey Store: schema "${schema}" cannot be used. Use lower-case letters, digits and _, beginning with a letter, at most 41 characters.`,
		);
	}
	return `"${schema}"`;
}

/**
 * One transaction on one session: begin, settings and clock in a single round trip, then the work, then commit.
 *
 * Everything is SET LOCAL, so that it works behind pgbouncer. A deadlock victim is run again; every multi-row write
 * locks its rows in id order, so this is rare, and a loop of five says that something else is wrong.
 *
 * @param found the schema that this process works with, where others may migrate or replace it meanwhile. Asking for it
 * takes a lock that a migration waits for, so no statement of an older process runs on a newer schema.
 * @throws StoreError when the schema is another one by now, or the disk is full
 */
export async function transaction<T>(
	session: Session,
	schema: string,
	clock: (() => Date) | undefined,
	work: (connection: Connection) => Promise<T>,
	found?: FoundSchema,
): Promise<T> {
	const ask = found ? `SELECT ${BEGUN}, ${FOUND_SCHEMA}` : `SELECT ${BEGUN}`;
	for (let tries = 1; ; tries++) {
		try {
			const [time] = await session.script<Begun & Partial<FoundSchema>>(
				`BEGIN; SET LOCAL search_path = ${schemaName(schema)}; SET LOCAL TimeZone = 'UTC'; ${LIMITS} ${NO_COMPILING} ${NO_HEAD} ${ask}`,
			);
			session.underway = { backend: time!.backend, since: time!.now };
			if (found && (time?.version !== found.version || time.identity !== found.identity)) throw otherSchema(schema, found, time ?? {});
			const now = clock ? clock() : time!.now;
			const result = await work({ now, rows: async (sql, params) => await session.rows(sql, params) });
			// After a failed statement that nobody heard of, COMMIT alone would roll back and say nothing.
			await session.script('SELECT 1; COMMIT');
			return result;
		} catch (error) {
			await session.script('ROLLBACK').catch(() => undefined);
			const { code, message } = error as DatabaseError;
			if (code === DISK_FULL) throw diskFull(message, error as Error);
			if (code !== DEADLOCK || tries === TRIES) throw error;
		}
	}
}

function otherSchema(schema: string, own: FoundSchema, now: Partial<FoundSchema>): StoreError {
	const what = now.version === own.version ? 'was replaced by another' : `has been migrated to version ${now.version} by another process, and this n8n process works with ${own.version}`;
	return new StoreError(`Journey Store: schema "${schema}" ${what}. Give all n8n processes the same version of n8n-nodes-journey, and restart this one.`);
}

/** What was being written is rolled back; senders of events are told to come again. */
export function diskFull(message: string, cause: Error): StoreError {
	return new StoreError(`Journey Store: the disk of the store is full (${message}). Nothing more is stored until there is space: free some. If the embedded store does not go on then, restart n8n.`, { cause });
}

/** Long enough for whoever takes the rows; a reader that hangs must not keep dead rows for ever. */
const READER_MAY_IDLE = "SET LOCAL idle_in_transaction_session_timeout = '10min'; SET LOCAL statement_timeout = 0;";

/** One transaction that sees one moment throughout, and only reads. */
export async function snapshot<T>(
	session: Session, schema: string, clock: (() => Date) | undefined, work: (connection: Connection) => Promise<T>,
): Promise<T> {
	const [time] = await session.script<Begun>(
		`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ${schemaName(schema)}; SET LOCAL TimeZone = 'UTC'; ${READER_MAY_IDLE} ${NO_COMPILING} SELECT ${BEGUN}`,
	);
	session.underway = { backend: time!.backend, since: time!.now };
	try {
		return await work({ now: clock ? clock() : time!.now, rows: async (sql, params) => await session.rows(sql, params) });
	} finally {
		await session.script('ROLLBACK').catch(() => undefined);
	}
}
