import type { EventItem, Json, Profile } from '../core/types';
import type { Connection } from './types';

/** An instance as an execution needs it. Times are logical: see the glossary. */
export interface Running {
	id: number;
	visit: number;
	attempts: number;
	correlation: string;
	wake: 'time' | 'event' | 'change' | 'goal' | 'batch' | 'entry' | 'move';
	output: string | null;
	journey_key: string;
	journey_zone: string;
	entered_at: Date;
	left_at: Date;
	due_at: Date;
	context: Json;
	profile: Profile;
	event: EventItem | null;
}

/** The profile as items carry it. */
export const PROFILE = `jsonb_build_object('id', p.id, 'email', p.email, 'phone', p.phone, 'locale', p.locale, 'zone', p.zone,
	'attributes', p.attributes, 'tags', to_jsonb(p.tags))`;

/** The event as items carry it. */
export const EVENT = `CASE WHEN e.id IS NOT NULL THEN jsonb_build_object('name', e.name, 'properties', e.properties,
	'occurred_at', to_char(e.occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'message_id', e.message_id) END`;

const HELD = `i.token = $1 AND EXISTS (SELECT FROM claims WHERE token = $1 AND execution = $2) AND ($3::bigint[] IS NULL OR i.id = ANY($3::bigint[]))`;

/** A row of `loadRunning`: profile and event come as columns, since objects of them cost the server as much as finding the rows. */
type RunningRow = Omit<Running, 'profile' | 'event'> & Omit<Profile, 'id'> & {
	profile_id: number;
	event_name: string | null;
	properties: Json;
	occurred_at: Date;
	message_id: string | null;
};

/** Journals that they left their wait, and why. */
const TOLD = `told AS (
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT $4, due_at, 'woken', journey_id, step_id, profile_id, id, wake,
			jsonb_strip_nulls(jsonb_build_object('output', output, 'event_id', CASE WHEN wake = 'event' THEN event_id END,
				'attempt', nullif(attempts + losses, 0)))
		FROM held WHERE wake IN ('time', 'event', 'change')
	)`;

/** What an execution holds under its token. @param ids only these; absent: all */
export async function loadRunning(db: Connection, claim: { token: string; execution: string }, ids?: number[]): Promise<Running[]> {
	return await load(db, claim, ids);
}

/** All that an execution holds under its token as it starts, journaled: read once for both (measured beside ten million: 24 µs a person instead of 28). */
export async function startRunning(db: Connection, claim: { token: string; execution: string }): Promise<Running[]> {
	return await load(db, claim, undefined, true);
}

async function load(db: Connection, claim: { token: string; execution: string }, ids?: number[], tell = false): Promise<Running[]> {
	const rows = await db.rows<RunningRow>(
		`WITH held AS ${tell ? 'MATERIALIZED' : 'NOT MATERIALIZED'} (
			SELECT i.id, i.journey_id, i.step_id, i.profile_id, i.visit, i.attempts, i.losses, i.correlation, i.wake, i.output, i.entered_at,
				i.left_at, i.due_at, i.context, i.event_id, i.event_received_at
			FROM instances i WHERE ${HELD}
		 )${tell ? `, ${TOLD}` : ''}
		 SELECT i.id, i.visit, i.attempts, i.correlation, i.wake, i.output, j.key AS journey_key, j.zone AS journey_zone,
			i.entered_at, i.left_at, i.due_at, i.context,
			p.id AS profile_id, p.email, p.phone, p.locale, p.zone, p.attributes, p.tags,
			e.name AS event_name, e.properties, e.occurred_at, e.message_id
		 FROM held i
			JOIN journeys j ON j.id = i.journey_id
			JOIN profiles p ON p.id = i.profile_id
			LEFT JOIN events e ON e.id = i.event_id AND e.received_at = i.event_received_at AND e.profile_id = i.profile_id
		 ORDER BY i.id`,
		[claim.token, claim.execution, ids ?? null, ...(tell ? [db.now] : [])],
	);
	return rows.map((row) => ({
		id: row.id, visit: row.visit, attempts: row.attempts, correlation: row.correlation, wake: row.wake, output: row.output,
		journey_key: row.journey_key, journey_zone: row.journey_zone, entered_at: row.entered_at, left_at: row.left_at, due_at: row.due_at,
		context: row.context,
		profile: { id: row.profile_id, email: row.email, phone: row.phone, locale: row.locale, zone: row.zone, attributes: row.attributes, tags: row.tags },
		event: row.event_name === null ? null
			: { name: row.event_name, properties: row.properties, occurred_at: row.occurred_at.toISOString(), message_id: row.message_id },
	}));
}

