import type { Connection } from './types';

const MONTHS_AHEAD = 2;
const SEEN_DAYS = 30;
const ROWS_AT_ONCE = 10_000;

/** Makes the partitions of this month and the next ones. */
export async function makeMonths(db: Connection): Promise<void> {
	// Two processes that start together would both make what neither sees.
	await db.rows("SELECT pg_advisory_xact_lock(hashtext('journey months'), 0)");
	await db.rows(
		`SELECT make_month(parent, (date_trunc('month', $1::timestamptz) + make_interval(months => ahead))::date)
		 FROM unnest(ARRAY['events', 'journal']) parent, generate_series(0, $2::int) ahead`,
		[db.now, MONTHS_AHEAD],
	);
}

/** Forgets message ids older than 30 days, a bounded number at a time. @returns how many */
export async function dropSeen(db: Connection): Promise<number> {
	const rows = await db.rows(
		`DELETE FROM seen WHERE message IN (
			SELECT message FROM seen WHERE received_at < $1::timestamptz - make_interval(days => $2::int) ORDER BY received_at LIMIT $3
		) RETURNING 1`,
		[db.now, SEEN_DAYS, ROWS_AT_ONCE],
	);
	return rows.length;
}
