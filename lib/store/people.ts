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
	const rows = await db.rows<{ at: number; profile_id: number }>(
		`SELECT at::int, known.profile_id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(kind, value, at)
			CROSS JOIN LATERAL (SELECT profile_id FROM identities i WHERE i.kind = asked.kind AND i.value = asked.value OFFSET 0) known`,
		arrays(identities),
	);
	return new Map(rows.map(({ at, profile_id }) => [identityKey(identities[at - 1]!), profile_id]));
}

/** The user ids of these profiles. */
export async function userIdsOf(db: Connection, profiles: number[]): Promise<Map<number, Set<string>>> {
	const rows = await db.rows<{ profile_id: number; values: string[] }>(
		`SELECT p.id AS profile_id, own.values FROM unnest($1::bigint[]) p(id) CROSS JOIN LATERAL (
			SELECT array_agg(value) AS values FROM identities WHERE profile_id = p.id AND kind = 'user_id'
		 ) own WHERE own.values IS NOT NULL`,
		[profiles],
	);
	return new Map(rows.map((row) => [row.profile_id, new Set(row.values)]));
}

/** Of these profiles those that are gone: merged into another one (which may be gone by now, too); null: erased. */
export async function whatBecame(db: Connection, profiles: number[]): Promise<Map<number, number | null>> {
	const rows = await db.rows<{ id: number; became: number | null }>(
		`SELECT id, CASE WHEN erased_at IS NULL THEN merged_into END AS became FROM profiles
		 WHERE id = ANY($1::bigint[]) AND (merged_into IS NOT NULL OR erased_at IS NOT NULL)`,
		[profiles],
	);
	return new Map(rows.map((row) => [row.id, row.became]));
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

/** An attribute whose changes let people into a journey. */
export interface Watch {
	/** As its Entry Trigger names it. */
	attribute: string;
	path: string[];
}

/** A value of an attribute that is another one now; null: there is none. */
export interface AttributeChange {
	profile_id: number;
	attribute: string;
	from: unknown;
	to: unknown;
	/** Own time of the write. */
	at: Date;
}

/**
 * The attributes that are watched, also by Entry Triggers that have been off for less than their catch-up window. The
 * caller holds the registry lock.
 */
export async function watchedAttributes(db: Connection, offSince: Date): Promise<Watch[]> {
	const rows = await db.rows<{ watches: Watch }>(
		"SELECT DISTINCT config->'watches' AS watches FROM steps WHERE config ? 'watches' AND (state = 'on' OR off_since > $1)",
		[offSince],
	);
	return rows.map(({ watches }) => watches);
}

const write = (written: string) => `
	WITH asked AS (
		SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(profile_id bigint, attributes jsonb,
			add_tags jsonb, remove_tags jsonb, zone text, locale text, email text, phone text)
	), locked AS MATERIALIZED (
		SELECT asked.*, p.attributes AS before, p.attribute_times FROM asked JOIN profiles p ON p.id = asked.profile_id
		ORDER BY p.id FOR UPDATE OF p
	), folded AS MATERIALIZED (
		SELECT locked.*,
			(SELECT jsonb_object_agg(w->>'name', w->'value') FROM jsonb_array_elements(attributes) w
				WHERE coalesce((attribute_times->>(w->>'name'))::numeric, 0) <= (w->>'at')::numeric) AS new_values,
			(SELECT jsonb_object_agg(w->>'name', w->'at') FROM jsonb_array_elements(attributes) w
				WHERE coalesce((attribute_times->>(w->>'name'))::numeric, 0) <= (w->>'at')::numeric) AS new_times
		FROM locked
	)${written}
	UPDATE profiles p SET
		attributes = CASE WHEN f.new_values IS NULL THEN p.attributes ELSE jsonb_strip_nulls_top(p.attributes || f.new_values) END,
		attribute_times = p.attribute_times || coalesce(f.new_times, '{}'),
		tags = CASE WHEN f.add_tags = '[]' AND f.remove_tags = '[]' THEN p.tags ELSE
			ARRAY(SELECT tag FROM (SELECT unnest(p.tags) UNION SELECT jsonb_array_elements_text(f.add_tags)
				EXCEPT SELECT jsonb_array_elements_text(f.remove_tags)) all_tags(tag) ORDER BY tag) END,
		zone = coalesce(f.zone, p.zone), locale = coalesce(f.locale, p.locale),
		email = coalesce(f.email, p.email), phone = coalesce(f.phone, p.phone),
		updated_at = $2
	FROM folded f WHERE p.id = f.profile_id`;

const WRITE = write('');
const WRITE_AND_COMPARE = `${write(', written AS (')}
		RETURNING p.id, f.before, p.attributes AS after, f.new_times
	)
	SELECT written.id AS profile_id, watch->>'attribute' AS attribute, value."from", value."to",
		to_timestamp((new_times->>(watch->'path'->>0))::numeric / 1000) AS at
	FROM written CROSS JOIN jsonb_array_elements($3::jsonb) watch,
		LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(watch->'path')) AS path) place,
		LATERAL (SELECT nullif(before #> path, 'null') AS "from", nullif(after #> path, 'null') AS "to") value
	WHERE value."from" IS DISTINCT FROM value."to"`;

/**
 * Writes changes of many profiles in one statement. An attribute is only overwritten by a newer write.
 *
 * @param watched attributes of which the changes are wanted
 * @returns what of them has really changed
 */
export async function writeProfiles(db: Connection, writes: ProfileWrite[], watched: Watch[]): Promise<AttributeChange[]> {
	const params = [JSON.stringify(writes), db.now];
	if (watched.length > 0) return await db.rows<AttributeChange>(WRITE_AND_COMPARE, [...params, JSON.stringify(watched)]);
	await db.rows(WRITE, params);
	return [];
}
