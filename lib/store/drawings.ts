import type { Canvas } from '../core/canvas/canvas';
import type { Drawing } from '../core/canvas/drawing';
import type { Connection } from './types';

/** The canvas on which a journey runs, as it looked when it was recorded last. */
export interface Drawn {
	/** Of the store. */
	workflow: number;
	canvas: Canvas;
	/** Null: recorded before positions were. */
	drawing: Drawing | null;
}

/** The newest canvas of the workflow that lets people into a journey; where none does, of the one that ran last. Undefined: none was recorded. */
export async function drawnCanvas(db: Connection, key: string): Promise<Drawn | undefined> {
	const [drawn] = await db.rows<Drawn>(
		`SELECT w.id AS workflow, coalesce(c.canvas, w.drawn->'canvas') AS canvas,
			CASE WHEN c.canvas IS NULL THEN w.drawn->'drawing' ELSE c.drawing END AS drawing
		 FROM journeys j JOIN workflows w ON w.journey_id = j.id LEFT JOIN LATERAL (
			SELECT canvas, drawing, seen_at FROM canvases WHERE workflow = w.id ORDER BY seen_at DESC LIMIT 1
		 ) c ON true
		 WHERE j.key = $1 AND (c.canvas IS NOT NULL OR w.drawn IS NOT NULL)
		 ORDER BY w.id IS NOT DISTINCT FROM (SELECT workflow FROM steps WHERE id = j.entrance) DESC, c.seen_at DESC NULLS LAST LIMIT 1`,
		[key],
	);
	return drawn;
}

/** What went wrong at a step, and who waits in front of it. */
export interface StepTrouble {
	step_id: number;
	/** Given up after repeated errors, since `since`. */
	failed: number;
	/** Messages of which nobody knows whether they were sent. */
	unknown: number;
	/** May enter, and has not been looked at or waits for a place. */
	outside: number;
}

/**
 * The same as `troubles` of `overview`, for each step of one journey; steps without any are left out.
 *
 * @param entries its Entry Triggers: named by their ids, they are not looked for among everybody who may enter elsewhere
 */
export async function troublesAtSteps(db: Connection, key: string, entries: number[], since: Date): Promise<StepTrouble[]> {
	return await db.rows<StepTrouble>(
		`SELECT step_id, sum(failed)::int AS failed, sum(unknown)::int AS unknown, sum(outside)::int AS outside FROM (
			SELECT step_id, count(*) AS failed, 0 AS unknown, 0 AS outside FROM finished
			WHERE journey_id = (SELECT id FROM journeys WHERE key = $1) AND status = 'failed' AND ended_at >= $2 GROUP BY step_id
			UNION ALL
			SELECT step_id, 0, count(*), 0 FROM deliveries
			WHERE journey_id = (SELECT id FROM journeys WHERE key = $1) AND status = 'unknown' GROUP BY step_id
			UNION ALL
			SELECT step_id, 0, 0, count(*) FROM candidates WHERE step_id = ANY($3::int[]) AND token IS NULL GROUP BY step_id
		 ) found GROUP BY step_id ORDER BY step_id`,
		[key, since, entries],
	);
}

/**
 * When each journey last had an event of a name that it listens to, among the newest thousand of the store (loaded
 * history aside); journeys without one are left out. Goes by names: a filter may have turned the event away.
 */
export async function lastEventsHeard(db: Connection): Promise<Map<string, Date>> {
	const rows = await db.rows<{ journey: string; at: Date }>(
		`WITH newest AS MATERIALIZED (
			SELECT name, max(received_at) AS at FROM (
				SELECT name, received_at, history FROM events ORDER BY id DESC LIMIT 1000
			) e WHERE NOT history GROUP BY name
		)
		SELECT j.key AS journey, max(heard.at) AS at FROM journeys j JOIN workflows w ON w.journey_id = j.id CROSS JOIN LATERAL (
			SELECT n.at FROM steps s JOIN conditions c ON c.set_id = s.set_id JOIN newest n ON n.name = c.event WHERE s.workflow = w.id
			UNION ALL
			SELECT n.at FROM (SELECT canvas FROM canvases WHERE workflow = w.id ORDER BY seen_at DESC LIMIT 1) latest
			CROSS JOIN LATERAL jsonb_path_query(latest.canvas, '$.nodes[*].parameters.events.branch[*].event') named(event)
			JOIN newest n ON n.name = named.event #>> '{}'
		) heard GROUP BY j.key`,
	);
	return new Map(rows.map(({ journey, at }) => [journey, at]));
}

/** The journeys that know something of a profile: it is or was inside, may enter, or was refused. */
export async function journeysOfProfile(db: Connection, profile: number): Promise<Array<{ key: string; name: string }>> {
	return await db.rows(
		`SELECT j.key, j.name FROM journeys j
		 WHERE EXISTS (SELECT FROM enrolments e WHERE e.profile_id = $1 AND e.journey_id = j.id)
			OR EXISTS (SELECT FROM candidates c WHERE c.profile_id = $1 AND c.journey_id = j.id)
			OR EXISTS (SELECT FROM refusals r WHERE r.profile_id = $1 AND r.journey_id = j.id)
			OR EXISTS (SELECT FROM journal a WHERE a.profile_id = $1 AND a.journey_id = j.id)
		 ORDER BY j.name, j.key`,
		[profile],
	);
}
