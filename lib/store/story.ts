import type { Json } from '../core/types';
import type { Connection } from './types';

/** One thing on record about a profile in a journey. What `detail` holds differs by kind. */
export interface Fact {
	/** Position of the question in what was asked. */
	asked: number;
	at: Date;
	source: 'now' | 'journal' | 'refusal' | 'delivery' | 'engagement' | 'finished' | 'consent';
	kind: string;
	reason: string | null;
	due_at: Date | null;
	detail: Json | null;
	instance: number | null;
	step: string | null;
	/** The event that `detail.event_id` names, unless retention has dropped it. */
	event: string | null;
	event_at: Date | null;
	/** Of a conversion. */
	value: number | null;
	currency: string | null;
}

/** Whose story in which journey, newest first: at most `most` facts after the newest `skip`. */
export interface StoryQuestion {
	profile_id: number;
	journey_id: number;
	most: number;
	skip: number;
}

const NOW = `
	SELECT $5::timestamptz AS at, 2 AS rank, i.id, 'now' AS source, i.status AS kind, coalesce(i.wake, CASE WHEN i.expires THEN 'limit' END) AS reason,
		i.due_at, jsonb_build_object('events', (SELECT jsonb_agg(coalesce(event, kind || ' ' || array_to_string(subjects, ', ')) ORDER BY ordinal)
			FROM conditions WHERE set_id = i.set_id AND kind <> 'date'),
			'since', i.since, 'attempts', i.attempts, 'error', i.error) AS detail, i.id AS instance, i.step_id
	FROM instances i WHERE i.profile_id = a.profile_id AND i.journey_id = a.journey_id
	UNION ALL
	SELECT $5, 2, id, 'now', 'candidate', delayed, due_at, jsonb_strip_nulls(jsonb_build_object('event_id', event_id, 'attempts', attempts)), NULL, step_id
	FROM candidates WHERE profile_id = a.profile_id AND journey_id = a.journey_id`;

const JOURNAL = `
	SELECT at, 1, id, 'journal', kind, reason, due_at, detail, instance_id, step_id
	FROM journal WHERE profile_id = a.profile_id AND journey_id = a.journey_id`;

const REFUSALS = `
	SELECT last_at, 0, 0, 'refusal', 'refused', reason, NULL, detail || jsonb_build_object('times', times, 'first_at', first_at), NULL, NULL
	FROM refusals WHERE profile_id = a.profile_id AND journey_id = a.journey_id`;

/** Messages that are still on their way: an outcome is in the journal. */
const DELIVERIES = `
	SELECT claimed_at, 0, id, 'delivery', status, channel, NULL, jsonb_build_object('delivery', id, 'error', error), instance_id, step_id
	FROM deliveries d WHERE profile_id = a.profile_id AND journey_id = a.journey_id AND NOT EXISTS (
		SELECT FROM journal j WHERE j.profile_id = d.profile_id AND j.journey_id = d.journey_id AND j.at >= d.claimed_at
			AND j.kind = d.status AND (j.detail->>'delivery')::bigint = d.id)`;

const ENGAGEMENTS = `
	SELECT e.at, 0, 0, 'engagement', e.kind, d.channel, NULL, jsonb_build_object('delivery', d.id, 'detail', e.detail), d.instance_id, d.step_id
	FROM engagements e JOIN deliveries d ON d.id = e.delivery_id AND d.profile_id = e.profile_id
	WHERE e.profile_id = a.profile_id AND d.journey_id = a.journey_id`;

/** Journeys that ended so long ago that their journal is gone. */
const FINISHED = `
	SELECT ended_at, 0, id, 'finished', status, reason, NULL, jsonb_build_object('error', error, 'entered_at', entered_at), id, step_id
	FROM finished f WHERE profile_id = a.profile_id AND journey_id = a.journey_id AND NOT EXISTS (
		SELECT FROM journal j WHERE j.profile_id = f.profile_id AND j.journey_id = f.journey_id AND j.instance_id = f.id AND j.kind = f.status
			AND j.at = f.ended_at)`;

/** Of no journey, and asked by all of them. */
const CONSENTS = `
	SELECT at, 0, id, 'consent', state, channel, NULL, jsonb_build_object('purpose', purpose, 'before', before, 'holds', holds, 'source', source, 'recorded_at', recorded_at), NULL, NULL
	FROM consents WHERE profile_id = a.profile_id`;

/** The limit at the conversions keeps their look-up by key, whatever the planner makes of the many sources. */
const STORY = `
	SELECT (a.ordinal - 1)::int AS asked, f.at, f.source, f.kind, f.reason, f.due_at, f.detail, f.instance, s.name AS step,
		e.name AS event, e.occurred_at AS event_at, c.value, c.currency
	FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[]) WITH ORDINALITY AS a(profile_id, journey_id, most, skip, ordinal)
	CROSS JOIN LATERAL (
		SELECT * FROM (${[NOW, JOURNAL, REFUSALS, DELIVERIES, ENGAGEMENTS, FINISHED, CONSENTS].join('\n\tUNION ALL')}) facts
		ORDER BY at DESC, rank DESC, id DESC LIMIT a.most OFFSET a.skip
	) f
	LEFT JOIN steps s ON s.id = f.step_id
	LEFT JOIN events e ON e.profile_id = a.profile_id AND e.id = (f.detail->>'event_id')::bigint
	LEFT JOIN LATERAL (
		SELECT * FROM conversions WHERE f.kind = 'converted' AND profile_id = a.profile_id AND step_id = f.step_id AND instance_id = f.instance LIMIT 1
	) c ON true
	ORDER BY a.ordinal, f.at DESC, f.rank DESC, f.id DESC`;

/** What is on record about profiles in journeys, newest first, where they are now on top. */
export async function loadStories(db: Connection, questions: StoryQuestion[]): Promise<Fact[]> {
	const column = (name: keyof StoryQuestion) => questions.map((one) => one[name]);
	return await db.rows<Fact>(STORY, [column('profile_id'), column('journey_id'), column('most'), column('skip'), db.now]);
}

/** The ids of journeys by key. */
export async function findJourneys(db: Connection, keys: string[]): Promise<Map<string, number>> {
	const rows = await db.rows<{ id: number; key: string }>('SELECT id, key FROM journeys WHERE key = ANY($1::text[])', [keys]);
	return new Map(rows.map(({ id, key }) => [key, id]));
}

/** Some journeys that there are, for whoever asked for one that is not. */
export async function someJourneyKeys(db: Connection, most: number): Promise<string[]> {
	const rows = await db.rows<{ key: string }>('SELECT key FROM journeys ORDER BY id DESC LIMIT $1', [most]);
	return rows.map(({ key }) => key);
}
