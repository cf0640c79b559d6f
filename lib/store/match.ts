import { NO_VARIABLES } from '../core/filter';
import type { Duration } from '../core/types';
import type { Connection } from './types';

/*
 * Which events are looked at: the ones just inserted, what a listener missed, or everything on record for a profile.
 * The first two are fetched on their own. Joined to conditions by name, they were found by reading the index of events
 * from end to end (measured among 200,000: 41 ms instead of 1 ms for 500).
 */
export const NEW_EVENTS = `fresh AS MATERIALIZED (
		SELECT e.* FROM unnest($2::bigint[]) AS asked(id)
			CROSS JOIN LATERAL (SELECT * FROM events WHERE id = asked.id AND received_at = $1 OFFSET 0) e
	)`;
const MISSED_EVENTS = `fresh AS MATERIALIZED (
		SELECT * FROM events
		WHERE received_at >= $3 AND NOT history AND name IN (SELECT c.event FROM steps s JOIN conditions c USING (set_id) WHERE s.id = $2)
	)`;
/**
 * Lets Postgres skip the months before the wait and those to come (measured: 27 ms instead of 45 ms for 5,000 people).
 * Own time is at most five minutes ahead of arrival; and what committed while this transaction waited for the match lock
 * arrived after its beginning, but by far less than an hour.
 */
export const ON_RECORD = (since: string, e = 'e') => `${e}.received_at >= ${since} - interval '5 minutes' AND ${e}.received_at < $1::timestamptz + interval '1 hour' AND`;

/** The filter of a condition, on the properties of one event. */
const FILTER = (vars: string, e = 'e') => `(c.filter IS NULL OR jsonb_path_match_tz(${e}.properties, c.filter, ${vars}, true))`;
/** An event of a correlated journey must carry the same value; one without it matches nobody. */
const CORRELATION = (correlation: string, e = 'e') => `(${correlation} = '' OR ${e}.properties #>> coalesce(c.correlation, j.correlation) = ${correlation})`;

/**
 * The one predicate of waiting, used by the live match and by a park's look-back: own time within the wait, the
 * deadline included (an event at the deadline wins over the timeout), never the event that admitted or last woke the
 * instance, and never history.
 */
const WAITS_FOR = (e = 'e', until = 'i.due_at') => `${e}.profile_id = i.profile_id AND ${e}.name = c.event
	AND ${e}.occurred_at >= i.since AND ${e}.occurred_at <= ${until} AND NOT ${e}.history
	AND ${e}.id IS DISTINCT FROM i.event_id
	AND (NOT i.after_arrival OR ${e}.received_at > i.parked_at)
	AND ${CORRELATION('i.correlation', e)} AND ${FILTER(`coalesce(i.vars, '${NO_VARIABLES}')`, e)}`;

/**
 * Whether an event that is waited for is the one that completes the number asked for: itself and those that happened
 * before it, within the time asked for. Counted up to that number.
 */
const COMPLETES = (until?: string) => `(c.times = 1 OR c.times <= (SELECT count(*) FROM (
		SELECT FROM events x WHERE ${WAITS_FOR('x', until)} AND (x.occurred_at, x.id) <= (e.occurred_at, e.id) AND CASE
			WHEN c.within IS NULL THEN true
			WHEN c.within = 'day' THEN x.occurred_at > e.occurred_at - interval '2 days' AND (
				SELECT local_day(x.occurred_at, zone) = local_day(e.occurred_at, zone)
				FROM (SELECT coalesce(p.zone, j.zone) AS zone FROM profiles p WHERE p.id = i.profile_id) own)
			ELSE x.occurred_at >= e.occurred_at - c.within::interval
		END LIMIT c.times
	) counted))`;

/** Two events of one instant reset the timer once each: without an order they would take turns until the limit. */
const RESETS = `c.effect = 'reset' AND i.resets < 100 AND (i.resets = 0 OR (e.occurred_at, e.id) > (i.reset_at, i.event_id))`;

export interface Reset {
	id: number;
	event_id: number;
	event_received_at: Date;
	occurred_at: Date;
	zone: string;
	timer: Duration;
}

/*
 * How statements about batches are shaped: one CTE finds *and carries the columns on*, the writes join it to tables by
 * key. Two CTEs are never joined with each other: the planner takes each for one row, loops over both, and a batch of
 * 2,000 costs four million comparisons (measured: 1.3 s instead of 40 ms).
 *
 * A wake needs no row locks of its own before it writes: whoever else writes several waiting rows of these people (a
 * park, a goal, another match) waits for the match lock, and a claim skips what is locked. If a claim was quicker, the
 * UPDATE waits for it, looks at the row again and leaves it: its timeout was decided first.
 */
