import type { Said } from '../core/consent';
import type { Merge } from './merge';
import type { Connection } from './types';

/** Of a key of `profiles.consent`. */
const PARTS = "split_part(key, '/', 1), substr(key, strpos(key || '/', '/') + 1)";

/**
 * Writes what people say of consent, and keeps what it changes, in one statement: what is stored under the key, or what is in
 * force for a purpose on the channel. Saying the same again is no change. What is older than something known holds nothing; it
 * is kept where it differs from what was said before it. The caller holds the match lock of these people.
 */
export async function recordConsents(db: Connection, said: Said[]): Promise<void> {
	await db.rows(
		`WITH asked AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS a(profile_id bigint, words jsonb)
		), locked AS MATERIALIZED (
			SELECT p.id, p.consent, asked.words FROM asked JOIN profiles p ON p.id = asked.profile_id ORDER BY p.id FOR UPDATE OF p
		), told AS MATERIALIZED (
			SELECT locked.id, t.*, word ->> 'key' AS key, word ->> 'state' AS state, (word ->> 'at')::numeric AS said_at, channel, purpose, stored ->> 'state' AS stored,
				coalesce((stored ->> 'at')::numeric, 0) > (word ->> 'at')::numeric AND NOT ((word -> 'stamped')::boolean AND word ->> 'state' = 'granted') AS late
			FROM locked, LATERAL consent_told(locked.consent, locked.words) t, LATERAL (SELECT word ->> 'key' AS key, before -> (word ->> 'key') AS stored) k,
				LATERAL (SELECT split_part(key, '/', 1) AS channel, substr(key, strpos(key || '/', '/') + 1) AS purpose) parts
		), kept AS (
			INSERT INTO consents (profile_id, channel, purpose, before, state, holds, at, recorded_at, source, reference)
			SELECT id, channel, purpose, CASE WHEN late OR stored IS DISTINCT FROM state THEN stored ELSE ${inForce('before', 'key')} END, state, NOT late,
				to_timestamp(said_at / 1000), $2, word ->> 'source', word ->> 'reference'
			FROM (
				SELECT told.*, lag(state) OVER before_it AS last_state, to_timestamp(lag(said_at) OVER before_it / 1000) AS last_at
				FROM told WINDOW before_it AS (PARTITION BY id, key, late ORDER BY ordinal)
			) one
			WHERE CASE WHEN late THEN state IS DISTINCT FROM coalesce((
				SELECT c.state FROM consents c WHERE c.profile_id = one.id AND c.at <= to_timestamp(one.said_at / 1000) AND c.at > coalesce(one.last_at, '-infinity')
					AND c.channel = one.channel AND c.purpose = one.purpose ORDER BY c.at DESC, c.id DESC LIMIT 1), last_state)
			WHEN before = after THEN false
			ELSE stored IS DISTINCT FROM state OR (
				SELECT count(*) FROM jsonb_object_keys(after) other WHERE split_part(other, '/', 1) = channel
					AND ${inForce('before', 'other')} IS DISTINCT FROM ${inForce('after', 'other')}) > 0 END
			ORDER BY id, ordinal
		)
		UPDATE profiles p SET consent = last.after, updated_at = $2
		FROM (SELECT DISTINCT ON (id) id, after FROM told ORDER BY id, ordinal DESC) last
		WHERE p.id = last.id AND p.consent <> last.after`,
		[JSON.stringify(byProfile(said)), db.now],
	);
}

/** The state that holds for what a key names, as SQL. */
function inForce(consent: string, key: string): string {
	return `consent_in_force(${consent}, split_part(${key}, '/', 1), substr(${key}, strpos(${key} || '/', '/') + 1)) ->> 'state'`;
}

function byProfile(said: Said[]): Array<{ profile_id: number; words: object[] }> {
	const words = new Map<number, object[]>();
	for (const { profile_id, ...word } of said) words.set(profile_id, [...(words.get(profile_id) ?? []), { ...word, at: +word.at }]);
	return [...words].map(([profile_id, theirs]) => ({ profile_id, words: theirs }));
}

/**
 * What holds of the consent of two profiles that become one, as SQL: the strictest for each channel and purpose of either
 * side, and of equals what was said last. Where they differ it is refused as of now: what one of them said before they
 * became one does not speak for both.
 *
 * @param one, other the consent of each side
 * @param now an instant
 */
export function strictest(one: string, other: string, now: string): string {
	return `(SELECT coalesce(jsonb_object_agg(key, said), '{}') FROM (
		SELECT key, CASE WHEN count(DISTINCT said ->> 'state') > 1 THEN jsonb_build_object('state', 'denied', 'at', (extract(epoch FROM ${now}) * 1000)::bigint)
			ELSE (array_agg(said ORDER BY (said ->> 'at')::numeric DESC))[1] END AS said
		FROM jsonb_object_keys(${one} || ${other}) key,
			LATERAL (SELECT consent_in_force(${one}, ${PARTS}) UNION ALL SELECT consent_in_force(${other}, ${PARTS})) both_sides(said)
		WHERE said IS NOT NULL GROUP BY key
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
