import type { JourneyFacts } from '../core/journeyState';
import { KEEP_TIMEOUTS, MOST_ATTEMPTS } from './claim';
import { LISTENING } from './steps';
import type { Connection } from './types';

/** A journey as operators list it. */
export interface JourneyRow extends Omit<JourneyFacts, 'entered'> {
	id: number;
	/** Somebody has been through it. */
	left: boolean;
	key: string;
	name: string;
	workflow_id: string | null;
	/** What it says about consent that is not known; null: as the settings do. */
	unknown_consent: 'skip' | 'send' | null;
}

/** One of the moments that an operator sets. */
export type Mark = 'paused_at' | 'closed_at' | 'archived_at';

/**
 * Journeys of these keys, or all of them, by name. Whether anybody has left is asked in the order of an index: for a
 * journey that nobody has left, EXISTS would read everybody who has left the others.
 */
export async function listJourneys(db: Connection, keys: string[] | null = null): Promise<JourneyRow[]> {
	return await db.rows<JourneyRow>(
		`SELECT j.id, j.key, j.name, j.opens_at, j.ends_at, j.paused_at, j.closed_at, j.archived_at, j.unknown_consent, w.workflow_id,
			CASE WHEN s.state = 'on' THEN NULL ELSE coalesce(s.off_since, j.created_at) END AS off_since,
			coalesce((SELECT true FROM finished f WHERE f.journey_id = j.id ORDER BY f.ended_at LIMIT 1), false) AS left
		 FROM journeys j LEFT JOIN steps s ON s.id = j.entrance LEFT JOIN workflows w ON w.id = s.workflow
		 WHERE $1::text[] IS NULL OR j.key = ANY($1::text[])
		 ORDER BY j.name, j.key`,
		[keys],
	);
}

/** What an admission asks of its journey. */
export interface Gate {
	journey: number;
	zone: string;
	paused: boolean;
	closed_at: Date | null;
}

/** The journey that an Entry Trigger is of now: its key may have been changed a moment ago, in another process. */
export async function gateOf(db: Connection, step: number): Promise<Gate> {
	const [gate] = await db.rows<Gate>(
		`SELECT j.id AS journey, j.zone, j.paused_at IS NOT NULL AS paused, least(j.closed_at, j.archived_at) AS closed_at
		 FROM steps s JOIN workflows w ON w.id = s.workflow JOIN journeys j ON j.id = w.journey_id WHERE s.id = $1`,
		[step],
	);
	return gate!;
}

