import type { Candidate } from '../core/admission';
import type { Enrolment } from '../core/reentry';
import { FINISH_ALL } from './finish';
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
		`SELECT c.id, c.profile_id, p.zone, c.event_id, c.event_received_at,
			coalesce(c.occurred_at, e.occurred_at) AS occurred_at, coalesce(e.properties, '{}') AS properties, CASE WHEN NOT starts_with(r.people, 'segment:') THEN r.scheduled_for::text END AS scheduled_for,
			CASE WHEN starts_with(r.people, 'segment:') THEN substr(r.people, 9) END AS segment,
			CASE WHEN jsonb_typeof(e.properties #> $3) IN ('string', 'number', 'boolean') THEN e.properties #>> $3 END AS correlation,
			(SELECT max(o.due_at) FROM candidates o
				LEFT JOIN events oe ON oe.id = o.event_id AND oe.received_at = o.event_received_at AND oe.profile_id = c.profile_id
				WHERE o.profile_id = c.profile_id AND o.journey_id = c.journey_id AND o.token IS DISTINCT FROM $1
					AND (coalesce(o.occurred_at, oe.occurred_at), coalesce(o.event_id, 0), o.id) < (coalesce(c.occurred_at, e.occurred_at), coalesce(c.event_id, 0), c.id)
			) AS behind
		 FROM candidates c
			JOIN profiles p ON p.id = c.profile_id
			LEFT JOIN events e ON e.id = c.event_id AND e.received_at = c.event_received_at AND e.profile_id = c.profile_id
			LEFT JOIN runs r ON r.id = c.run_id
		 WHERE c.token = $1 AND (e.id IS NOT NULL OR c.run_id IS NOT NULL) AND EXISTS (SELECT FROM claims WHERE token = $1 AND execution = $2)
		 ORDER BY c.id`,
		[claim.token, claim.execution, correlation],
	);
}

/** Whose the candidates under a token are by now, by candidate; without those of people who were merged away or erased. */
export async function profilesOfCandidates(db: Connection, token: string): Promise<Map<number, number>> {
	const rows = await db.rows<{ id: number; profile_id: number }>(
		`SELECT id, profile_id FROM candidates c
		 WHERE token = $1 AND (SELECT p.merged_into IS NULL AND p.erased_at IS NULL FROM profiles p WHERE p.id = c.profile_id)`,
		[token],
	);
	return new Map(rows.map((row) => [row.id, row.profile_id]));
}

/** Earlier entries of these profiles in a journey. */
export async function loadEnrolments(db: Connection, journey: number, profiles: number[]): Promise<Enrolment[]> {
	return await db.rows<Enrolment>(
		`SELECT en.profile_id, en.correlation, en.slot, en.entries, en.entry_times, en.first_entry, en.last_entry, en.last_exit,
			en.held_out, en.entry_event_id, en.scheduled_for::text, en.arm, i.id IS NOT NULL AS inside
		 FROM enrolments en LEFT JOIN instances i USING (profile_id, journey_id, correlation, slot)
		 WHERE en.profile_id = ANY($1::bigint[]) AND en.journey_id = $2`,
		[profiles, journey],
	);
}

export interface Admission {
	profile_id: number;
	correlation: string;
	slot: number;
	event_id: number | null;
	event_received_at: Date | null;
	occurred_at: Date;
	context: object;
	restarts: boolean;
	/** The segment whose people the journey begins with, if that let them in. */
	segment?: string | null;
}

/** An entry of somebody who has entered before. Late events enter late: the last entry is the latest by own time. */
const ENTER_AGAIN = (countedFrom: string) => `ON CONFLICT (profile_id, journey_id, correlation, slot) DO UPDATE SET
				instance_id = excluded.instance_id, entry_event_id = excluded.entry_event_id, entered_at = excluded.entered_at,
				held_out = excluded.held_out, arm = coalesce(enrolments.arm, excluded.arm), entries = enrolments.entries + 1,
				entry_times = array_append(ARRAY(SELECT t FROM unnest(enrolments.entry_times) t WHERE t > ${countedFrom}), excluded.last_entry),
				last_entry = greatest(enrolments.last_entry, excluded.last_entry), workflow = excluded.workflow`;

