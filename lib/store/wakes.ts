import { NO_VARIABLES } from '../core/filter';
import type { Duration } from '../core/types';
import { CORRELATION, FILTER, NEW_EVENTS, ON_RECORD } from './match';
import type { Connection } from './types';

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

/**
 * Whether an event that `i` waits for may be on record already. A park asks it with its write instead of fetching the same
 * people once more, mostly to find nothing (measured beside ten million who wait: 32 µs a person instead of 39). Who may
 * have one goes to `wakeByLookBack`, which decides. $1: now.
 */
export const MAY_BE_ON_RECORD = `EXISTS (
	SELECT FROM conditions c
		JOIN journeys j ON j.id = i.journey_id
		CROSS JOIN LATERAL (SELECT FROM events e WHERE ${ON_RECORD('i.since')} ${WAITS_FOR()} LIMIT 1) e
	WHERE c.set_id = i.set_id AND c.effect <> 'rank'
)`;

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
