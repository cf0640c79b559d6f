import type { Connection } from './types';

/** A publish that took people from steps, and who of them is where now. */
export interface MovedBy {
	published_at: Date;
	/** All that it moved. */
	moved: number;
	/** Of those: brought back before. */
	returned: number;
	/** The steps that they were taken from. `back`: on the canvas again since then; `there`: people who wait where they were sent, still. */
	steps: Array<{ id: number; name: string; back: boolean; there: number }>;
}

/** Whoever still waits where they were sent: on the way to it, or parked there once. */
const STILL_THERE = `i.step_id = m.target_id AND i.status = 'waiting'
	AND CASE WHEN i.wake IS NULL THEN i.visit = m.visit + 1 ELSE i.wake = 'move' AND i.visit = m.visit END`;

/** The last publish of a journey that moved people, of those that are remembered; undefined: none has. Reads all moves. */
export async function lastMoves(db: Connection, journey: number): Promise<MovedBy | undefined> {
	const rows = await db.rows<{ published_at: Date; moved: number; returned: number; id: number; name: string; back: boolean; there: number }>(
		`WITH ours AS MATERIALIZED (
			SELECT m.* FROM moves m JOIN steps s ON s.id = m.step_id JOIN workflows w ON w.id = s.workflow
			WHERE w.journey_id = $1 AND m.published_at IS NOT NULL
		)
		SELECT m.published_at, s.id, s.name, s.state = 'on' AND s.registered_at >= max(m.moved_at) AS back,
			count(*)::int AS moved, count(m.returned_at)::int AS returned, count(i.id) FILTER (WHERE m.returned_at IS NULL)::int AS there
		 FROM ours m JOIN steps s ON s.id = m.step_id LEFT JOIN instances i ON i.id = m.instance_id AND ${STILL_THERE}
		 WHERE m.published_at = (SELECT max(published_at) FROM ours)
		 GROUP BY m.published_at, s.id ORDER BY s.id`,
		[journey],
	);
	return rows[0] && {
		published_at: rows[0].published_at,
		moved: rows.reduce((sum, { moved }) => sum + moved, 0),
		returned: rows.reduce((sum, { returned }) => sum + returned, 0),
		steps: rows.map(({ id, name, back, there }) => ({ id, name, back, there })),
	};
}

/** Somebody who may be brought back, and what they waited for. */
export interface Moved {
	id: number;
	profile_id: number;
	step_id: number;
	due_at: Date;
	parked_at: Date;
	reset_at: Date | null;
	zone: string;
	/** They waited for time to be up, and had a limit of their own. */
	timed: boolean;
}

/** Who of a publish is still where they were sent, from these steps and behind this id, a bounded number at a time. */
export async function movedPage(db: Connection, published: Date, steps: number[], after: number, limit: number): Promise<Moved[]> {
	return await db.rows<Moved>(
		`SELECT i.id, i.profile_id, m.step_id, (m.wait->>'due_at')::timestamptz AS due_at, (m.wait->>'parked_at')::timestamptz AS parked_at,
			CASE WHEN (m.wait->>'resets')::int > 0 THEN (m.wait->>'reset_at')::timestamptz END AS reset_at, coalesce(p.zone, j.zone) AS zone,
			m.wait->>'wake' IS NULL AND NOT (m.wait->>'expires')::boolean AS timed
		 FROM moves m JOIN instances i ON i.id = m.instance_id JOIN journeys j ON j.id = i.journey_id JOIN profiles p ON p.id = i.profile_id
		 WHERE m.instance_id > $3 AND m.published_at = $1 AND m.step_id = ANY($2::int[]) AND m.returned_at IS NULL AND ${STILL_THERE}
		 ORDER BY m.instance_id LIMIT $4`,
		[published, steps, after, limit],
	);
}

/**
 * Brings people back to the steps that a publish took them from, with what they waited for, and journals it. The visit is
 * again what it was: a message that was claimed for it is found. The caller holds the match lock, and looks back.
 *
 * @param people with the deadlines that they have now
 * @returns those who were there still, with the profiles they are now
 */
export async function returnMoved(db: Connection, published: Date, people: Array<{ id: number; due_at: Date }>): Promise<Array<{ id: number; profile_id: number }>> {
	return await db.rows(
		`WITH asked AS (
			SELECT m.*, a.due_at FROM jsonb_to_recordset($2::jsonb) AS a(id bigint, due_at timestamptz) JOIN moves m ON m.instance_id = a.id
			WHERE m.published_at = $3 AND m.returned_at IS NULL
		), returned AS (
			UPDATE instances i SET step_id = m.step_id, visit = m.visit, due_at = m.due_at, set_id = (m.wait->>'set_id')::int,
				expires = (m.wait->>'expires')::boolean, since = (m.wait->>'since')::timestamptz,
				after_arrival = (m.wait->>'after_arrival')::boolean, parked_at = (m.wait->>'parked_at')::timestamptz,
				vars = nullif(m.wait->'vars', 'null'), wake = m.wait->>'wake', output = m.wait->>'output',
				resets = (m.wait->>'resets')::int, reset_at = (m.wait->>'reset_at')::timestamptz, attempts = 0, losses = 0, error = NULL
			FROM asked m WHERE i.id = m.instance_id AND ${STILL_THERE}
			RETURNING i.id, i.profile_id, i.journey_id, i.step_id, i.due_at, m.target_id
		), marked AS (
			UPDATE moves m SET returned_at = $1 FROM returned WHERE m.instance_id = returned.id
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $1, r.due_at, 'moved', r.journey_id, r.step_id, r.profile_id, r.id, 'undone', jsonb_build_object('from', s.name)
			FROM returned r JOIN steps s ON s.id = r.target_id
		)
		SELECT id, profile_id FROM returned`,
		[db.now, JSON.stringify(people), published],
	);
}
