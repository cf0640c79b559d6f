import type { ProfileWrite } from '../core/people';
import type { Identity } from '../core/types';
import type { Connection } from './types';

/** Profiles that identities point at, by `kind:value`. */
export type KnownIdentities = Map<string, number>;

export const identityKey = ({ kind, value }: Identity): string => `${kind}:${value}`;

const ARRAYS = 'unnest($1::text[], $2::text[]) AS asked(kind, value)';
const arrays = (identities: Identity[]) => [identities.map((one) => one.kind), identities.map((one) => one.value)];

/** Serialises the making of profiles for the same new identities. Its own statement, like every lock here. */
export async function lockIdentities(db: Connection, identities: Identity[]): Promise<void> {
	await db.rows(
		`SELECT pg_advisory_xact_lock(hashtext('journey identity'), shard)
		 FROM (SELECT DISTINCT (hashtext(kind || ':' || value) & 63) AS shard FROM ${ARRAYS} ORDER BY 1) shards`,
		arrays(identities),
	);
}

/** @returns those that are known; the unknown are absent */
export async function findIdentities(db: Connection, identities: Identity[]): Promise<KnownIdentities> {
	const rows = await db.rows<{ kind: Identity['kind']; value: string; profile_id: number }>(
		`SELECT kind, value, profile_id FROM identities JOIN ${ARRAYS} USING (kind, value)`,
		arrays(identities),
	);
	return new Map(rows.map((row) => [identityKey(row), row.profile_id]));
}

/** The user ids of these profiles. */
export async function userIdsOf(db: Connection, profiles: number[]): Promise<Map<number, Set<string>>> {
	const rows = await db.rows<{ profile_id: number; values: string[] }>(
		"SELECT profile_id, array_agg(value) AS values FROM identities WHERE kind = 'user_id' AND profile_id = ANY($1::bigint[]) GROUP BY 1",
		[profiles],
	);
	return new Map(rows.map((row) => [row.profile_id, new Set(row.values)]));
}

/** Of these profiles those that were merged away, with the one that took them over (which may be gone by now, too). */
export async function mergedInto(db: Connection, profiles: number[]): Promise<Map<number, number>> {
	const rows = await db.rows<{ id: number; merged_into: number }>(
		'SELECT id, merged_into FROM profiles WHERE id = ANY($1::bigint[]) AND merged_into IS NOT NULL',
		[profiles],
	);
	return new Map(rows.map((row) => [row.id, row.merged_into]));
}

/** Makes `count` empty profiles. @returns their ids */
export async function insertProfiles(db: Connection, count: number): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		'INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM generate_series(1, $2) RETURNING id',
		[db.now, count],
	);
	return rows.map(({ id }) => id);
}

/** Points identities at profiles; those that already point somewhere stay. */
export async function insertIdentities(db: Connection, identities: Identity[], profiles: number[]): Promise<void> {
	await db.rows(
		`INSERT INTO identities (kind, value, profile_id, created_at)
		 SELECT kind, value, profile_id, $4 FROM unnest($1::text[], $2::text[], $3::bigint[]) AS made(kind, value, profile_id)
		 ORDER BY kind, value
		 ON CONFLICT (kind, value) DO NOTHING`,
		[...arrays(identities), profiles, db.now],
	);
}

/** Writes changes of many profiles in one statement. An attribute or consent is only overwritten by a newer write. */
export async function writeProfiles(db: Connection, writes: ProfileWrite[]): Promise<void> {
	await db.rows(
		`WITH asked AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(profile_id bigint, attributes jsonb, consent jsonb,
				add_tags jsonb, remove_tags jsonb, zone text, locale text, email text, phone text)
		), locked AS (
			SELECT id FROM profiles WHERE id IN (SELECT profile_id FROM asked) ORDER BY id FOR UPDATE
		), written AS (
			SELECT asked.profile_id, jsonb_object_agg(w->>'name', w->'value') AS values, jsonb_object_agg(w->>'name', w->'at') AS times
			FROM locked JOIN asked ON asked.profile_id = locked.id JOIN profiles p ON p.id = locked.id,
				jsonb_array_elements(asked.attributes) w
			WHERE coalesce((p.attribute_times->>(w->>'name'))::numeric, 0) <= (w->>'at')::numeric
			GROUP BY 1
		), consented AS (
			SELECT asked.profile_id, jsonb_object_agg(w->>'channel', w - 'channel') AS states
			FROM locked JOIN asked ON asked.profile_id = locked.id JOIN profiles p ON p.id = locked.id,
				jsonb_array_elements(asked.consent) w
			WHERE coalesce((p.consent#>>ARRAY[w->>'channel', 'at'])::numeric, 0) <= (w->>'at')::numeric
			GROUP BY 1
		)
		UPDATE profiles p SET
			attributes = CASE WHEN written.values IS NULL THEN p.attributes
				ELSE jsonb_strip_nulls_top(p.attributes || written.values) END,
			attribute_times = p.attribute_times || coalesce(written.times, '{}'),
			consent = p.consent || coalesce(consented.states, '{}'),
			tags = CASE WHEN asked.add_tags = '[]' AND asked.remove_tags = '[]' THEN p.tags ELSE
				ARRAY(SELECT tag FROM (SELECT unnest(p.tags) UNION SELECT jsonb_array_elements_text(asked.add_tags)
					EXCEPT SELECT jsonb_array_elements_text(asked.remove_tags)) all_tags(tag) ORDER BY tag) END,
			zone = coalesce(asked.zone, p.zone), locale = coalesce(asked.locale, p.locale),
			email = coalesce(asked.email, p.email), phone = coalesce(asked.phone, p.phone),
			updated_at = $2
		FROM asked JOIN locked ON locked.id = asked.profile_id
			LEFT JOIN written ON written.profile_id = asked.profile_id
			LEFT JOIN consented ON consented.profile_id = asked.profile_id
		WHERE p.id = asked.profile_id`,
		[JSON.stringify(writes), db.now],
	);
}
