import type { Fullness } from '../core/capacity';
import type { Connection } from './types';

/** A count of who is inside is trusted for so long: those who let people in meanwhile have added themselves. */
const TRUSTED_MS = 60_000;
/** When a journey looks full it is counted again, but not more often than this. */
const COUNT_AGAIN_MS = 5_000;

interface Pace {
	entered: number;
	inside: number;
	counted_at: Date;
}

/**
 * How full a journey is; holds its lock until the end of the transaction, so that two who let people in at once count
 * one after the other. The lock is a statement of its own, for the reason that the match lock is.
 *
 * Nobody who leaves takes this lock: what is stored can only be too many, and is counted again when it says "full".
 *
 * @param inside the limit; undefined: nobody is counted
 */
export async function lockPace(db: Connection, journey: number, inside: number | undefined): Promise<{ entered: number; inside: number }> {
	const [pace] = await db.rows<Pace>(
		`INSERT INTO paces AS p (journey_id, minute, entered, inside, counted_at) VALUES ($1, date_trunc('minute', $2::timestamptz), 0, 0, '-infinity')
		 ON CONFLICT (journey_id) DO UPDATE SET minute = greatest(p.minute, excluded.minute),
			entered = CASE WHEN excluded.minute > p.minute THEN 0 ELSE p.entered END
		 RETURNING entered, inside, greatest(counted_at, '1970-01-01') AS counted_at`,
		[journey, db.now],
	);
	if (inside === undefined) return { entered: pace!.entered, inside: 0 };
	const age = +db.now - +pace!.counted_at;
	if (age < COUNT_AGAIN_MS || (age < TRUSTED_MS && pace!.inside < inside)) return pace!;
	// By the indexes that people are claimed by: who waits for a time, who waits without end, who is under way.
	const [counted] = await db.rows<{ inside: number }>(
		`WITH here AS (SELECT ARRAY(SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.journey_id = $1) AS steps),
		counted AS (
			SELECT (SELECT count(*) FROM instances WHERE step_id = ANY(steps) AND status = 'waiting' AND NOT expires AND journey_id = $1)
				+ (SELECT count(*) FROM instances WHERE step_id = ANY(steps) AND status = 'waiting' AND expires AND journey_id = $1)
				+ (SELECT count(*) FROM instances WHERE token IS NOT NULL AND journey_id = $1) AS inside
			FROM here
		 )
		 UPDATE paces SET inside = counted.inside, counted_at = $2 FROM counted WHERE journey_id = $1 RETURNING paces.inside`,
		[journey, db.now],
	);
	return { entered: pace!.entered, inside: counted!.inside };
}

/** Holds the lock of a journey that has a capacity, for whoever brings people back in without asking for a place. */
export async function holdPace(db: Connection, journey: number): Promise<void> {
	await db.rows('SELECT FROM paces WHERE journey_id = $1 FOR UPDATE', [journey]);
}

/** Adds who was let in. The caller holds the lock. */
export async function addToPace(db: Connection, journey: number, entered: number, inside: number): Promise<void> {
	await db.rows('UPDATE paces SET entered = entered + $2, inside = inside + $3 WHERE journey_id = $1', [journey, entered, inside]);
}

/** The latest moment for which candidates of a step were put back, and how many were. */
export async function lastTurn(db: Connection, step: number): Promise<Fullness['tail']> {
	const [tail] = await db.rows<{ at: Date; count: number }>(
		`SELECT last.at, (
			SELECT count(*)::int FROM candidates WHERE step_id = $1 AND attempts = 0 AND token IS NULL AND due_at = last.at
		 ) AS count
		 FROM (SELECT due_at AS at FROM candidates WHERE step_id = $1 AND attempts = 0 AND token IS NULL ORDER BY due_at DESC LIMIT 1) last`,
		[step],
	);
	return tail ?? null;
}