/**
 * Makes instances of candidates, `running` under the claim that holds them, and ends those they restart. The caller
 * holds the match lock as `match`.
 *
 * @param treated they are the ones of a holdout who get something
 * @param countedFrom earlier entries are forgotten: no cap counts them any more
 * @returns instance and profile ids, in order of the instances
 */
export async function insertInstances(
	db: Connection, journey: number, step: number, token: string, admissions: Admission[], treated: boolean, countedFrom: Date,
): Promise<Array<{ id: number; profile_id: number }>> {
	const json = JSON.stringify(admissions);
	// In a statement of its own: the unique index sees deleted rows only after the statement that deleted them.
	if (admissions.some((one) => one.restarts)) await endRestarted(db, journey, json);
	return await db.rows(
		`WITH asked AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS a(profile_id bigint, correlation text, slot int, event_id bigint,
				event_received_at timestamptz, occurred_at timestamptz, context jsonb)
		), made AS (
			INSERT INTO instances (profile_id, journey_id, step_id, status, correlation, slot, wake, token, due_at, since, parked_at,
				left_at, entered_at, event_id, event_received_at, context)
			SELECT profile_id, $2, $3, 'running', correlation, slot, 'entry', $4, $5, occurred_at, $5, occurred_at, occurred_at,
				event_id, event_received_at, context
			FROM asked
			RETURNING *
		), enrolled AS (
			INSERT INTO enrolments (profile_id, journey_id, correlation, slot, instance_id, entry_event_id, entered_at, arm, entries,
				entry_times, first_entry, last_entry, workflow)
			SELECT profile_id, $2, correlation, slot, id, event_id, entered_at, CASE WHEN $7 THEN 'treated' END, 1, ARRAY[entered_at],
				entered_at, entered_at, (SELECT workflow FROM steps WHERE id = $3)
			FROM made
			${ENTER_AGAIN('$6')}
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, detail)
			SELECT $5, entered_at, 'entered', $2, $3, profile_id, id, jsonb_strip_nulls(jsonb_build_object('event_id', event_id, 'arm', CASE WHEN $7 THEN 'treated' END,
				'segment', CASE WHEN event_id IS NULL THEN $8::text END)) FROM made
		)
		SELECT id, profile_id FROM made ORDER BY id`,
		[json, journey, step, token, db.now, countedFrom, treated, admissions.find(({ segment }) => segment)?.segment ?? null],
	);
}

/** Remembers for which date of a schedule these people have entered: nobody enters twice for one. */
export async function noteScheduled(db: Connection, journey: number, entries: Array<{ profile_id: number; scheduled_for: string }>): Promise<void> {
	await db.rows(
		`UPDATE enrolments en SET scheduled_for = greatest(en.scheduled_for, s.date)
		 FROM unnest($1::bigint[], $2::date[]) AS s(profile_id, date) WHERE en.profile_id = s.profile_id AND en.journey_id = $3`,
		[entries.map((one) => one.profile_id), entries.map((one) => one.scheduled_for), journey],
	);
}

/** Counts entries that another of the same batch and slot has taken the place of: caps know them. */
export async function countEntries(db: Connection, journey: number, entries: Array<{ profile_id: number; correlation: string; slot: number; at: Date }>): Promise<void> {
	await db.rows(
		`UPDATE enrolments en SET entries = en.entries + more.count, first_entry = least(en.first_entry, more.times[1]),
			entry_times = ARRAY(SELECT t FROM unnest(en.entry_times || more.times) t ORDER BY t)
		 FROM (
			SELECT profile_id, correlation, slot, count(*) AS count, array_agg(at ORDER BY at) AS times
			FROM jsonb_to_recordset($1::jsonb) AS e(profile_id bigint, correlation text, slot int, at timestamptz) GROUP BY 1, 2, 3
		 ) more
		 WHERE en.profile_id = more.profile_id AND en.journey_id = $2 AND en.correlation = more.correlation AND en.slot = more.slot`,
		[JSON.stringify(entries), journey],
	);
}

