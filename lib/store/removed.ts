import { FINISH_ALL } from './finish';
import { HAS_NODE } from './steps';
import type { Connection } from './types';

/** Steps that nobody listens for, and at which people wait, by the Entry Trigger of their workflow. */
export interface Abandoned {
	entry: number;
	steps: number[];
}

/**
 * The first step from `s` on at which people wait, which the index knows. Whether anybody waits at `s` would be looked for
 * from the beginning of the table: where most people are at a few steps, the planner expects to find somebody at once.
 */
const NEXT_WITH_PEOPLE = (how: string) => `(SELECT min(i.step_id) FROM instances i WHERE i.step_id >= s.id AND i.status = 'waiting' AND ${how})`;

/**
 * Steps with people, of workflows whose Entry Trigger has listened here for a while, that do not listen here. Whether
 * they are gone from the canvas is for an execution to see.
 *
 * @param here steps that listen in this process
 * @param leaving steps that have stopped a moment ago and may come back
 * @param since since when a workflow must have been here, and a step gone
 */
export async function abandonedSteps(db: Connection, entries: number[], here: number[], leaving: number[], since: Date): Promise<Abandoned[]> {
	return await db.rows<Abandoned>(
		`SELECT e.id AS entry, array_agg(s.id ORDER BY s.id) AS steps
		 FROM steps e JOIN steps s ON s.workflow = e.workflow
		 WHERE e.id = ANY($1::int[]) AND e.registered_at <= $4
			AND s.id <> ALL($2::int[]) AND s.registered_at <= $4
			AND CASE s.state WHEN 'off' THEN s.off_since <= $4 ELSE s.id <> ALL($3::int[]) END
			AND (${NEXT_WITH_PEOPLE('NOT i.expires')} = s.id OR ${NEXT_WITH_PEOPLE('i.expires')} = s.id)
		 GROUP BY e.id`,
		[entries, here, leaving, since],
	);
}

/** The nodes of steps. */
export async function nodesOfSteps(db: Connection, steps: number[]): Promise<Array<{ id: number; node_id: string; name: string }>> {
	return await db.rows('SELECT id, node_id, name FROM steps WHERE id = ANY($1::int[])', [steps]);
}

/**
 * Those of these steps that are published: they listen, and the newest canvas has them, or they began to since it was first
 * seen. A row alone does not say it: it stays on when n8n dies in the moment in which the node goes.
 */
export async function publishedSteps(db: Connection, steps: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`SELECT s.id FROM steps s CROSS JOIN LATERAL (SELECT * FROM canvases WHERE workflow = s.workflow ORDER BY seen_at DESC LIMIT 1) newest
		 WHERE s.id = ANY($1::int[]) AND s.state = 'on' AND (s.registered_at >= newest.seen_at OR ${HAS_NODE('newest.canvas', 's.node_id')})
		 ORDER BY s.id`,
		[steps],
	);
	return rows.map(({ id }) => id);
}

/** How far a page went. */
export interface Page {
	count: number;
	/** Where the next one begins; null: there is none. */
	last: number | null;
}

/** In the order of ids, so that all pages together read the table once. Who is locked is being moved by somebody else. */
const PAGE = (limit: string) => `SELECT id FROM instances WHERE step_id = ANY($2::int[]) AND status = 'waiting' AND id > $3
	ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;

/** Ends people who wait at these steps, after this id, a bounded number at a time. */
export async function endAtSteps(db: Connection, steps: number[], after: number, limit: number): Promise<Page> {
	const [page] = await db.rows<Page>(
		`WITH gone AS (DELETE FROM instances WHERE id = ANY(ARRAY(${PAGE('$4')})) RETURNING *),
		fate(status, reason, error) AS (VALUES ('done', 'step_removed', NULL::text)), ${FINISH_ALL}
		SELECT count(*)::int AS count, max(id) AS last FROM gone`,
		[db.now, steps, after, limit],
	);
	return page!;
}

/**
 * Sends people who wait at these steps to another one, where they begin to wait anew, and keeps what they waited for.
 * @param published since when what takes them away is published
 */
export async function moveToStep(db: Connection, steps: number[], target: number, published: Date | null, after: number, limit: number): Promise<Page> {
	const [page] = await db.rows<Page>(
		`WITH leaving AS MATERIALIZED (
			SELECT * FROM instances WHERE id = ANY(ARRAY(${PAGE('$5')}))
		), kept AS (
			INSERT INTO moves (instance_id, step_id, target_id, visit, moved_at, published_at, wait)
			SELECT l.id, l.step_id, $4, l.visit, $1, $6, jsonb_build_object('set_id', l.set_id, 'due_at', due_at, 'expires', expires, 'since', since,
				'after_arrival', after_arrival, 'parked_at', parked_at, 'vars', vars, 'wake', wake, 'output', output,
				'resets', resets, 'reset_at', reset_at, 'event_id', event_id, 'event_received_at', event_received_at, 'context', context,
				'rule', s.config->'wait')
			FROM leaving l JOIN steps s ON s.id = l.step_id
			ON CONFLICT (instance_id) DO UPDATE SET step_id = excluded.step_id, target_id = excluded.target_id, visit = excluded.visit,
				moved_at = excluded.moved_at, published_at = excluded.published_at, returned_at = NULL, wait = excluded.wait
		), told AS (
			INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $1, 'moved', l.journey_id, $4, l.profile_id, l.id, 'step_removed', jsonb_build_object('from', s.name)
			FROM leaving l JOIN steps s ON s.id = l.step_id
		), moved AS (
			UPDATE instances i SET step_id = $4, set_id = NULL, wake = 'move', output = NULL, vars = NULL, due_at = $1, expires = false,
				attempts = 0, losses = 0, error = NULL
			FROM leaving WHERE i.id = leaving.id
		)
		SELECT count(*)::int AS count, max(id) AS last FROM leaving`,
		[db.now, steps, after, target, limit, published],
	);
	return page!;
}
