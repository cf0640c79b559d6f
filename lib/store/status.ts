import type { Connection } from './types';

/** A store in numbers. */
export interface StoreNumbers {
	version: number;
	bytes: number;
	profiles: number;
	waiting: number;
	running: number;
	/** Waiting, with their time up: they go on as soon as n8n lets them. */
	due: number;
	candidates: number;
	unknown: number;
}

const BYTES = `(SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
			 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r') AS bytes`;

/** How large a store is, with its indexes. */
export async function storeBytes(db: Connection): Promise<number> {
	const [row] = await db.rows<{ bytes: number }>(`SELECT ${BYTES}`);
	return row!.bytes;
}

/** Sizes up the whole store; reads every waiting row. */
export async function loadNumbers(db: Connection): Promise<StoreNumbers> {
	const [row] = await db.rows<StoreNumbers>(
		`SELECT (SELECT max(version) FROM migrations) AS version,
			${BYTES},
			(SELECT count(*) FROM profiles WHERE merged_into IS NULL AND erased_at IS NULL) AS profiles,
			i.waiting, i.running, i.due,
			(SELECT count(*) FROM candidates) AS candidates,
			(SELECT count(*) FROM deliveries WHERE status = 'unknown') AS unknown
		 FROM (
			SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting, count(*) FILTER (WHERE status = 'running') AS running,
				count(*) FILTER (WHERE status = 'waiting' AND NOT expires AND due_at <= $1) AS due
			FROM instances
		 ) i`,
		[db.now],
	);
	return row!;
}