async function endRestarted(db: Connection, journey: number, json: string): Promise<void> {
	await db.rows(
		`WITH gone AS (
			DELETE FROM instances i USING jsonb_to_recordset($2::jsonb) AS a(profile_id bigint, correlation text, restarts boolean)
			WHERE a.restarts AND i.profile_id = a.profile_id AND i.journey_id = $3 AND i.correlation = a.correlation
			RETURNING i.*
		), fate(status, reason, error) AS (SELECT 'done', 'restarted', NULL::text), ${FINISH_ALL}
		SELECT FROM gone`,
		[db.now, json, journey],
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

/** Someone who would have entered and gets nothing, to measure against. */
export interface HeldOut {
	profile_id: number;
	correlation: string;
	slot: number;
	event_id: number | null;
	occurred_at: Date;
	arm: 'control' | 'global';
	percent: number;
}

/**
 * Enters people in the books alone: entry limits and goals count for them as for everybody else, and no instance is
 * made. The number of one is taken all the same, for what they convert.
 *
 * @returns those numbers and profiles
 */
export async function insertHeldOut(
	db: Connection, journey: number, step: number, held: HeldOut[], countedFrom: Date,
): Promise<Array<{ id: number; profile_id: number }>> {
	return await db.rows(
		`WITH asked AS MATERIALIZED (
			SELECT nextval(pg_get_serial_sequence('instances', 'id')) AS id, a.*
			FROM jsonb_to_recordset($1::jsonb) AS a(profile_id bigint, correlation text, slot int, event_id bigint,
				occurred_at timestamptz, arm text, percent numeric)
		), enrolled AS (
			INSERT INTO enrolments (profile_id, journey_id, correlation, slot, instance_id, entry_event_id, entered_at, held_out, arm,
				entries, entry_times, first_entry, last_entry, workflow)
			SELECT profile_id, $2, correlation, slot, id, event_id, occurred_at, true, arm, 1, ARRAY[occurred_at], occurred_at, occurred_at,
				(SELECT workflow FROM steps WHERE id = $5::int)
			FROM asked
			${ENTER_AGAIN('$4')}
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $3, occurred_at, 'held_out', $2, $5::int, profile_id, id, arm, jsonb_strip_nulls(jsonb_build_object('event_id', event_id, 'percent', percent))
			FROM asked
		)
		SELECT id, profile_id FROM asked ORDER BY id`,
		[JSON.stringify(held), journey, db.now, countedFrom, step],
	);
}

/** A candidate that is put back: not refused, not an attempt. */
export interface Delay {
	id: number;
	reason: 'order' | 'per_minute' | 'inside';
	until: Date;
	detail: object;
}

/** Puts candidates back until their turn. The first time that they find no place is journaled. */
export async function delayCandidates(db: Connection, delays: Delay[]): Promise<void> {
	await db.rows(
		`WITH asked AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS d(id bigint, reason text, until timestamptz, detail jsonb)
		), before AS MATERIALIZED (
			SELECT c.id, c.delayed, a.reason, a.until, a.detail FROM asked a JOIN candidates c ON c.id = a.id ORDER BY c.id FOR UPDATE OF c
		), back AS (
			UPDATE candidates c SET token = NULL, due_at = b.until, delayed = b.reason FROM before b WHERE c.id = b.id
			RETURNING c.*, b.delayed AS earlier, b.detail
		)
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, reason, detail)
		SELECT $2, due_at, 'delayed', journey_id, step_id, profile_id, delayed, detail || jsonb_strip_nulls(jsonb_build_object('event_id', event_id))
		FROM back WHERE delayed <> 'order' AND earlier IS DISTINCT FROM delayed`,
		[JSON.stringify(delays), db.now],
	);
}

/** Candidates that have been decided. */
export async function deleteCandidates(db: Connection, ids: number[]): Promise<void> {
	await db.rows('DELETE FROM candidates WHERE id = ANY($1::bigint[])', [ids]);
}
