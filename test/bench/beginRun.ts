import { totalmem } from 'node:os';

import { Client } from 'pg';

import { startPostgres } from '../support/postgres';
import { profiling, PROFILING } from './profile';
import { beginRun } from './table';

/** What docs/scaling.md asks for on a machine of this size. Durability is as Postgres ships it. */
const SERVER = { shared_buffers: `${Math.floor(totalmem() / 4 / 2 ** 30)}GB`, max_wal_size: '16GB', checkpoint_timeout: '15min', autovacuum_naptime: '15s' };

export default async function begin(): Promise<void> {
	beginRun();
	process.env.JOURNEY_TEST_POSTGRES_URL ??= (await startPostgres({ ...SERVER, ...(profiling && PROFILING) })).url;
	process.env.BENCH_SERVER = await compressWal(process.env.JOURNEY_TEST_POSTGRES_URL);
}

/** With lz4 where the server was built with it: Debian's is, that of the npm package is not. @returns which server it is */
async function compressWal(url: string): Promise<string> {
	const client = new Client({ connectionString: url });
	await client.connect();
	const { rows: [found] } = await client.query<{ version: string; how: string }>(
		"SELECT current_setting('server_version') AS version, CASE WHEN 'lz4' = ANY(enumvals) THEN 'lz4' ELSE 'pglz' END AS how FROM pg_settings WHERE name = 'wal_compression'",
	);
	await client.query(`ALTER SYSTEM SET wal_compression = '${found!.how}'`);
	await client.query('SELECT pg_reload_conf()');
	await client.end();
	return `Postgres ${found!.version}, its WAL compressed with ${found!.how}`;
}
