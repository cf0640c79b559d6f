import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { Child } from './child';
import { temporaryFolder } from './guard';
import { freePort } from './ports';
import { postgresPrograms, unprivileged } from './postgresProgram';

const settings = { shared_buffers: '256MB', max_connections: '200', max_wal_size: '2GB', fsync: 'on' };
const password = 'journey';
const startMs = 30_000;

export interface PostgresServer {
	/** of the superuser `journey` and the database `postgres` */
	url: string;
	/** ends it cleanly (fast shutdown) */
	stop(): Promise<void>;
	/** ends it at once, as a crash would (SIGQUIT: no checkpoint, recovery at the next start) */
	stopNow(): Promise<void>;
	/** starts it again with the same data and port */
	start(): Promise<void>;
	pid(): number;
	logs(): string;
}

/**
 * Starts a Postgres of its own, on loopback, with default durability. Its data is removed after this process ends.
 * @param more server settings, e.g. `{ max_wal_size: '16GB' }`
 * @param disk the folder for its data; default: a temporary one
 */
export async function startPostgres(more: Record<string, string> = {}, disk?: string): Promise<PostgresServer> {
	const user = unprivileged();
	const programs = postgresPrograms(user);
	const folder = temporaryFolder('journey-postgres');
	const data = join(disk ?? folder, 'data');
	const log = join(folder, 'postgres.log');
	closeSync(openSync(log, 'a'));
	if (user.uid !== undefined && user.gid !== undefined) for (const path of [folder, log]) chownSync(path, user.uid, user.gid);
	initialise(join(programs, 'initdb'), folder, data, user);

	const port = await freePort();
	const url = `postgres://journey:${password}@127.0.0.1:${port}/postgres`;
	const flags = Object.entries({ ...settings, ...more, listen_addresses: '127.0.0.1', port, unix_socket_directories: '' }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
	let server: Child | undefined;

	async function start(): Promise<void> {
		if (server !== undefined && server.ended === undefined) throw new Error('Postgres runs already.');
		server = new Child(join(programs, 'postgres'), ['-D', data, ...flags], { ...user, cwd: folder, log, lastSignal: 'QUIT', env: { LC_ALL: 'C', TZ: 'UTC' } });
		await server.until(async () => await answers(url), startMs);
	}
	async function end(signal: NodeJS.Signals): Promise<void> {
		await server?.finish(signal, { group: false });
	}
	await start();
	return {
		url,
		start,
		stop: async () => await end('SIGINT'),
		stopNow: async () => await end('SIGQUIT'),
		pid: () => server?.pid ?? 0,
		logs: () => server?.logs() ?? '',
	};
}

function initialise(initdb: string, folder: string, data: string, user: { uid?: number; gid?: number }): void {
	const passwordFile = join(folder, 'password');
	writeFileSync(passwordFile, password, { mode: 0o644 });
	const flags = ['--username=journey', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];
	execFileSync(initdb, [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...flags], { ...user, cwd: folder, stdio: 'pipe', env: { LC_ALL: 'C', TZ: 'UTC' } });
	rmSync(passwordFile);
}

async function answers(url: string): Promise<boolean> {
	return await asked(url, 'SELECT 1').then(() => true, () => false);
}

async function asked(url: string, sql: string): Promise<void> {
	const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
	client.on('error', () => {}); // reported by the query that it interrupts
	await client.connect();
	try {
		await client.query(sql);
	} finally {
		await client.end();
	}
}

let shared: Promise<string> | undefined;

/** The server all tests share: the one of JOURNEY_TEST_POSTGRES_URL (jest's global set-up fills it in), else one for this process. */
export async function sharedPostgres(): Promise<string> {
	shared ??= process.env.JOURNEY_TEST_POSTGRES_URL ? Promise.resolve(process.env.JOURNEY_TEST_POSTGRES_URL) : startPostgres().then(({ url }) => url);
	return await shared;
}

let databases = 0;

/**
 * A new database on the shared server.
 * @param template the name of a database to copy; nobody may be connected to it
 */
export async function freshDatabase(template = 'template1'): Promise<{ url: string; name: string; drop(): Promise<void> }> {
	const admin = await sharedPostgres();
	const name = `journey_test_${process.pid}_${Date.now().toString(36)}_${++databases}`;
	await asked(admin, `CREATE DATABASE ${name} TEMPLATE ${template}`);
	const url = new URL(admin);
	url.pathname = `/${name}`;
	return { url: url.href, name, drop: async () => await asked(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
