import { NO_VARIABLES } from '../core/filter';
import { CORRELATION, FILTER, MISSED_EVENTS, NEW_EVENTS, ON_RECORD } from './match';
import type { Connection } from './types';

/** What customers send as a value may be anything; what does not read as a number is none. */
const NUMBER = String.raw`^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?\s*$`;

/** Who is still inside has not left, whenever they left before: their window after the exit has no end yet. */
const COUNTED_FROM = `CASE WHEN s.config->>'windowFrom' IS DISTINCT FROM 'exit' THEN en.entered_at
		WHEN (SELECT i.id FROM instances i WHERE i.profile_id = en.profile_id AND i.id = en.instance_id) IS NOT NULL THEN 'infinity'
		WHEN en.last_exit >= en.entered_at THEN en.last_exit ELSE 'infinity' END`;

/**
 * A goal counts from entry, whoever drew it where: this event of this enrolment is one. Joining a segment is about the
 * person, whatever correlation they are inside with.
 */
export const ACHIEVES = (e = 'e') => `${e}.name = c.event AND NOT ${e}.history AND ${e}.occurred_at >= en.entered_at AND ${e}.id IS DISTINCT FROM en.entry_event_id
	AND (s.config->>'window' IS NULL OR ${e}.occurred_at <= ${COUNTED_FROM} + (s.config->>'window')::interval)
	AND (s.config ? 'segment' OR ${CORRELATION('en.correlation', e)}) AND ${FILTER(`'${NO_VARIABLES}'`, e)}`;
/** A goal on what does not happen is judged when its time is over. */
const BY_EVENT = "s.kind = 'goal' AND s.state = 'on' AND NOT s.config ? 'absent'";
export const GOALS = `steps s JOIN workflows w ON w.id = s.workflow JOIN journeys j ON j.id = w.journey_id
	JOIN conditions c ON c.set_id = s.set_id`;
/**
 * Of several workflows with one key, a person's goals are those of the one they are in, or were held out of: nobody
 * converts twice by one event, or leaves on another canvas than theirs. Once it is not published any more, who has left it,
 * or never went in, and has not converted there, goes by the one that lets people in now. Counts, and not EXISTS, of which the planner may make one hash
 * over everybody.
 */
export const THEIRS = `(en.workflow = s.workflow OR s.workflow = (SELECT o.workflow FROM steps o WHERE o.id = j.entrance AND o.state = 'on')
	AND (SELECT count(*) FROM (SELECT FROM steps o WHERE o.workflow = en.workflow AND o.kind = 'entry' AND o.state = 'on' LIMIT 1) published) = 0
	AND (en.workflow IS NULL OR (SELECT count(*) FROM (SELECT FROM instances i WHERE i.id = en.instance_id LIMIT 1) inside) = 0)
	AND (SELECT count(*) FROM (
		SELECT FROM conversions o JOIN steps os ON os.id = o.step_id
		WHERE o.profile_id = en.profile_id AND o.instance_id = en.instance_id AND os.workflow = en.workflow LIMIT 1
	) converted) = 0)`;

const achievedBy = (steps: string) => `${GOALS}
	JOIN fresh e ON e.name = c.event
	CROSS JOIN LATERAL (
		SELECT * FROM enrolments en WHERE en.profile_id = e.profile_id AND en.journey_id = w.journey_id OFFSET 0
	) en
	WHERE ${BY_EVENT} AND ${steps} AND ${THEIRS} AND ${ACHIEVES()}`;
const ACHIEVED_ON_RECORD = `${GOALS}
	JOIN enrolments en ON en.journey_id = w.journey_id
	CROSS JOIN LATERAL (
		SELECT e.* FROM events e WHERE ${ON_RECORD('en.entered_at')} e.profile_id = en.profile_id AND ${ACHIEVES()}
		ORDER BY e.occurred_at, e.id LIMIT 1
	) e
	WHERE ${BY_EVENT} AND ${THEIRS} AND en.profile_id = ANY($2::bigint[]) AND en.instance_id = ANY($3::bigint[])`;

/** Takes out who leaves by what they have achieved. Reads `achieved`. */
const LEAVE = `leaving AS MATERIALIZED (
		SELECT DISTINCT ON (instance_id) * FROM achieved WHERE (config->>'exit')::boolean
		ORDER BY instance_id, converted_at, event_id, step_id
	), locked AS MATERIALIZED (
		SELECT a.* FROM leaving a JOIN instances i ON i.id = a.instance_id WHERE i.end_reason IS NULL ORDER BY i.id FOR UPDATE OF i
	), moved AS (
		UPDATE instances i SET status = 'waiting', token = NULL, step_id = a.step_id, set_id = NULL, wake = 'goal',
			output = 'converted', end_reason = CASE a.config->>'type' WHEN 'exit' THEN 'exit_criterion' ELSE 'converted' END,
			due_at = $1, left_at = a.converted_at, expires = false, attempts = 0, losses = 0, visit = i.visit + 1,
			event_id = coalesce(a.event_id, i.event_id), event_received_at = coalesce(a.received_at, i.event_received_at)
		FROM locked a WHERE i.id = a.instance_id
	)`;

