import type { Until } from '../core/types';
import type { Connection } from './types';

/** Whoever is where they were sent, still: on the way to it, or parked there once. */
const STILL_THERE = `i.step_id = m.target_id
	AND CASE WHEN i.wake IS NULL THEN i.status = 'waiting' AND i.visit = m.visit + 1 ELSE i.wake = 'move' AND i.visit = m.visit END`;

const OF_JOURNEY = 'm.step_id = ANY(ARRAY(SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.journey_id = $1))';

/** When the last publish of a journey that moved people was first seen, of those that are remembered; undefined: none has. */
export async function lastMoving(db: Connection, journey: number): Promise<Date | undefined> {
	const [last] = await db.rows<{ at: Date | null }>(`SELECT max(m.published_at) AS at FROM moves m WHERE ${OF_JOURNEY}`, [journey]);
	return last?.at ?? undefined;
}

/** A step that a publish took people from, and who of them is where now. */
export interface MovedFrom {
	id: number;
	name: string;
	/** All of them. */
	moved: number;
	/** Of those: brought back. */
	returned: number;
	/** Of those: where they were sent, still. */
	there: number;
}

/** Whom a publish of a journey took from which steps. Looks at each of them. */
export async function movedFrom(db: Connection, journey: number, published: Date): Promise<MovedFrom[]> {
	return await db.rows<MovedFrom>(
		`SELECT s.id, s.name, moved, returned, there FROM (
			SELECT m.step_id, count(*)::int AS moved, count(m.returned_at)::int AS returned, count(i.id) FILTER (WHERE m.returned_at IS NULL)::int AS there
			FROM moves m LEFT JOIN instances i ON i.id = m.instance_id AND ${STILL_THERE}
			WHERE ${OF_JOURNEY} AND m.published_at = $2 GROUP BY m.step_id
		 ) taken JOIN steps s ON s.id = taken.step_id ORDER BY s.id`,
		[journey, published],
	);
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
	/** The time rule of their step then; null: it differed from person to person. */
	rule: Until | null;
}

/** Who of a publish is still where they were sent, from these steps and behind this id, a bounded number at a time. */
export async function movedPage(db: Connection, published: Date, steps: number[], after: number, limit: number): Promise<Moved[]> {
	return await db.rows<Moved>(
		`SELECT i.id, i.profile_id, m.step_id, (m.wait->>'due_at')::timestamptz AS due_at, (m.wait->>'parked_at')::timestamptz AS parked_at,
			CASE WHEN (m.wait->>'resets')::int > 0 THEN (m.wait->>'reset_at')::timestamptz END AS reset_at, coalesce(p.zone, j.zone) AS zone,
			m.wait->>'wake' IS NULL AND NOT (m.wait->>'expires')::boolean AS timed, m.wait->'rule' AS rule
		 FROM moves m JOIN instances i ON i.id = m.instance_id JOIN journeys j ON j.id = i.journey_id JOIN profiles p ON p.id = i.profile_id
		 WHERE m.instance_id > $3 AND m.published_at = $1 AND m.step_id = ANY($2::int[]) AND m.returned_at IS NULL AND ${STILL_THERE}
		 ORDER BY m.instance_id LIMIT $4`,
		[published, steps, after, limit],
	);
}

/**
 * Brings people back to the steps that a publish took them from, with what they waited for, and journals it. The visit is
 * again what it was: a message that was claimed for it is found. Who was just under way to where they were sent, their
 * execution lets go. The caller holds the match lock, and looks back.
 *
 * @param people with the deadlines that they have now, and what they listen to; null: what they did
 * @returns those who were there still, with the profiles they are now
 */
export async function returnMoved(db: Connection, published: Date, people: Array<{ id: number; due_at: Date; set: number | null }>): Promise<Array<{ id: number; profile_id: number }>> {
	return await db.rows(
		`WITH asked AS (
			SELECT m.*, a.due_at, a.set FROM jsonb_to_recordset($2::jsonb) AS a(id bigint, due_at timestamptz, set int) JOIN moves m ON m.instance_id = a.id
			WHERE m.published_at = $3 AND m.returned_at IS NULL
		), returned AS (
			UPDATE instances i SET status = 'waiting', token = NULL, step_id = m.step_id, visit = m.visit, due_at = m.due_at,
				set_id = coalesce(m.set, (m.wait->>'set_id')::int),
				expires = (m.wait->>'expires')::boolean, since = (m.wait->>'since')::timestamptz,
				after_arrival = (m.wait->>'after_arrival')::boolean, parked_at = (m.wait->>'parked_at')::timestamptz,
				vars = nullif(m.wait->'vars', 'null'), wake = m.wait->>'wake', output = m.wait->>'output',
				resets = (m.wait->>'resets')::int, reset_at = (m.wait->>'reset_at')::timestamptz, event_id = (m.wait->>'event_id')::bigint,
				event_received_at = (m.wait->>'event_received_at')::timestamptz, context = m.wait->'context', attempts = 0, losses = 0, error = NULL
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
