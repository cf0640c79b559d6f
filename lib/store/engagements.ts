import type { Engagement } from '../core/types';
import type { Connection } from './types';

/** What a recorded engagement belongs to. */
export interface Engaged {
	index: number;
	/** How many deliveries the key or id names: it is recorded only if there is exactly one. */
	matches: number;
	delivery_id: number;
	profile_id: number;
	channel: string;
}

const FOUND = `
	asked AS (
		SELECT * FROM jsonb_to_recordset($1::jsonb) AS a(index int, "findBy" text, message text, kind text, at timestamptz, detail jsonb)
	), found AS MATERIALIZED (
		SELECT a.index, a.kind, a.at, a.detail, d.id AS delivery_id, d.profile_id, d.channel,
			(SELECT p.erased_at IS NOT NULL FROM profiles p WHERE p.id = d.profile_id) AS erased, (count(*) OVER (PARTITION BY a.index))::int AS matches
		FROM asked a, LATERAL (
			SELECT id, profile_id, channel FROM deliveries WHERE key = CASE a."findBy" WHEN 'key' THEN a.message::uuid END
			UNION ALL
			SELECT id, profile_id, channel FROM deliveries WHERE provider_id = CASE a."findBy" WHEN 'provider' THEN a.message END
		) d
	)`;

/** The profiles whose messages these are, so that they can be locked. */
export async function findEngaged(db: Connection, engagements: Engagement[]): Promise<number[]> {
	const rows = await db.rows<{ profile_id: number }>(`WITH ${FOUND} SELECT DISTINCT profile_id FROM found`, [JSON.stringify(engagements)]);
	return rows.map(({ profile_id }) => profile_id);
}

/**
 * Records engagements, each once. A complaint or an unsubscription also denies consent for the message's channel,
 * unless the person has said something newer. Of who was erased it is only counted. The caller holds the match lock of these profiles.
 *
 * @returns what each belongs to; an unknown message is absent, an ambiguous one is there with `matches` above 1
 */
export async function insertEngagements(db: Connection, engagements: Engagement[]): Promise<Engaged[]> {
	return await db.rows<Engaged>(
		`WITH ${FOUND}, recorded AS (
			INSERT INTO engagements (delivery_id, kind, at, profile_id, detail)
			SELECT delivery_id, kind, at, profile_id, CASE WHEN erased THEN '{}' ELSE detail END FROM found WHERE matches = 1 ORDER BY delivery_id, kind, at, index
			ON CONFLICT (delivery_id, kind, at) DO NOTHING
		), denied AS (
			SELECT profile_id, jsonb_object_agg(channel, one) AS said FROM (
				SELECT DISTINCT ON (profile_id, channel) profile_id, channel,
					jsonb_build_object('at', (extract(epoch FROM at) * 1000)::bigint, 'kind', kind, 'delivery', delivery_id) AS one
				FROM found WHERE matches = 1 AND NOT erased AND kind IN ('complained', 'unsubscribed') ORDER BY profile_id, channel, at DESC
			) said GROUP BY profile_id
		), locked AS MATERIALIZED (
			SELECT p.id, p.consent AS known, denied.said FROM denied JOIN profiles p ON p.id = denied.profile_id ORDER BY p.id FOR UPDATE OF p
		), told AS (
			INSERT INTO consents (profile_id, channel, purpose, before, state, holds, at, recorded_at, source, reference)
			SELECT id, key, '', known #>> ARRAY[key, 'state'], 'denied', true, to_timestamp((one->>'at')::numeric / 1000), $2, one->>'kind', one->>'delivery'
			FROM locked, jsonb_each(locked.said) each(key, one)
			WHERE known #>> ARRAY[key, 'state'] IS DISTINCT FROM 'denied' AND coalesce((known #>> ARRAY[key, 'at'])::numeric, 0) <= (one->>'at')::numeric
			ORDER BY id, key
		), consented AS (
			UPDATE profiles p SET updated_at = $2, consent = p.consent || coalesce((
				SELECT jsonb_object_agg(key, jsonb_build_object('state', 'denied', 'at', one->'at')) FROM jsonb_each(locked.said) each(key, one)
				WHERE coalesce((p.consent #>> ARRAY[key, 'at'])::numeric, 0) <= (one->>'at')::numeric), '{}')
			FROM locked WHERE p.id = locked.id
		)
		SELECT DISTINCT ON (index) index, matches, delivery_id, profile_id, channel FROM found ORDER BY index, delivery_id`,
		[JSON.stringify(engagements), db.now],
	);
}
