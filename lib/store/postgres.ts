import { Client, Pool, types, type ClientConfig, type PoolClient, type QueryResult } from 'pg';

import { HintChannel } from './hintChannel';
import { migrate } from './migrate';
import { cutOff, heard, SilentServer } from './silence';
import { schemaName, snapshot, transaction, type FoundSchema, type Session } from './transaction';
import { StoreError, type Store, type StoreSettings } from './types';

const INT8 = 20;
const NUMERIC = 1700;
const TIMESTAMPTZ = 1184;

/**
 * Ids stay far below 2^53, and a number is what items carry. Every transaction's zone is UTC, so times come as
 * `2026-03-01 09:30:00.123456+00`; the driver's own parser, for every format there is, took a tenth of a wake-up's time.
 */
const own = new Map<number, (text: string) => unknown>([
	[INT8, Number],
	[NUMERIC, Number],
	[TIMESTAMPTZ, (text) => {
		const time = new Date(text.endsWith('+00') ? `${text.slice(0, 10)}T${text.slice(11, -3)}Z` : NaN);
		return Number.isNaN(+time) ? (types.getTypeParser(TIMESTAMPTZ) as (text: string) => unknown)(text) : time;
	}],
]);
const parsers = {
	getTypeParser: ((oid: number, format?: string) => own.get(oid) ?? (types.getTypeParser(oid, format as 'text') as unknown)) as typeof types.getTypeParser,
};

/** @param heard waits for an answer for as long as it makes sense */
function sessionOf(client: PoolClient, heard: <T>(answer: Promise<T>) => Promise<T>): Session {
	return {
		rows: async (sql, params) => (await heard(client.query<never>(sql, params))).rows,
		script: async (sql) => {
			const results = (await heard(client.query(sql))) as QueryResult<never> | Array<QueryResult<never>>;
			return Array.isArray(results) ? results.at(-1)!.rows : results.rows;
		},
	};
}

/**
 * Opens a store on Postgres 15 or newer and brings its schema up to date.
 *
 * @throws StoreError when the schema is newer than this code or the server too old
 */
export async function openPostgres(settings: StoreSettings & { url: string }): Promise<Store> {
	const config: ClientConfig = {
		connectionString: settings.url,
		ssl: settings.ssl,
		types: parsers,
		application_name: 'n8n-nodes-journey',
		connectionTimeoutMillis: 10_000,
		keepAlive: true,
		keepAliveInitialDelayMillis: 10_000,
	};
	const pool = new Pool({ ...config, max: settings.connections ?? 6, idleTimeoutMillis: 60_000 });
	// A connection that breaks, idle or in the middle of a transaction, reports it at its next use. Without a listener of
	// their own, sessions ended by the server (a restart, a time limit) would end n8n with them.
	pool.on('error', () => undefined);
	pool.on('connect', (client) => client.on('error', () => undefined));
	const { host, port, database } = new Client(config);
	const where = `${host}:${port}/${database}`;

	const channel = `journey_${settings.schema}`;
	const listeners = new Set<() => void>();
	const hints = new HintChannel(config, channel, () => listeners.forEach((listener) => listener()));

	/** Counts the silences: what was connected before one is not trusted after it. */
	let silences = 0;
	const connectedAfter = new WeakMap<PoolClient, number>();
	pool.on('connect', (client) => connectedAfter.set(client, silences));
	const connect = async (): Promise<PoolClient> => {
		for (;;) {
			const client = await pool.connect().catch((error: Error) => {
				throw unreachable(where, error);
			});
			if (connectedAfter.get(client) === silences) return client;
			cutOff(client);
			client.release(true);
		}
	};

	const borrowed = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
		const client = await connect();
		const session = sessionOf(client, async (answer) => await heard(answer, client, config, session, where));
		let broken = true;
		try {
			const result = await work(session);
			broken = false;
			return result;
		} catch (error) {
			if (error instanceof SilentServer) {
				silences++;
				hints.renew();
			}
			throw error;
		} finally {
			// After an error the session may still be inside its transaction; a fresh one costs a millisecond.
			client.release(broken);
		}
	};

	let found: FoundSchema | undefined;
	const tx: Store['tx'] = async (work) => await borrowed(async (session) => await transaction(session, settings.schema, settings.clock, work, found));

	try {
		found = await migrate(tx, settings.schema, settings.upTo);
	} catch (error) {
		await pool.end();
		throw error;
	}

	return {
		kind: 'postgres',
		name: `${where}, schema ${settings.schema}`,
		tx,
		snapshot: async (work) => await borrowed(async (session) => await snapshot(session, settings.schema, settings.clock, work)),
		hint: async () => {
			await borrowed(async (session) => await session.rows('SELECT pg_notify($1, $2)', [channel, '']));
		},
		onHint: (listener) => {
			listeners.add(listener);
			hints.open();
			return () => {
				listeners.delete(listener);
				if (listeners.size === 0) void hints.close();
			};
		},
		// Autovacuum does the rest on a server.
		maintain: async () => undefined,
		warnings: async () => [],
		close: async () => {
			await hints.close();
			await pool.end();
		},
	};
}

/** The driver says neither which store it is nor what to do; for a host with several addresses it says nothing at all. */
function unreachable(where: string, error: Error): StoreError {
	const reasons = error instanceof AggregateError ? error.errors.map((one: Error) => one.message) : [error.message];
	return new StoreError(
		`Journey Store: ${where} cannot be reached (${reasons.join('; ')}). Check that the server runs and that the Journey Store credential, or JOURNEY_STORE_URL, is right.`,
		{ cause: error },
	);
}

/**
 * Connects, says hello and leaves again: the credential's *Test* button.
 * @returns the server's version @throws StoreError for a bad schema name, or whatever the driver says
 */
export async function testPostgres(settings: StoreSettings): Promise<string> {
	schemaName(settings.schema);
	const client = new Client({ connectionString: settings.url, ssl: settings.ssl, connectionTimeoutMillis: 10_000, query_timeout: 10_000 });
	await client.connect();
	try {
		const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
		return rows[0]!.server_version;
	} finally {
		await client.end();
	}
}
