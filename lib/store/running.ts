import type { EventItem, Json, Profile } from '../core/types';
import type { Connection } from './types';

/** An instance as an execution needs it. Times are logical: see the glossary. */
export interface Running {
	id: number;
	visit: number;
	attempts: number;
	correlation: string;
	wake: 'time' | 'event' | 'goal' | 'batch' | 'entry';
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

/** What an execution holds under its token. @param ids only these; absent: all */
export async function loadRunning(
	db: Connection, claim: { token: string; execution: string }, ids?: number[],
): Promise<Running[]> {
	return await db.rows<Running>(
		`SELECT i.id, i.visit, i.attempts, i.correlation, i.wake, i.output, j.key AS journey_key, j.zone AS journey_zone,
			i.entered_at, i.left_at, i.due_at, i.context, ${PROFILE} AS profile, ${EVENT} AS event
		 FROM instances i
			JOIN journeys j ON j.id = i.journey_id
			JOIN profiles p ON p.id = i.profile_id
			LEFT JOIN events e ON e.id = i.event_id AND e.received_at = i.event_received_at
		 WHERE i.token = $1 AND EXISTS (SELECT FROM claims WHERE token = $1 AND execution = $2)
			AND ($3::bigint[] IS NULL OR i.id = ANY($3::bigint[]))
		 ORDER BY i.id`,
		[claim.token, claim.execution, ids ?? null],
	);
}

/** Journals that these instances left their wait, and why. */
export async function tellWoken(db: Connection, token: string): Promise<void> {
	await db.rows(
		`INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		 SELECT $2, due_at, 'woken', journey_id, step_id, profile_id, id, wake,
			jsonb_strip_nulls(jsonb_build_object('output', output, 'event_id', CASE WHEN wake = 'event' THEN event_id END,
				'attempt', nullif(attempts + losses, 0)))
		 FROM instances WHERE token = $1 AND wake IN ('time', 'event')`,
		[token, db.now],
	);
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
