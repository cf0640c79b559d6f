import type { Said } from '../core/consent';
import type { Merge } from './merge';
import type { Connection } from './types';

/** Of a key of `profiles.consent`. */
const PARTS = "split_part(key, '/', 1), substr(key, strpos(key || '/', '/') + 1)";

/**
 * Keeps what changes by what people say, in one statement; saying the same again is no change. What is older than
 * something known is kept as well, once, and holds nothing. To be called before the profiles are written, under their
 * match lock.
 */
export async function insertConsents(db: Connection, said: Said[], source: string): Promise<void> {
	await db.rows(
		`INSERT INTO consents (profile_id, channel, purpose, before, state, holds, at, recorded_at, source, reference)
		 SELECT profile_id, channel, purpose, before, state, holds, at, $2, $3, reference FROM (
			SELECT *, CASE WHEN holds THEN coalesce(lag(state) OVER (PARTITION BY profile_id, key, holds ORDER BY at, ordinal), stored) ELSE stored END AS before
			FROM (
				SELECT s.*, p.consent #>> ARRAY[s.key, 'state'] AS stored,
					extract(epoch FROM s.at) * 1000 >= coalesce((p.consent #>> ARRAY[s.key, 'at'])::numeric, 0) AS holds
				FROM jsonb_to_recordset($1::jsonb) AS s(ordinal int, profile_id bigint, channel text, purpose text, key text, state text, at timestamptz, reference text)
					CROSS JOIN LATERAL (SELECT consent FROM profiles WHERE id = s.profile_id OFFSET 0) p
			) compared
		 ) told
		 WHERE state IS DISTINCT FROM before AND (holds OR (SELECT count(*) FROM (
			SELECT FROM consents c WHERE c.profile_id = told.profile_id AND c.at = told.at AND c.channel = told.channel AND c.purpose = told.purpose
				AND c.state = told.state LIMIT 1
		 ) kept) = 0)
		 ORDER BY profile_id, at, ordinal`,
		[JSON.stringify(said.map((one, ordinal) => ({ ...one, ordinal }))), db.now, source],
	);
}

/**
 * What holds of the consent of two profiles that become one, as SQL: the strictest for each channel and purpose of either
 * side, and of equals what was said last.
 *
 * @param one, other the consent of each side
 */
export function strictest(one: string, other: string): string {
	return `(SELECT coalesce(jsonb_object_agg(key, said), '{}') FROM (
		SELECT DISTINCT ON (key) key, said
		FROM jsonb_object_keys(${one} || ${other}) key,
			LATERAL (SELECT consent_in_force(${one}, ${PARTS}) UNION ALL SELECT consent_in_force(${other}, ${PARTS})) both_sides(said)
		WHERE said IS NOT NULL
		ORDER BY key, said->>'state' = 'denied' DESC, (said->>'at')::numeric DESC
	) of_each)`;
}

/** Keeps what one of two profiles had granted and the other had denied, which denies it for the person that they become. To be called before they do. */
export async function tellStricter(db: Connection, merges: Merge[]): Promise<void> {
	await db.rows(
		`INSERT INTO consents (profile_id, channel, purpose, before, state, holds, at, recorded_at, source)
		 SELECT m."into", split_part(key, '/', 1), substr(key, strpos(key || '/', '/') + 1), 'granted', 'denied', true, $3, $3, 'merge'
		 FROM unnest($1::bigint[], $2::bigint[]) AS m("from", "into") JOIN profiles old ON old.id = m."from" JOIN profiles own ON own.id = m."into",
			LATERAL jsonb_object_keys(old.consent || own.consent) key
		 WHERE ARRAY(SELECT consent_in_force(old.consent, ${PARTS})->>'state' UNION ALL SELECT consent_in_force(own.consent, ${PARTS})->>'state')
			@> ARRAY['granted', 'denied']
		 ORDER BY 1, 2, 3`,
		[merges.map(({ from }) => from), merges.map(({ into }) => into), db.now],
	);
}
