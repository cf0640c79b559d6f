import type { Connection } from './types';

/*
 * Which Entry Trigger lets people into a journey. Several may be on: of workflows with the same key, and for half a minute
 * the one that another has just taken the place of. One of them takes everybody, so that a person is a candidate once and
 * some process claims them; what it follows from is in the rows alone, so that the order in which n8n starts its triggers
 * is all the same.
 */

/**
 * Settles it for these journeys: of those Entry Triggers that are on, the one whose workflow was given the key last, and in
 * it the newest. If none is on, the last one that was stays. The caller holds the registry lock, as one who registers.
 */
export async function settleEntrances(db: Connection, journeys: number[]): Promise<void> {
	await db.rows(
		`UPDATE journeys j SET entrance = newest.id FROM (
			SELECT asked.id AS journey, (
				SELECT s.id FROM workflows w JOIN steps s ON s.workflow = w.id AND s.kind = 'entry' WHERE w.journey_id = asked.id
				ORDER BY s.state = 'on' DESC, coalesce(w.joined_at, '-infinity') DESC, s.id DESC LIMIT 1
			) AS id FROM unnest($1::int[]) asked(id)
		) newest WHERE j.id = newest.journey AND j.entrance IS DISTINCT FROM newest.id`,
		[journeys],
	);
}

/** The workflow that lets people into a journey, if it is another one. */
export async function otherEntrance(db: Connection, journey: number, workflow: number): Promise<string | undefined> {
	const [other] = await db.rows<{ workflow_id: string }>(
		`SELECT w.workflow_id FROM journeys j JOIN steps s ON s.id = j.entrance JOIN workflows w ON w.id = s.workflow WHERE j.id = $1 AND w.id <> $2`,
		[journey, workflow],
	);
	return other?.workflow_id;
}

/**
 * Brings candidates of an Entry Trigger that lets nobody in any more to the one that does, at most `limit`. Who is claimed
 * stays: they are admitted where they are, or given back and brought then. They are named by their ids, and the entrance is
 * looked up again: joined to what was found, the planner would read the whole table for each page where it believes that
 * few wait, or, without statistics, go through all the ids for each (measured: 4 s instead of 60 ms for 5,000).
 *
 * @returns how many
 */
export async function bringCandidates(db: Connection, limit: number): Promise<number> {
	const rows = await db.rows(
		`WITH astray AS MATERIALIZED (
			SELECT c.id FROM journeys j
				JOIN steps open ON open.id = j.entrance AND open.state = 'on'
				JOIN workflows w ON w.journey_id = j.id
				JOIN steps s ON s.workflow = w.id AND s.kind = 'entry' AND s.id <> j.entrance
				CROSS JOIN LATERAL (
					SELECT id FROM candidates c WHERE c.step_id = s.id AND c.token IS NULL AND c.journey_id = j.id
					ORDER BY attempts, due_at LIMIT $1 FOR UPDATE SKIP LOCKED
				) c
			LIMIT $1
		)
		UPDATE candidates c SET step_id = j.entrance FROM journeys j WHERE j.id = c.journey_id AND c.id = ANY(ARRAY(SELECT id FROM astray)) RETURNING 1`,
		[limit],
	);
	return rows.length;
}

/** The same for open runs: they go on there, and end where people enter in another way now. */
export async function bringRuns(db: Connection): Promise<void> {
	await db.rows(
		`UPDATE runs r SET step_id = CASE WHEN old.config->'entry' IS DISTINCT FROM open.config->'entry' THEN r.step_id ELSE open.id END,
			state = CASE WHEN old.config->'entry' IS DISTINCT FROM open.config->'entry' THEN 'done' ELSE 'open' END,
			ended_at = CASE WHEN old.config->'entry' IS DISTINCT FROM open.config->'entry' THEN $1::timestamptz END
		 FROM journeys j JOIN steps open ON open.id = j.entrance AND open.state = 'on', steps old
		 WHERE r.state = 'open' AND j.id = r.journey_id AND old.id = r.step_id AND r.step_id <> open.id`,
		[db.now],
	);
}
