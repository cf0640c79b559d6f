import type { Store } from '../../lib/store/types';

/** Passes a statement on to the database. */
type Pass = (sql?: string, params?: unknown[]) => Promise<never[]>;

/** Sees each statement of each transaction before the database does: to hold it back, change it or leave it out. */
export type Interceptor = (sql: string, params: unknown[], pass: Pass) => Promise<never[]>;

/** The same store with something between it and the database. @param begin a new interceptor for each transaction */
export function intercepted(store: Store, begin: () => Interceptor): Store {
	return {
		...store,
		tx: async (work) => await store.tx(async (db) => {
			const intercept = begin();
			const rows = async (sql: string, params: unknown[] = []) =>
				await intercept(sql, params, async (otherSql = sql, otherParams = params) => await db.rows<never>(otherSql, otherParams));
			return await work({ now: db.now, rows: rows });
		}),
	};
}

export interface Gate {
	/** Somebody stands before it. */
	reached: Promise<void>;
	/** Lets them through. */
	open(): void;
}

/** The same store, stopping before (or after) its first statement that fits, until the gate is opened. */
export function stopping(store: Store, where: 'before' | 'after', statement: RegExp): { store: Store; gate: Gate } {
	let arrive = () => undefined as void;
	let open = () => undefined as void;
	const gate: Gate = { reached: new Promise((resolve) => (arrive = resolve)), open: () => open() };
	const opened = new Promise<void>((resolve) => (open = resolve));
	let stopped = false;
	const stop = async () => {
		stopped = true;
		arrive();
		await opened;
	};
	const wrapped = intercepted(store, () => async (sql, _params, pass) => {
		const here = !stopped && statement.test(sql);
		if (here && where === 'before') await stop();
		const rows = await pass();
		if (here && where === 'after') await stop();
		return rows;
	});
	return { store: wrapped, gate };
}

const GIVES_UP_MS = 20_000;

/** Resolves when some session of the store's database waits for a lock. Asks until it does; it never sleeps. */
export async function untilBlocked(store: Store): Promise<void> {
	for (const began = Date.now(); Date.now() - began < GIVES_UP_MS; ) {
		const [row] = await store.tx(async (db) => await db.rows<{ blocked: number }>(
			`SELECT count(*) AS blocked FROM pg_stat_activity
			 WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'`,
		));
		if (row!.blocked > 0) return;
	}
	throw new Error('Nobody waits for a lock.');
}