/** Where the event of a conversion is found, if there is one. */
const BY_ITS_EVENT = { received: 'e.received_at', join: 'JOIN events e ON e.id = stored.event_id' };
export const BY_NONE = { received: 'NULL::timestamptz AS received_at', join: '' };

export const convert = (source: string, events = '', by = BY_ITS_EVENT) => `
	WITH ${events && `${events}, `}hit AS MATERIALIZED (
		SELECT DISTINCT ON (s.id, en.instance_id) s.id AS step_id, s.version, s.config, en.profile_id, en.journey_id,
			en.instance_id, en.held_out, e.id AS event_id, e.received_at, e.occurred_at, e.properties
		FROM ${source}
		ORDER BY s.id, en.instance_id, e.occurred_at, e.id
	), stored AS (
		INSERT INTO conversions (profile_id, journey_id, step_id, instance_id, event_id, converted_at, first, value, currency, held_out, version)
		SELECT profile_id, journey_id, step_id, instance_id, event_id, occurred_at,
			row_number() OVER (PARTITION BY profile_id, journey_id ORDER BY occurred_at, event_id, step_id) = 1
				AND NOT EXISTS (SELECT FROM conversions c WHERE c.profile_id = hit.profile_id AND c.journey_id = hit.journey_id),
			CASE WHEN value ~ '${NUMBER}' THEN value::numeric END, currency, held_out, version
		FROM hit, LATERAL (
			SELECT jsonb_path_query_first(properties, (config->>'value')::jsonpath) #>> '{}' AS value,
				jsonb_path_query_first(properties, (config->>'currency')::jsonpath) #>> '{}' AS currency
		) worth
		WHERE config->>'type' = 'conversion'
		ON CONFLICT (profile_id, step_id, instance_id) DO NOTHING
		RETURNING profile_id, journey_id, step_id, instance_id, event_id, converted_at, held_out
	), achieved AS MATERIALIZED (
		SELECT stored.*, ${by.received}, s.config
		FROM stored JOIN steps s ON s.id = stored.step_id ${by.join}
		UNION ALL
		SELECT profile_id, journey_id, step_id, instance_id, event_id, occurred_at, held_out, received_at, config
		FROM hit WHERE config->>'type' = 'exit'
	), marked AS (
		UPDATE enrolments en SET converted_at = coalesce(en.converted_at, a.converted_at) FROM achieved a
		WHERE a.config->>'type' = 'conversion'
			AND en.profile_id = a.profile_id AND en.journey_id = a.journey_id AND en.instance_id = a.instance_id
	), ${LEAVE}
	INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
	SELECT $1, a.converted_at, CASE a.config->>'type' WHEN 'exit' THEN 'exited' ELSE 'converted' END, a.journey_id, a.step_id,
		a.profile_id, a.instance_id, CASE WHEN i.id IS NULL AND a.held_out THEN 'held_out' WHEN i.id IS NULL THEN 'after_end' WHEN (a.config->>'exit')::boolean THEN 'leaves' ELSE 'stays' END,
		jsonb_strip_nulls(jsonb_build_object('event_id', a.event_id, 'absent', a.config->'absent'))
	FROM achieved a LEFT JOIN instances i ON i.id = a.instance_id
	WHERE a.config->>'type' = 'conversion' OR i.id IS NOT NULL AND i.end_reason IS NULL
	RETURNING id`;

const LEAVE_BY_STORED = `
	WITH achieved AS MATERIALIZED (
		SELECT c.*, e.received_at, s.config FROM conversions c
			JOIN steps s ON s.id = c.step_id AND s.version = c.version AND s.state = 'on' AND (s.config->>'exit')::boolean
			LEFT JOIN events e ON e.id = c.event_id AND e.profile_id = c.profile_id
		WHERE c.profile_id = ANY($2::bigint[]) AND c.instance_id = ANY($3::bigint[])
	), ${LEAVE}
	INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
	SELECT $1, converted_at, 'converted', journey_id, step_id, profile_id, instance_id, 'leaves', jsonb_strip_nulls(jsonb_build_object('event_id', event_id))
	FROM locked RETURNING id`;

/** Stores the conversions that these new events are, and takes out who leaves by them. @returns how many */
export async function convertByEvents(db: Connection, events: number[]): Promise<number> {
	if (events.length === 0) return 0;
	return (await db.rows(convert(achievedBy('true'), NEW_EVENTS), [db.now, events])).length;
}

/** The same for what is on record since these instances' entry. @returns how many */
export async function convertByLookBack(db: Connection, profiles: number[], instances: number[]): Promise<number> {
	return (await db.rows(convert(ACHIEVED_ON_RECORD), [db.now, profiles, instances])).length;
}

/** Takes these instances out by goals that count already: somebody reached them while they were not inside. @returns how many goals */
export async function leaveByConversions(db: Connection, profiles: number[], instances: number[]): Promise<number> {
	return (await db.rows(LEAVE_BY_STORED, [db.now, profiles, instances])).length;
}

/** The same for everything that arrived since, when a Goal comes back. @returns how many */
export async function convertSince(db: Connection, step: number, since: Date): Promise<number> {
	return (await db.rows(convert(achievedBy('s.id = $2'), MISSED_EVENTS), [db.now, step, since])).length;
}
