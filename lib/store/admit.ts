import type { Candidate, Enrolment } from '../core/admission';
import type { Connection } from './types';

/**
 * Candidates under a token that this execution has started.
 *
 * @param correlation path of the property that tells a profile's instances apart, read as later events are compared
 */
export async function loadCandidates(
	db: Connection, claim: { token: string; execution: string }, correlation: string[] | null,
): Promise<Candidate[]> {
	return await db.rows<Candidate>(
		`SELECT c.id, c.profile_id, p.zone, c.event_id, c.event_received_at, e.occurred_at, e.properties,
			CASE WHEN jsonb_typeof(e.properties #> $3) IN ('string', 'number', 'boolean') THEN e.properties #>> $3 END AS correlation
		 FROM candidates c
			JOIN profiles p ON p.id = c.profile_id
			JOIN events e ON e.id = c.event_id AND e.received_at = c.event_received_at AND e.profile_id = c.profile_id
		 WHERE c.token = $1 AND EXISTS (SELECT FROM claims WHERE token = $1 AND execution = $2)
		 ORDER BY c.id`,
		[claim.token, claim.execution, correlation],
	);
}

/** Earlier entries of these profiles in a journey. */
export async function loadEnrolments(db: Connection, journey: number, profiles: number[]): Promise<Enrolment[]> {
	return await db.rows<Enrolment>(
		`SELECT en.profile_id, en.correlation, en.entries, en.entry_times, en.last_entry, en.entry_event_id, i.id IS NOT NULL AS inside
		 FROM enrolments en LEFT JOIN instances i USING (profile_id, journey_id, correlation)
		 WHERE en.profile_id = ANY($1::bigint[]) AND en.journey_id = $2`,
		[profiles, journey],
	);
}

export interface Admission {
	profile_id: number;
	correlation: string;
	event_id: number;
	event_received_at: Date;
	occurred_at: Date;
	context: object;
	restarts: boolean;
}

/**
 * Makes instances of candidates, `running` under the claim that holds them, and ends those they restart. The caller
 * holds the match lock as `match`.
 *
 * @param countedFrom earlier entries are forgotten: no cap counts them any more
 * @returns instance and profile ids, in order of the instances
 */
export async function insertInstances(
	db: Connection, journey: number, step: number, token: string, admissions: Admission[], countedFrom: Date,
): Promise<Array<{ id: number; profile_id: number }>> {
	const json = JSON.stringify(admissions);
	// In a statement of its own: the unique index sees deleted rows only after the statement that deleted them.
	if (admissions.some((one) => one.restarts)) await endRestarted(db, journey, json);
	return await db.rows(
		`WITH asked AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS a(profile_id bigint, correlation text, event_id bigint,
				event_received_at timestamptz, occurred_at timestamptz, context jsonb)
		), made AS (
			INSERT INTO instances (profile_id, journey_id, step_id, status, correlation, wake, token, due_at, since, parked_at,
				left_at, entered_at, event_id, event_received_at, context)
			SELECT profile_id, $2, $3, 'running', correlation, 'entry', $4, $5, occurred_at, $5, occurred_at, occurred_at,
				event_id, event_received_at, context
			FROM asked
			RETURNING *
		), enrolled AS (
			INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entry_event_id, entries, entry_times,
				first_entry, last_entry)
			SELECT made.profile_id, $2, made.correlation, made.id, made.event_id, 1, ARRAY[made.entered_at], made.entered_at, made.entered_at
			FROM made
			ON CONFLICT (profile_id, journey_id, correlation) DO UPDATE SET instance_id = excluded.instance_id,
				entry_event_id = excluded.entry_event_id, entries = enrolments.entries + 1,
				entry_times = array_append(ARRAY(SELECT t FROM unnest(enrolments.entry_times) t WHERE t > $6), excluded.last_entry),
				last_entry = excluded.last_entry
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, detail)
			SELECT $5, entered_at, 'entered', $2, $3, profile_id, id, jsonb_build_object('event_id', event_id) FROM made
		)
		SELECT id, profile_id FROM made ORDER BY id`,
		[json, journey, step, token, db.now, countedFrom],
	);
}

/** Counts entries that were restarted within their own batch: they never became instances, but caps know them. */
export async function countEntries(db: Connection, journey: number, entries: Array<{ profile_id: number; correlation: string; at: Date }>): Promise<void> {
	await db.rows(
		`UPDATE enrolments en SET entries = en.entries + more.count, first_entry = least(en.first_entry, more.times[1]),
			entry_times = ARRAY(SELECT t FROM unnest(en.entry_times || more.times) t ORDER BY t)
		 FROM (
			SELECT profile_id, correlation, count(*) AS count, array_agg(at ORDER BY at) AS times
			FROM jsonb_to_recordset($1::jsonb) AS e(profile_id bigint, correlation text, at timestamptz) GROUP BY 1, 2
		 ) more
		 WHERE en.profile_id = more.profile_id AND en.journey_id = $2 AND en.correlation = more.correlation`,
		[JSON.stringify(entries), journey],
	);
}

async function endRestarted(db: Connection, journey: number, json: string): Promise<void> {
	await db.rows(
		`WITH gone AS (
			DELETE FROM instances i USING jsonb_to_recordset($1::jsonb) AS a(profile_id bigint, correlation text, restarts boolean)
			WHERE a.restarts AND i.profile_id = a.profile_id AND i.journey_id = $2 AND i.correlation = a.correlation
			RETURNING i.*
		), filed AS (
			INSERT INTO finished (id, profile_id, journey_id, step_id, correlation, status, reason, entered_at, ended_at, visit, context)
			SELECT id, profile_id, journey_id, step_id, correlation, 'done', 'restarted', entered_at, $3, visit, context FROM gone
		)
		INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason)
		SELECT $3, 'done', journey_id, step_id, profile_id, id, 'restarted' FROM gone`,
		[json, journey, db.now],
	);
}

export interface Refusal {
	profile_id: number;
	reason: string;
	detail: object;
}

/** Keeps refusals, one row per person, journey, reason and day. */
export async function insertRefusals(db: Connection, journey: number, refusals: Refusal[]): Promise<void> {
	await db.rows(
		`INSERT INTO refusals (profile_id, journey_id, reason, day, first_at, last_at, times, detail)
		 SELECT profile_id, $2, reason, $3::timestamptz::date, $3, $3, count(*), (array_agg(detail))[count(*)]
		 FROM jsonb_to_recordset($1::jsonb) AS r(profile_id bigint, reason text, detail jsonb)
		 GROUP BY profile_id, reason ORDER BY profile_id, reason
		 ON CONFLICT (profile_id, journey_id, reason, day) DO UPDATE
			SET last_at = $3, times = refusals.times + excluded.times, detail = excluded.detail`,
		[JSON.stringify(refusals), journey, db.now],
	);
}

/** Candidates that have been decided. */
export async function deleteCandidates(db: Connection, ids: number[]): Promise<void> {
	await db.rows('DELETE FROM candidates WHERE id = ANY($1::bigint[])', [ids]);
}
