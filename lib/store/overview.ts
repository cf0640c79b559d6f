import type { StepKind } from './steps';
import type { Connection } from './types';

/** Who is at a step now. */
export interface AtStep {
	step_id: number;
	/** Of the store. */
	workflow: number;
	journey: string;
	node_id: string;
	name: string;
	kind: StepKind;
	waiting: number;
	/** Of those waiting, whose time has been up for more than a minute. */
	overdue: number;
	running: number;
	/** Since when the longest overdue has been due. */
	oldest_due: Date | null;
	/** When it was switched off; null: it listens, or needs not to. */
	off_since: Date | null;
}

/** What became of messages and people that somebody should look at. */
export interface Trouble {
	journey: string;
	/** Given up after repeated errors, since `since`. */
	failed: number;
	/** Messages of which nobody knows whether they were sent. */
	unknown: number;
}

/**
 * Who is at each step of these journeys, or of all. Counted from the indexes that the engine claims by: who waits for a
 * time, who waits without end, who is under way.
 */
export async function peopleAtSteps(db: Connection, keys: string[] | null): Promise<AtStep[]> {
	if (keys === null) return await countedAtSteps(db, null);
	const steps = await db.rows<{ id: number }>('SELECT s.id FROM journeys j JOIN workflows w ON w.journey_id = j.id JOIN steps s ON s.workflow = w.id WHERE j.key = ANY($1::text[])', [keys]);
	return await countedAtSteps(db, steps.map(({ id }) => id));
}

/**
 * Steps are named by their ids, which the planner then sees: it reads one index or the other, or everybody in one pass
 * where most are there. Of a subquery it would not know which, and read everybody for a journey that nobody is in.
 */
async function countedAtSteps(db: Connection, steps: number[] | null): Promise<AtStep[]> {
	const here = (column: string) => (steps === null ? '' : `AND ${column} = ANY($2::int[])`);
	return await db.rows<AtStep>(
		`SELECT s.id AS step_id, s.workflow, j.key AS journey, s.node_id, s.name, s.kind, s.off_since,
			(coalesce(t.count, 0) + coalesce(e.count, 0))::int AS waiting, coalesce(r.count, 0)::int AS running,
			coalesce(o.count, 0)::int AS overdue, o.oldest AS oldest_due
		 FROM journeys j JOIN workflows w ON w.journey_id = j.id JOIN steps s ON s.workflow = w.id
		 LEFT JOIN (SELECT step_id, count(*) FROM instances WHERE status = 'waiting' AND NOT expires ${here('step_id')} GROUP BY step_id) t ON t.step_id = s.id
		 LEFT JOIN (SELECT step_id, count(*) FROM instances WHERE status = 'waiting' AND expires ${here('step_id')} GROUP BY step_id) e ON e.step_id = s.id
		 LEFT JOIN (SELECT step_id, count(*) FROM instances WHERE token IS NOT NULL ${here('step_id')} GROUP BY step_id) r ON r.step_id = s.id
		 LEFT JOIN LATERAL (
			SELECT count(*), min(due_at) AS oldest FROM generate_series(0, 4) attempt, LATERAL (
				SELECT due_at FROM instances i WHERE i.step_id = s.id AND i.attempts = attempt AND i.status = 'waiting' AND NOT i.expires
					AND i.due_at < $1::timestamptz - interval '1 minute'
			) late
		 ) o ON true
		 WHERE true ${here('s.id')}
		 ORDER BY j.key, s.id`,
		[db.now, ...(steps === null ? [] : [steps])],
	);
}

/** What went wrong in journeys: given up since `since`, and all messages that are unknown. */
export async function troubles(db: Connection, keys: string[] | null, since: Date): Promise<Trouble[]> {
	return await db.rows<Trouble>(
		`SELECT j.key AS journey,
			(SELECT count(*) FROM finished f WHERE f.journey_id = j.id AND f.status = 'failed' AND f.ended_at >= $2)::int AS failed,
			(SELECT count(*) FROM deliveries d WHERE d.journey_id = j.id AND d.status = 'unknown')::int AS unknown
		 FROM journeys j WHERE $1::text[] IS NULL OR j.key = ANY($1::text[]) ORDER BY j.key`,
		[keys, since],
	);
}

/** What *Check before sending* has said in a journey. */
export interface SendingShare {
	journey: string;
	/** Messages that were let through. */
	passed: number;
	skipped: number;
	/** Skipped, by reason. */
	reasons: Record<string, number>;
}

/** How many messages of each journey were let through and skipped since then; journeys without any are absent. */
export async function sendingShares(db: Connection, since: Date): Promise<SendingShare[]> {
	return await db.rows<SendingShare>(
		`SELECT j.key AS journey, coalesce(d.count, 0)::int AS passed, coalesce(s.count, 0)::int AS skipped, coalesce(s.reasons, '{}') AS reasons
		 FROM journeys j
		 LEFT JOIN (
			SELECT journey_id, sum(count) AS count, jsonb_object_agg(reason, count) AS reasons
			FROM (SELECT journey_id, coalesce(reason, '') AS reason, count(*) FROM journal WHERE kind = 'skipped' AND at >= $1 GROUP BY 1, 2) of_reason GROUP BY 1
		 ) s ON s.journey_id = j.id
		 LEFT JOIN (SELECT journey_id, count(*) FROM deliveries WHERE claimed_at >= $1 GROUP BY 1) d ON d.journey_id = j.id
		 WHERE coalesce(d.count, s.count) > 0 ORDER BY j.key`,
		[since],
	);
}

/** A date of a schedule that was passed over. */
export interface MissedRun {
	journey: string;
	/** `YYYY-MM-DD` */
	date: string;
	due_at: Date;
	/** In so many time zones. */
	zones: number;
}

/** What was found since then to have been missed. */
export async function missedRuns(db: Connection, since: Date): Promise<MissedRun[]> {
	return await db.rows<MissedRun>(
		`SELECT j.key AS journey, r.scheduled_for::text AS date, min(r.at) AS due_at, count(*)::int AS zones
		 FROM runs r JOIN journeys j ON j.id = r.journey_id WHERE r.state = 'missed' AND r.ended_at >= $1 GROUP BY 1, 2 ORDER BY 3, 1`,
		[since],
	);
}

/** Of the newest events, loaded history aside, when the last came in; null: none is among the newest thousand. */
export async function lastEventAt(db: Connection): Promise<Date | null> {
	const [row] = await db.rows<{ at: Date | null }>(
		'SELECT max(received_at) AS at FROM (SELECT received_at, history FROM events ORDER BY id DESC LIMIT 1000) newest WHERE NOT history',
	);
	return row!.at;
}
