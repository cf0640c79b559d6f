import { consentKey, notAhead, type Said } from '../core/consent';
import type { Engagement } from '../core/types';
import { recordConsents } from './consents';
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
	const rows = await db.rows<Engaged & { erased: boolean }>(
		`WITH ${FOUND}, recorded AS (
			INSERT INTO engagements (delivery_id, kind, at, profile_id, detail)
			SELECT delivery_id, kind, at, profile_id, CASE WHEN erased THEN '{}' ELSE detail END FROM found WHERE matches = 1 ORDER BY delivery_id, kind, at, index
			ON CONFLICT (delivery_id, kind, at) DO NOTHING
		)
		SELECT DISTINCT ON (index) index, matches, delivery_id, profile_id, channel, erased FROM found ORDER BY index, delivery_id`,
		[JSON.stringify(engagements)],
	);
	const asked = new Map(engagements.map((one) => [one.index, one]));
	const denials = rows.flatMap(({ index, matches, delivery_id, profile_id, channel, erased }): Said[] => {
		const { kind, at } = asked.get(index)!;
		if (matches > 1 || erased || (kind !== 'complained' && kind !== 'unsubscribed')) return [];
		return [{ profile_id, key: consentKey(channel, ''), state: 'denied', at: notAhead(at, db.now), stamped: false, split: false, source: kind, reference: String(delivery_id) }];
	});
	if (denials.length > 0) await recordConsents(db, denials.sort((one, other) => +one.at - +other.at));
	return rows.map(({ erased, ...engaged }) => engaged);
}
