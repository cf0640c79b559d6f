import type { Connection } from './types';
import { StoreError } from './types';

/** Below the lease of 60 s: a frozen process must not hold up intake for longer than its batch is its own. */
const LIMITS = "SET LOCAL lock_timeout = '20s'; SET LOCAL idle_in_transaction_session_timeout = '30s';";
/** Statements are short, and the planner thinks some of them long: compiling one would take longer than running it. */
const NO_COMPILING = 'SET LOCAL jit = off;';

/** A failed statement as both drivers report it. */
export interface DatabaseError extends Error {
	code?: string;
}

/** What a driver offers; one session, used by one transaction at a time. */
export interface Session {
	rows<R extends object>(sql: string, params?: unknown[]): Promise<R[]>;
	/** Runs several statements without parameters in one round trip and returns the rows of the last. */
	script<R extends object>(sql: string): Promise<R[]>;
}

const DEADLOCK = '40P01';
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
 */
export async function transaction<T>(
	session: Session,
	schema: string,
	clock: (() => Date) | undefined,
	work: (connection: Connection) => Promise<T>,
): Promise<T> {
	for (let tries = 1; ; tries++) {
		const [time] = await session.script<{ now: Date }>(
			`BEGIN; SET LOCAL search_path = ${schemaName(schema)}; SET LOCAL TimeZone = 'UTC'; ${LIMITS} ${NO_COMPILING} SELECT now() AS now`,
		);
		try {
			const now = clock ? clock() : time!.now;
			const result = await work({ now, rows: async (sql, params) => await session.rows(sql, params) });
			// After a failed statement that nobody heard of, COMMIT alone would roll back and say nothing.
			await session.script('SELECT 1; COMMIT');
			return result;
		} catch (error) {
			await session.script('ROLLBACK').catch(() => undefined);
			if ((error as DatabaseError).code !== DEADLOCK || tries === TRIES) throw error;
		}
	}
}