const wake = (source: string, events = '') => `
	WITH ${events && `${events}, `}hit AS MATERIALIZED (
		SELECT DISTINCT ON (i.id) i.id, c.effect, c.output, c.set_id, e.id AS event_id, e.received_at, e.occurred_at
		FROM ${source}
		ORDER BY i.id, e.occurred_at, e.id, c.ordinal
	), woken AS (
		UPDATE instances i SET wake = 'event', output = hit.output, due_at = $1, left_at = hit.occurred_at, expires = false,
			event_id = hit.event_id, event_received_at = hit.received_at
		FROM hit WHERE i.id = hit.id AND hit.effect = 'wake' AND i.status = 'waiting' AND i.wake IS NULL
		RETURNING 1
	)
	SELECT all_woken.count AS woken, resets.* FROM (SELECT count(*)::int AS count FROM woken) all_woken LEFT JOIN (
		SELECT hit.id, hit.event_id, hit.received_at AS event_received_at, hit.occurred_at, s.timer, coalesce(p.zone, j.zone) AS zone
		FROM hit JOIN instances i ON i.id = hit.id JOIN journeys j ON j.id = i.journey_id
			JOIN profiles p ON p.id = i.profile_id JOIN condition_sets s ON s.id = hit.set_id
		WHERE hit.effect = 'reset'
	) resets ON true`;

/*
 * Each source names its driving rows and reaches the rest by key, whatever the statistics say: after a bulk load the
 * planner otherwise reads all events for each instance (measured: 7.4 s instead of 40 ms for 2,000 people).
 */
const WAKE_BY_NEW_EVENTS = wake(`fresh e
	CROSS JOIN LATERAL (
		SELECT * FROM instances i WHERE i.profile_id = e.profile_id AND i.status = 'waiting' AND i.wake IS NULL OFFSET 0
	) i
	JOIN journeys j ON j.id = i.journey_id
	JOIN conditions c ON c.set_id = i.set_id AND c.times = 1 AND ${WAITS_FOR()}
	WHERE c.effect = 'wake' OR ${RESETS}`, NEW_EVENTS);
const WAKE_BY_LOOK_BACK = wake(`instances i
	JOIN journeys j ON j.id = i.journey_id
	JOIN conditions c ON c.set_id = i.set_id
	CROSS JOIN LATERAL (
		SELECT e.* FROM events e WHERE ${ON_RECORD('i.since')} ${WAITS_FOR()} AND ${COMPLETES()} AND (c.effect = 'wake' OR ${RESETS})
		ORDER BY e.occurred_at, e.id LIMIT 1
	) e
	WHERE i.id = ANY($2::bigint[]) AND i.status = 'waiting' AND i.wake IS NULL`);

/** How many woke, on every row, and one reset. */
type Hit = { woken: number } & (Reset | { id: null });

async function wakeWaiting(db: Connection, sql: string, params: unknown[], restart: RestartTimers): Promise<number> {
	let woken = 0;
	// A reset moves the deadline, and with it which later events still count: match again until none is left.
	for (;;) {
		const hits = await db.rows<Hit>(sql, [db.now, ...params]);
		woken += hits[0]!.woken;
		const resets = hits.filter((hit) => hit.id !== null);
		if (resets.length === 0) return woken;
		await restart(db, resets);
	}
}

/** Starts the timers again from the events' own time; the calendar is core's, so it is handed in. */
export type RestartTimers = (db: Connection, resets: Reset[]) => Promise<void>;

/** Wakes who waits for these new events. The caller holds the match lock. @returns how many */
export async function wakeByEvents(db: Connection, events: number[], restart: RestartTimers): Promise<number> {
	if (events.length === 0) return 0;
	return await wakeWaiting(db, WAKE_BY_NEW_EVENTS, [events], restart);
}

/** Wakes those of these instances whose event is already on record. The caller holds the match lock. @returns how many */
export async function wakeByLookBack(db: Connection, instances: number[], restart: RestartTimers): Promise<number> {
	return await wakeWaiting(db, WAKE_BY_LOOK_BACK, [instances], restart);
}

/**
 * The same for new events of which several are asked for: whoever may have enough of them now is looked up as at a park.
 * Before `wakeByEvents`, so that of several branches the first to happen is found.
 */
export async function wakeByCount(db: Connection, events: number[], restart: RestartTimers): Promise<number> {
	if (events.length === 0) return 0;
	const counting = await db.rows<{ id: number }>(COUNTING, [db.now, events]);
	return counting.length > 0 ? await wakeByLookBack(db, counting.map(({ id }) => id), restart) : 0;
}

const COUNTING = `WITH ${NEW_EVENTS}
	SELECT DISTINCT i.id FROM fresh e
	CROSS JOIN LATERAL (
		SELECT * FROM instances i WHERE i.profile_id = e.profile_id AND i.status = 'waiting' AND i.wake IS NULL OFFSET 0
	) i
	JOIN journeys j ON j.id = i.journey_id
	JOIN conditions c ON c.set_id = i.set_id AND c.times > 1 AND ${WAITS_FOR()} AND $1::timestamptz IS NOT NULL`;

/**
 * Of whose time is up: whatever decided that has set it, the claim or what spreads them after a pause. Their `due_at`
 * says since then when they go on.
 */
const DEADLINE = 'i.left_at';