/** An instance on its way into a wait: all that a State needs to know. */
export interface Walking {
	id: number;
	profile_id: number;
	/** The profile's, else the journey's; null: it was not asked for. */
	zone: string | null;
	entered_at: Date;
	left_at: Date;
	/** What the attribute holds whose date the State waits for. */
	date: unknown;
}

/** What a State asks of the profiles of those who arrive. */
export interface AskedOfProfiles {
	/** Their time is up by the calendar. */
	zone: boolean;
	/** Path of the attribute whose date it waits for. */
	attribute?: string[];
}

/**
 * The same for a State, which hands nobody on: without profile, event and journey values. Who waits for events alone, or
 * for hours, needs nothing of the profile, and it is left where it is (measured beside ten million: 5 µs a person instead
 * of 12).
 */
export async function loadWalking(
	db: Connection, claim: { token: string; execution: string }, ids: number[], asked: AskedOfProfiles,
): Promise<Walking[]> {
	const { zone, attribute } = asked;
	const profiles = zone || attribute;
	return await db.rows<Walking>(
		`SELECT i.id, i.profile_id, ${zone ? 'coalesce(p.zone, j.zone)' : 'NULL'} AS zone, i.entered_at, i.left_at,
			${attribute ? "nullif(p.attributes #> $4, 'null')" : 'NULL'} AS date
		 FROM instances i ${zone ? 'JOIN journeys j ON j.id = i.journey_id' : ''} ${profiles ? 'JOIN profiles p ON p.id = i.profile_id' : ''}
		 WHERE ${HELD}
		 ORDER BY i.id`,
		[claim.token, claim.execution, ids, ...(attribute ? [attribute] : [])],
	);
}

/**
 * Of these instances those that this execution holds, with whose they are. Who takes the batch away from it waits for
 * our commit, or came first, and nothing is found.
 */
export async function heldInstances(db: Connection, claim: { token: string; execution: string }, ids: number[]): Promise<Map<number, number>> {
	const rows = await db.rows<{ id: number; profile_id: number }>(
		`WITH held AS MATERIALIZED (SELECT token FROM claims WHERE token = $1 AND execution = $2 FOR KEY SHARE)
		 SELECT i.id, i.profile_id FROM held JOIN instances i USING (token) WHERE i.id = ANY($3::bigint[])`,
		[claim.token, claim.execution, ids],
	);
	return new Map(rows.map((row) => [row.id, row.profile_id]));
}

/** Writes journey values of running instances. @returns how many are still this execution's */
export async function setContext(
	db: Connection, claim: { token: string; execution: string }, values: Array<{ id: number; values: Json }>,
): Promise<number> {
	const rows = await db.rows(
		`UPDATE instances i SET context = i.context || v.values
		 FROM jsonb_to_recordset($1::jsonb) AS v(id bigint, values jsonb)
		 WHERE i.id = v.id AND i.token = $2 AND EXISTS (SELECT FROM claims WHERE token = $2 AND execution = $3)
		 RETURNING i.id`,
		[JSON.stringify(values), claim.token, claim.execution],
	);
	return rows.length;
}

/** Someone whose date cannot be told. */
export interface Undated {
	id: number;
	/** What was found, and what to do. */
	problem: string;
}

/** Journals why running instances do not wait for a date. */
export async function tellUndated(db: Connection, claim: { token: string; execution: string }, step: number, people: Undated[]): Promise<void> {
	await db.rows(
		`INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		 SELECT $4, 'undated', i.journey_id, $5, i.profile_id, i.id, 'no_date', jsonb_build_object('error', u.problem)
		 FROM jsonb_to_recordset($3::jsonb) AS u(id bigint, problem text) JOIN instances i USING (id)
		 WHERE i.token = $1 AND EXISTS (SELECT FROM claims WHERE token = $1 AND execution = $2)`,
		[claim.token, claim.execution, JSON.stringify(people), db.now, step],
	);
}
