import type { Connection } from './types';

/** Somebody who is in a journey, or was. */
export interface InJourney {
	id: number;
	profile_id: number;
}

/** Instances that were given up in a journey, behind this one: of these profiles, or everybody's; a page at a time. */
export async function failedAfter(db: Connection, journey: number, profiles: number[] | null, after: number): Promise<InJourney[]> {
	return await db.rows<InJourney>(
		`SELECT id, profile_id FROM finished WHERE journey_id = $1 AND status = 'failed' AND ($2::bigint[] IS NULL OR profile_id = ANY($2)) AND id > $3
		 ORDER BY id LIMIT 1000`,
		[journey, profiles, after],
	);
}

/**
 * Sends people on whose instances were given up, at the step where they failed, with all tries anew. Who is inside again
 * stays given up, and so does who was erased. The caller holds the match lock and looks back afterwards.
 *
 * @returns those who go on
 */
export async function reviveFailed(db: Connection, ids: number[]): Promise<InJourney[]> {
	return await db.rows<InJourney>(
		`WITH lost AS MATERIALIZED (
			SELECT f.* FROM finished f JOIN profiles p ON p.id = f.profile_id
			WHERE f.id = ANY($2::bigint[]) AND f.status = 'failed' AND p.erased_at IS NULL ORDER BY f.id FOR UPDATE OF f
		), back AS (
			INSERT INTO instances (id, profile_id, journey_id, step_id, visit, status, correlation, slot, wake, output, end_reason, due_at, since, parked_at,
				left_at, entered_at, event_id, event_received_at, context) OVERRIDING SYSTEM VALUE
			SELECT f.id, f.profile_id, f.journey_id, f.step_id, f.visit, 'waiting', f.correlation, coalesce(en.slot, 0),
				CASE s.kind WHEN 'entry' THEN 'entry' WHEN 'goal' THEN 'goal' WHEN 'action' THEN 'batch' ELSE coalesce(last.reason, 'time') END,
				last.output, nullif(f.reason, 'error'), $1, coalesce(last.at, f.entered_at), f.ended_at, coalesce(last.at, f.entered_at), f.entered_at,
				last.event_id, last.received_at, f.context
			FROM lost f JOIN steps s ON s.id = f.step_id
				LEFT JOIN enrolments en ON en.profile_id = f.profile_id AND en.journey_id = f.journey_id AND en.instance_id = f.id
				LEFT JOIN LATERAL (
				SELECT j.at, CASE j.kind WHEN 'woken' THEN j.reason END AS reason, j.detail->>'output' AS output, e.id AS event_id, e.received_at
				FROM journal j LEFT JOIN events e ON e.profile_id = j.profile_id AND e.id = (j.detail->>'event_id')::bigint
				WHERE j.profile_id = f.profile_id AND j.journey_id = f.journey_id AND j.instance_id = f.id AND j.kind IN ('woken', 'entered', 'converted')
				ORDER BY j.id DESC LIMIT 1
			) last ON true
			ON CONFLICT DO NOTHING RETURNING id, profile_id, journey_id, step_id
		), taken AS (
			DELETE FROM finished WHERE id IN (SELECT id FROM back)
		), inside AS (
			UPDATE enrolments en SET last_exit = NULL FROM back
			WHERE en.profile_id = back.profile_id AND en.journey_id = back.journey_id AND en.instance_id = back.id
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason)
			SELECT $1, $1, 'retry', journey_id, step_id, profile_id, id, 'operator' FROM back
		)
		SELECT id, profile_id FROM back ORDER BY id`,
		[db.now, ids],
	);
}

/** The steps of a journey by their name on the canvas; those that listen first. */
export async function stepsNamed(db: Connection, journey: number, name: string): Promise<Array<{ id: number; kind: string; on: boolean }>> {
	return await db.rows(
		`SELECT s.id, s.kind, s.state = 'on' AS on FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.journey_id = $1 AND s.name = $2
		 ORDER BY s.state = 'on' DESC, s.registered_at DESC`,
		[journey, name],
	);
}

/** The States of a journey that have people or listen, for whoever named one that is not there. */
export async function stateNames(db: Connection, journey: number): Promise<string[]> {
	const rows = await db.rows<{ name: string }>(
		"SELECT DISTINCT s.name FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.journey_id = $1 AND s.kind = 'state' ORDER BY 1 LIMIT 20", [journey],
	);
	return rows.map(({ name }) => name);
}

/**
 * Moves waiting people to another step, where they arrive anew: of these profiles, or everybody at the steps `from`; a
 * page at a time, in the order of ids, so that nobody whom a loop brings back meanwhile is moved twice. Who is under way
 * is not moved.
 *
 * @returns the last of the page, and how many
 */
export async function moveWaiting(
	db: Connection, journey: number, from: number[] | null, profiles: number[] | null, to: number, after: number,
): Promise<{ last: number | null; moved: number }> {
	const [page] = await db.rows<{ last: number | null; moved: number }>(
		`WITH moving AS MATERIALIZED (
			SELECT id, step_id FROM instances
			WHERE journey_id = $2 AND status = 'waiting' AND ($3::int[] IS NULL OR step_id = ANY($3)) AND ($4::bigint[] IS NULL OR profile_id = ANY($4))
				AND step_id <> $5 AND id > $6
			ORDER BY id LIMIT 5000 FOR UPDATE
		), moved AS (
			UPDATE instances i SET step_id = $5, set_id = NULL, wake = 'move', output = NULL, vars = NULL, expires = false, attempts = 0, losses = 0,
				resets = 0, due_at = $1, since = $1, left_at = $1, error = NULL
			FROM moving WHERE i.id = moving.id RETURNING i.id, i.profile_id, moving.step_id AS from_step
		), generation AS (
			UPDATE enrolments en SET workflow = s.workflow FROM moved m JOIN steps s ON s.id = $5
			WHERE en.profile_id = m.profile_id AND en.journey_id = $2 AND en.instance_id = m.id AND en.workflow IS DISTINCT FROM s.workflow
		), told AS (
			INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $1, 'moved', $2, $5, m.profile_id, m.id, 'operator', jsonb_build_object('from', s.name) FROM moved m JOIN steps s ON s.id = m.from_step
		)
		SELECT max(id) AS last, count(*)::int AS moved FROM moved`,
		[db.now, journey, from, profiles, to, after],
	);
	return page!;
}
