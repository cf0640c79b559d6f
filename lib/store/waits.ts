import type { Until } from '../core/types';
import type { Connection } from './types';

/** How a State has people wait, as it last registered. */
export interface KnownWait {
	/** The time rule; absent: it differs from person to person. */
	rule?: Until;
	/** What those listen to who were there when the rule was changed, if events start its delay again; null: what they did. */
	set: number | null;
}

/** How a State has people wait. */
export async function registeredWait(db: Connection, step: number): Promise<KnownWait> {
	const [row] = await db.rows<{ rule: Until | null; set: number | null }>("SELECT config->'wait' AS rule, (config->>'wait_set')::int AS set FROM steps WHERE id = $1", [step]);
	return { rule: row?.rule ?? undefined, set: row?.set ?? null };
}

/** Keeps how a State has people wait. */
export async function saveWait(db: Connection, step: number, { rule, set }: KnownWait): Promise<void> {
	await db.rows("UPDATE steps SET config = config || jsonb_build_object('wait', $2::jsonb, 'wait_set', $3::int) WHERE id = $1", [step, JSON.stringify(rule ?? null), set]);
}

/** Someone who waits for a time, and from when it is counted. */
export interface Waiter {
	id: number;
	profile_id: number;
	due_at: Date;
	parked_at: Date;
	/** Own time of the event that last started the delay again. */
	reset_at: Date | null;
	zone: string;
	/** It listens to events as well. */
	listens: boolean;
}

/** Who waits at a step for time to be up, behind this id, a bounded number at a time. */
export async function waitersAt(db: Connection, step: number, after: number, limit: number): Promise<Waiter[]> {
	return await db.rows<Waiter>(
		`SELECT i.id, i.profile_id, i.due_at, i.parked_at, CASE WHEN i.resets > 0 THEN i.reset_at END AS reset_at,
			coalesce(p.zone, j.zone) AS zone, i.set_id IS NOT NULL AS listens
		 FROM instances i JOIN journeys j ON j.id = i.journey_id JOIN profiles p ON p.id = i.profile_id
		 WHERE i.step_id = $1 AND i.status = 'waiting' AND i.wake IS NULL AND NOT i.expires AND i.id > $2
		 ORDER BY i.id LIMIT $3`,
		[step, after, limit],
	);
}

/**
 * Gives people who still wait at a step another deadline, and journals it. The caller holds the match lock.
 *
 * @param set what they listen to from now on; null: as before
 * @returns the instances
 */
export async function followDeadlines(db: Connection, step: number, people: Array<{ id: number; due_at: Date }>, set: number | null): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`WITH asked AS (
			SELECT i.id, i.due_at AS before, a.due_at FROM jsonb_to_recordset($1::jsonb) AS a(id bigint, due_at timestamptz) JOIN instances i USING (id)
		), moved AS (
			UPDATE instances i SET due_at = a.due_at, set_id = coalesce($4, i.set_id) FROM asked a
			WHERE i.id = a.id AND i.step_id = $2 AND i.status = 'waiting' AND i.wake IS NULL AND NOT i.expires
			RETURNING i.*, a.before
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $3, due_at, 'rescheduled', journey_id, step_id, profile_id, id, CASE WHEN due_at < before THEN 'shortened' ELSE 'lengthened' END,
				jsonb_build_object('before', before)
			FROM moved WHERE due_at <> before
		)
		SELECT id FROM moved`,
		[JSON.stringify(people), step, db.now, set],
	);
	return rows.map(({ id }) => id);
}