/** Of people whose time is up and who waited to the end: the best of what happened, in the order of the branches. */
export async function wakeByRank(db: Connection, token: string): Promise<void> {
	await db.rows(
		`WITH best AS MATERIALIZED (
			SELECT DISTINCT ON (i.id) i.id, c.output, e.id AS event_id, e.received_at
			FROM instances i
			JOIN journeys j ON j.id = i.journey_id
			JOIN conditions c ON c.set_id = i.set_id AND c.effect = 'rank'
			CROSS JOIN LATERAL (
				SELECT e.* FROM events e WHERE ${ON_RECORD('i.since')} ${WAITS_FOR('e', DEADLINE)} AND ${COMPLETES(DEADLINE)}
				ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1
			) e
			WHERE i.token = $2 AND i.wake = 'time'
			ORDER BY i.id, c.ordinal
		)
		UPDATE instances i SET wake = 'event', output = best.output, event_id = best.event_id, event_received_at = best.received_at
		FROM best WHERE i.id = best.id`,
		[db.now, token],
	);
}

/** Journals which of these new events would have ended a wait whose timeout was claimed before. @returns how many */
export async function tellLate(db: Connection, events: number[]): Promise<number> {
	if (events.length === 0) return 0;
	return (await db.rows(LATE, [db.now, events])).length;
}

const LATE = `WITH ${NEW_EVENTS}
	INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, detail)
	SELECT DISTINCT ON (e.id, i.instance_id, i.due_at) $1, i.due_at, 'late', i.journey_id, i.step_id, i.profile_id, i.instance_id,
		jsonb_build_object('event_id', e.id, 'output', c.output)
	FROM fresh e
	CROSS JOIN LATERAL (SELECT * FROM timeouts i WHERE i.profile_id = e.profile_id OFFSET 0) i
	JOIN journeys j ON j.id = i.journey_id
	JOIN conditions c ON c.set_id = i.set_id AND c.effect <> 'reset' AND ${WAITS_FOR()} AND ${COMPLETES()}
	ORDER BY e.id, i.instance_id, i.due_at, c.ordinal
	RETURNING id`;

/** New deadlines after a reset: `due_at` from the event; journey values that it carries are captured again. */
export async function restartTimers(db: Connection, timers: Array<Reset & { due_at: Date }>): Promise<void> {
	await db.rows(
		`WITH t AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS t(id bigint, event_id bigint, event_received_at timestamptz,
				occurred_at timestamptz, due_at timestamptz)
		), moved AS (
			UPDATE instances i SET due_at = t.due_at, reset_at = t.occurred_at, resets = i.resets + 1,
				event_id = t.event_id, event_received_at = t.event_received_at, context = i.context || coalesce((
					SELECT jsonb_object_agg(v.key, e.properties #> ARRAY(SELECT jsonb_array_elements_text(v.value)))
					FROM steps s
						CROSS JOIN LATERAL (
							SELECT config->'values' AS captured FROM steps WHERE workflow = s.workflow AND kind = 'entry' ORDER BY state DESC, id DESC LIMIT 1
						) entry
						CROSS JOIN LATERAL jsonb_each(entry.captured) v
						JOIN events e ON e.id = t.event_id AND e.received_at = t.event_received_at
					WHERE s.id = i.step_id AND e.properties #> ARRAY(SELECT jsonb_array_elements_text(v.value)) IS NOT NULL
				), '{}')
			FROM t WHERE i.id = t.id AND i.status = 'waiting' AND i.wake IS NULL
			RETURNING i.*
		)
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT $2, due_at, 'reset', journey_id, step_id, profile_id, id, 'repeated_event', jsonb_build_object('event_id', event_id)
		FROM moved`,
		[JSON.stringify(timers), db.now],
	);
}

const candidates = (events: string, steps: string) => `
	WITH ${events}
	INSERT INTO candidates (step_id, journey_id, profile_id, event_id, event_received_at, due_at)
	SELECT DISTINCT ON (e.id, j.id) s.id, j.id, e.profile_id, e.id, e.received_at, $1
	FROM journeys j
	JOIN steps s ON s.id = j.entrance
	JOIN conditions c ON c.set_id = s.set_id
	JOIN fresh e ON e.name = c.event AND ${FILTER(`'${NO_VARIABLES}'`)}
	WHERE s.state = 'on' AND ${steps}
	ORDER BY e.id, j.id
	ON CONFLICT (event_id, journey_id) DO NOTHING
	RETURNING id`;

/** Writes a candidate for each journey that these new events may enter. @returns how many */
export async function addCandidates(db: Connection, events: number[]): Promise<number> {
	if (events.length === 0) return 0;
	return (await db.rows(candidates(NEW_EVENTS, 'true'), [db.now, events])).length;
}

/** The same for everything that arrived since, when an Entry Trigger comes back. @returns how many */
export async function addCandidatesSince(db: Connection, step: number, since: Date): Promise<number> {
	return (await db.rows(candidates(MISSED_EVENTS, 's.id = $2'), [db.now, step, since])).length;
}

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
const THEIRS = `(en.workflow = s.workflow OR s.workflow = (SELECT o.workflow FROM steps o WHERE o.id = j.entrance AND o.state = 'on')
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
