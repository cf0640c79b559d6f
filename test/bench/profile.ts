import type { Store } from '../../lib/store/types';

/** What to start the server with, where it has the extension (Debian's does). */
export const PROFILING = { shared_preload_libraries: 'pg_stat_statements' };

/** Whether `BENCH_PROFILE=1` asks which statements take the time. */
export const profiling = process.env.BENCH_PROFILE === '1';

const ask = async <Row extends object>(store: Store, sql: string) => await store.tx(async (db) => await db.rows<Row>(sql));

/** Counts from now on. */
export async function beginProfile(store: Store): Promise<void> {
	await ask(store, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public');
	await ask(store, 'SELECT public.pg_stat_statements_reset()');
}

/** Prints what each statement took for one of `count` things done since; waiting for locks included. */
export async function printProfile(store: Store, count: number): Promise<void> {
	const rows = await ask<{ micros: number; pages: number; calls: number; wal: number; query: string }>(store, `
		SELECT total_exec_time * 1000 / ${count} AS micros, ((shared_blks_hit + shared_blks_read)::float8 / ${count}) AS pages, calls::int, (wal_bytes / ${count})::float8 AS wal, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) AS query
		FROM public.pg_stat_statements WHERE query NOT ILIKE '%pg_stat_statements%' ORDER BY total_exec_time DESC LIMIT 20`);
	for (const { micros, pages, calls, wal, query } of rows) process.stdout.write(`${micros.toFixed(1).padStart(7)} µs ${pages.toFixed(1).padStart(5)} pages ${String(Math.round(wal)).padStart(5)} bytes of WAL ${String(calls).padStart(6)} calls  ${query}\n`);
}
