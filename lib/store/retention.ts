import type { Canvas } from '../core/canvas/canvas';
import type { Connection } from './types';

const MONTHS_AHEAD = 2;
/** With = ANY(ARRAY(…)) and not IN, of which the planner may make a join that reads the whole table each time. */
const ROWS_AT_ONCE = 10_000;

/** What is kept by month. */
export type Monthly = 'events' | 'journal';

/**
 * Makes the partitions of this month and the next ones, and of the months of rows that came without one: the clock of
 * the database may have been wrong.
 *
 * @throws 55P03 when somebody uses the table for longer than a moment: to be tried again
 */
export async function makeMonths(db: Connection): Promise<void> {
	await lockMonths(db);
	await db.rows(
		`SELECT make_month(parent, month) FROM (
			SELECT parent, (date_trunc('month', $1::timestamptz) + make_interval(months => ahead))::date AS month
			FROM unnest(ARRAY['events', 'journal']) parent, generate_series(0, $2::int) ahead
			UNION SELECT 'events', date_trunc('month', received_at)::date FROM events_other
			UNION SELECT 'journal', date_trunc('month', at)::date FROM journal_other
		 ) months ORDER BY parent, month`,
		[db.now, MONTHS_AHEAD],
	);
}

/** Of the months of these moments those whose events have no partition, by their first day. */
export async function missingMonths(db: Connection, moments: Date[]): Promise<string[]> {
	const rows = await db.rows<{ month: string }>(
		`SELECT DISTINCT date_trunc('month', at)::date::text AS month FROM unnest($1::timestamptz[]) at
		 WHERE to_regclass('events_' || to_char(at, 'YYYY_MM')) IS NULL ORDER BY month`,
		[moments],
	);
	return rows.map(({ month }) => month);
}

/** Makes the partition of a month of events. @throws 55P03 when somebody uses the table for longer than a moment: to be tried again */
export async function makeEventMonth(db: Connection, month: string): Promise<void> {
	await lockMonths(db);
	await db.rows("SELECT make_month('events', $1::date)", [month]);
}

/** Two processes that start together would both make, or drop, what neither sees. */
async function lockMonths(db: Connection): Promise<void> {
	await db.rows("SELECT pg_advisory_xact_lock(hashtext('journey months'), 0)");
}

/** The months that ended before this moment, oldest first. */
export async function monthsBefore(db: Connection, of: Monthly, before: Date): Promise<Array<{ month: string; end: Date }>> {
	return await db.rows(
		`SELECT month::text, month + interval '1 month' AS end FROM (
			SELECT to_date(right(c.relname, 7), 'YYYY_MM') AS month
			FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
			WHERE inhparent = $1::regclass AND c.relname ~ ('^' || $1 || '_\\d{4}_\\d{2}$')
		 ) months WHERE month + interval '1 month' <= $2 ORDER BY month`,
		[of, before],
	);
}

/**
 * Drops all rows of a month.
 *
 * @param month its first day
 * @throws 55P03 when somebody uses the table for longer than a moment: to be tried again
 */
export async function dropMonth(db: Connection, of: Monthly, month: string): Promise<void> {
	await lockMonths(db);
	await db.rows('SELECT drop_month($1, $2::date)', [of, month]);
}

/**
 * The canvases on which the published workflows of journeys ran last, and those before of workflows whose last one appeared
 * after this moment.
 */
export async function publishedCanvases(db: Connection, after: Date): Promise<Array<{ journey_id: number; journey: string; canvas: Canvas }>> {
	return await db.rows(
		`SELECT j.id AS journey_id, j.key AS journey, c.canvas
		 FROM workflows w JOIN journeys j ON j.id = w.journey_id
			CROSS JOIN LATERAL (SELECT seen_at FROM canvases WHERE workflow = w.id ORDER BY seen_at DESC LIMIT 1) newest
			JOIN canvases c ON c.workflow = w.id AND (c.seen_at = newest.seen_at OR newest.seen_at > $1)
		 WHERE EXISTS (SELECT FROM steps s WHERE s.workflow = w.id AND s.kind = 'entry' AND s.state = 'on')
		 ORDER BY w.id, c.seen_at DESC`,
		[after],
	);
}

/**
 * From when on the people who are in journeys, or about to enter, need events: the one that each of them carries, or would
 * after an undo, and in some journeys all since entry. Reads all of them: for once in a while.
 *
 * @param sinceEntry journeys in which events count from entry on
 */
export async function oldestNeeded(db: Connection, sinceEntry: number[]): Promise<{ at: Date; journey: string } | undefined> {
	const [oldest] = await db.rows<{ at: Date; journey: string }>(
		`SELECT at, j.key AS journey FROM (
			SELECT journey_id, min(event_received_at) AS at FROM instances GROUP BY journey_id
			UNION ALL SELECT journey_id, min(entered_at) - interval '5 minutes' FROM instances WHERE journey_id = ANY($1::int[]) GROUP BY journey_id
			UNION ALL SELECT journey_id, min(event_received_at) FROM candidates GROUP BY journey_id
			UNION ALL SELECT i.journey_id, min((m.wait->>'event_received_at')::timestamptz) FROM moves m JOIN instances i ON i.id = m.instance_id
				WHERE m.returned_at IS NULL GROUP BY i.journey_id
		 ) needed JOIN journeys j ON j.id = needed.journey_id
		 WHERE at IS NOT NULL ORDER BY at LIMIT 1`,
		[sinceEntry],
	);
	return oldest;
}

/** What is forgotten by its age alone: the column that says how old a row is. Each has an index, which gives the oldest first. */
const AGE = { seen: 'received_at', timeouts: 'claimed_at', moves: 'moved_at', rejected: 'received_at', acts: 'at', segment_members: 'left_at' };

/** Forgets the rows of a table that are older than this moment, oldest first, a bounded number at a time. @returns how many */
export async function dropOlder(db: Connection, table: keyof typeof AGE, before: Date): Promise<number> {
	const rows = await db.rows(
		`DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE ${AGE[table]} < $1 ORDER BY ${AGE[table]} LIMIT $2)) RETURNING 1`,
		[before, ROWS_AT_ONCE],
	);
	return rows.length;
}

/** Forgets journeys of people that ended before this moment, a bounded number at a time. @returns how many */
export async function dropFinished(db: Connection, before: Date): Promise<number> {
	const rows = await db.rows(
		`DELETE FROM finished WHERE id = ANY(ARRAY(
			SELECT f.id FROM journeys j CROSS JOIN LATERAL (
				SELECT id FROM finished WHERE journey_id = j.id AND ended_at < $1 ORDER BY ended_at LIMIT $2
			) f LIMIT $2
		)) RETURNING 1`,
		[before, ROWS_AT_ONCE],
	);
	return rows.length;
}

/** Forgets refused entries of days before this moment, a bounded number at a time. @returns how many */
export async function dropRefusals(db: Connection, before: Date): Promise<number> {
	const rows = await db.rows(
		'DELETE FROM refusals WHERE ctid = ANY(ARRAY(SELECT ctid FROM refusals WHERE day < $1::timestamptz::date LIMIT $2)) RETURNING 1',
		[before, ROWS_AT_ONCE],
	);
	return rows.length;
}