/** Of these steps those whose people move: a pause of the store, of a journey, or of all sending holds the others where they are. */
export async function movingSteps(db: Connection, steps: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow LEFT JOIN journeys j ON j.id = w.journey_id
		 WHERE s.id = ANY($1::int[]) AND j.paused_at IS NULL AND NOT EXISTS (SELECT FROM pauses WHERE ended_at IS NULL)
			AND NOT (s.kind = 'action' AND EXISTS (SELECT FROM settings WHERE name = 'sendingPaused' AND value = 'true'))`,
		[steps],
	);
	return rows.map(({ id }) => id);
}

/** Sets a moment of a journey, or takes it back. @returns false when it was so already */
export async function markJourney(db: Connection, journey: number, mark: Mark, on: boolean): Promise<boolean> {
	const rows = await db.rows(
		`UPDATE journeys SET ${mark} = CASE WHEN $2 THEN $3::timestamptz END WHERE id = $1 AND (${mark} IS NULL) = $2 RETURNING id`,
		[journey, on, db.now],
	);
	return rows.length > 0;
}

/** Where the people of a journey are: the steps of all its workflows. */
export async function stepsOf(db: Connection, journey: number): Promise<number[]> {
	const rows = await db.rows<{ id: number }>('SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.journey_id = $1 ORDER BY s.id', [journey]);
	return rows.map(({ id }) => id);
}

/** A moment after $1, within the milliseconds $3: by the profile, so that what one person has due keeps its order. */
const SPREAD = (who: string) => `date_trunc('milliseconds', $1::timestamptz + make_interval(secs => $3::float8 / 1000 * (hashint8(${who}.profile_id) & 1048575) / 1048576)) + interval '1 millisecond'`;

const SPREAD_AT_ONCE = 5_000;

/** 5,000 of those due at these steps, found by the indexes that they are claimed by: a page reads no more, however many are due. */
const FIRST_DUE = (table: string, waiting: string, due: string) => `SELECT first.id
	FROM unnest($2::int[]) AS s(step), generate_series(0, ${MOST_ATTEMPTS}) AS a(attempt), LATERAL (
		SELECT id FROM ${table} WHERE step_id = s.step AND attempts = a.attempt AND ${waiting} AND ${due} ORDER BY due_at LIMIT ${SPREAD_AT_ONCE}
	) first LIMIT ${SPREAD_AT_ONCE}`;
const DUE = 'due_at <= $1 AND (wake IS NULL OR due_at <= $4)';

/**
 * Spreads what is due at these steps, at most 5,000 people at a time. Timeouts are decided by it, as by a claim: the
 * deadline stays the moment at which the wait was over, and an event that comes afterwards is late.
 *
 * @param begun when the spreading began: who is due later than that was spread already, or was set going by something
 * that happened since; but a wait whose time has been up since then is spread as well
 * @returns how many, and whether there are more
 */
export async function spreadDue(db: Connection, steps: number[], begun: Date, overMs: number): Promise<{ people: number; more: boolean }> {
	const instances = await db.rows(
		`WITH due AS MATERIALIZED (
			SELECT * FROM instances WHERE id = ANY(ARRAY(${FIRST_DUE('instances', "status = 'waiting' AND NOT expires", DUE)}))
				AND status = 'waiting' AND ${DUE} ORDER BY id FOR UPDATE
		), kept AS (${KEEP_TIMEOUTS} FROM due WHERE wake IS NULL AND set_id IS NOT NULL)
		UPDATE instances i SET wake = coalesce(i.wake, 'time'), left_at = CASE WHEN i.wake IS NULL THEN greatest(i.left_at, i.due_at) ELSE i.left_at END,
			due_at = ${SPREAD('i')}
		FROM due WHERE i.id = due.id RETURNING 1`,
		[db.now, steps, overMs, begun],
	);
	const candidates = await db.rows(
		`WITH due AS MATERIALIZED (
			SELECT id FROM candidates WHERE id = ANY(ARRAY(${FIRST_DUE('candidates', 'token IS NULL', 'due_at <= $4')})) AND token IS NULL AND due_at <= $4 ORDER BY id FOR UPDATE
		)
		UPDATE candidates c SET due_at = ${SPREAD('c')}
		FROM due WHERE c.id = due.id RETURNING 1`,
		[db.now, steps, overMs, begun],
	);
	// Of a full page a few may have been set going by something else at that moment.
	return { people: instances.length + candidates.length, more: Math.max(instances.length, candidates.length) > SPREAD_AT_ONCE / 2 };
}

/** A page of the people in a journey, by their instances. */
export async function insideAfter(db: Connection, journey: number, after: number, limit: number): Promise<number[]> {
	const rows = await db.rows<{ id: number }>('SELECT id FROM instances WHERE id > $2 AND journey_id = $1 ORDER BY id LIMIT $3', [journey, after, limit]);
	return rows.map(({ id }) => id);
}

/** Journeys with a workflow that has not listened since before this moment, with somebody inside. */
export async function stranded(db: Connection, before: Date): Promise<Array<{ key: string; name: string; off_since: Date }>> {
	return await db.rows(
		`SELECT j.key, j.name, max(s.off_since) AS off_since FROM journeys j JOIN workflows w ON w.journey_id = j.id JOIN steps s ON s.workflow = w.id
		 WHERE s.kind = ANY($2::text[]) GROUP BY j.id, w.id HAVING bool_and(s.state = 'off') AND max(s.off_since) <= $1
			AND EXISTS (SELECT FROM instances i WHERE i.step_id = ANY(array_agg(s.id)))
		 ORDER BY j.name, j.key`,
		[before, LISTENING],
	);
}
