import type { Connection } from './types';
import { MAY_BE_ON_RECORD } from './wakes';

/** What one instance is parked for. */
export interface Park {
	id: number;
	due_at: Date;
	/** `due_at` is the journey's own limit: the instance ends there as expired. */
	expires: boolean;
	since: Date;
	after_arrival: boolean;
	vars: object | null;
	/** Decided already: it only waits for its turn in a batch. */
	wake: 'time' | 'batch' | null;
}

/**
 * Parks running instances at a step, and journals it. The caller holds the match lock and looks back afterwards, for
 * those of whom something may be on record.
 * Who only waits for a place in a batch is on the same visit still: a message that an earlier attempt has claimed for
 * it must be found again, whichever batch the next attempt puts the person in.
 *
 * The rows are not locked in an order of their own first: who else writes running rows of these people waits for the
 * match lock, but for the janitor that takes back an expired claim; if the two meet, one of them is run again.
 *
 * @returns those parked, with the profiles they are now, and whether an event that they wait for may be on record; the
 *   others are not this execution's any more
 */
export async function parkInstances(
	db: Connection, claim: { token: string; execution: string }, step: number, set: number | null, parks: Park[],
): Promise<Array<{ id: number; profile_id: number; on_record: boolean }>> {
	return await db.rows(
		`WITH asked AS (
			SELECT * FROM unnest($6::bigint[], $7::timestamptz[], $8::boolean[], $9::timestamptz[], $10::boolean[], $11::jsonb[], $12::text[])
				AS p(id, due_at, expires, since, after_arrival, vars, wake)
		), parked AS (
			UPDATE instances i SET status = 'waiting', token = NULL, step_id = $4, set_id = $5,
				visit = i.visit + CASE a.wake WHEN 'batch' THEN 0 ELSE 1 END,
				attempts = 0, losses = 0, resets = 0, due_at = a.due_at, expires = a.expires, since = a.since,
				after_arrival = a.after_arrival, parked_at = $1, vars = a.vars, wake = a.wake, output = NULL, error = NULL
			FROM asked a WHERE i.id = a.id AND i.token = $2 AND EXISTS (SELECT FROM claims WHERE token = $2 AND execution = $3)
			RETURNING i.id, i.journey_id, i.profile_id, i.due_at, i.wake, i.wake IS NULL AND ${MAY_BE_ON_RECORD} AS on_record
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason)
			SELECT $1, due_at, 'parked', journey_id, $4, profile_id, id, wake FROM parked WHERE wake IS DISTINCT FROM 'batch'
		)
		SELECT id, profile_id, on_record FROM parked`,
		[
			db.now, claim.token, claim.execution, step, set, parks.map((one) => one.id),
			parks.map((one) => one.due_at.toISOString()), parks.map((one) => one.expires), parks.map((one) => one.since.toISOString()),
			parks.map((one) => one.after_arrival), parks.map((one) => one.vars && JSON.stringify(one.vars)), parks.map((one) => one.wake),
		],
	);
}
