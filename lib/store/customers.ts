import { normaliseIdentity } from '../core/people';
import type { ConsentState, Identity, Profile } from '../core/types';
import { findIdentities, identityKey } from './people';
import { PROFILE } from './running';
import type { Connection } from './types';

/** Everything known of a person now. */
export interface Customer {
	profile: Profile;
	identities: Identity[];
	/** Channel, or `channel/purpose`, → what the person said, and when; what is not there is not known. */
	consent: Record<string, { state: ConsentState; at: string }>;
	/** The journeys they are in. `due_at` is null while they are on their way between two steps. */
	journeys: Array<{ key: string; name: string; instance: number; step: string; status: 'waiting' | 'running'; due_at: string | null; entered_at: string }>;
}

/** The profile that each identity points at; undefined: nobody. */
export async function profilesAt(db: Connection, identities: Identity[]): Promise<Array<number | undefined>> {
	const asked = identities.map(normaliseIdentity);
	const known = await findIdentities(db, asked);
	return asked.map((identity) => known.get(identityKey(identity)));
}

/** Profiles as items carry them. @returns those that exist */
export async function loadProfiles(db: Connection, ids: number[]): Promise<Profile[]> {
	const rows = await db.rows<{ profile: Profile }>(`SELECT ${PROFILE} AS profile FROM profiles p WHERE p.id = ANY($1::bigint[])`, [ids]);
	return rows.map(({ profile }) => profile);
}

const ISO = (instant: string) => `to_char(${instant}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Profiles with identities, consent and the journeys they are in. @returns those that exist */
export async function loadCustomers(db: Connection, ids: number[]): Promise<Customer[]> {
	return await db.rows<Customer>(
		`SELECT ${PROFILE} AS profile,
			coalesce((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'value', value) ORDER BY kind, created_at, value)
				FROM identities WHERE profile_id = p.id), '[]') AS identities,
			coalesce((SELECT jsonb_object_agg(key, jsonb_build_object('state', value->>'state',
				'at', ${ISO("to_timestamp((value->>'at')::numeric / 1000)")})) FROM jsonb_each(p.consent)), '{}') AS consent,
			coalesce((SELECT jsonb_agg(jsonb_build_object('key', j.key, 'name', j.name, 'instance', i.id, 'step', s.name,
				'status', i.status, 'due_at', CASE i.status WHEN 'waiting' THEN ${ISO('i.due_at')} END, 'entered_at', ${ISO('i.entered_at')}) ORDER BY i.id)
				FROM instances i JOIN journeys j ON j.id = i.journey_id JOIN steps s ON s.id = i.step_id
				WHERE i.profile_id = p.id), '[]') AS journeys
		 FROM profiles p WHERE p.id = ANY($1::bigint[])`,
		[ids],
	);
}
