import { PROFILE } from './running';
import type { Profile } from '../core/types';
import type { Connection } from './types';

export interface UnknownDelivery {
	id: number;
	key: string;
	journey_key: string;
	step: string;
	instance_id: number;
	channel: string;
	claimed_at: Date;
	error: string | null;
	profile: Profile;
}

/** Deliveries that may or may not have been sent: a page of them, or those that a token has claimed again. */
export async function listUnknown(db: Connection, which: { after: number; limit: number } | { token: string }): Promise<UnknownDelivery[]> {
	const [where, params] = 'token' in which
		? ["d.token = $1 AND d.status = 'claimed' ORDER BY d.id", [which.token]]
		: ["d.status = 'unknown' AND d.id > $1 ORDER BY d.id LIMIT $2", [which.after, which.limit]];
	return await db.rows(
		`SELECT d.id, d.key, j.key AS journey_key, s.name AS step, d.instance_id, d.channel, d.claimed_at, d.error, ${PROFILE} AS profile
		 FROM deliveries d JOIN journeys j ON j.id = d.journey_id JOIN steps s ON s.id = d.step_id JOIN profiles p ON p.id = d.profile_id
		 WHERE ${where}`,
		params,
	);
}

/** Claims these deliveries again, of those that are unknown. @returns the token; undefined when none is */
export async function claimUnknown(db: Connection, deliveries: number[], execution: string, leaseUntil: Date): Promise<string | undefined> {
	const [row] = await db.rows<{ token: string }>(
		`WITH open AS MATERIALIZED (
			SELECT id, step_id FROM deliveries WHERE id = ANY($1::bigint[]) AND status = 'unknown' ORDER BY id FOR UPDATE
		), claim AS (
			INSERT INTO claims (step_id, execution, lease_until) SELECT min(step_id), $2, $3 FROM open HAVING count(*) > 0 RETURNING token
		)
		UPDATE deliveries d SET status = 'claimed', claimed_again = true, settled_at = NULL, token = claim.token, execution = $2, claimed_at = $4
		FROM open, claim WHERE d.id = open.id
		RETURNING claim.token`,
		[deliveries, execution, leaseUntil, db.now],
	);
	return row?.token;
}

/** An operator says that these unknown deliveries were sent. @returns those that were unknown */
export async function markSent(db: Connection, deliveries: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`WITH open AS MATERIALIZED (
			SELECT id FROM deliveries WHERE id = ANY($1::bigint[]) AND status = 'unknown' ORDER BY id FOR UPDATE
		), marked AS (
			UPDATE deliveries d SET status = 'sent', settled_at = $2 FROM open WHERE d.id = open.id RETURNING d.*
		), told AS (
			INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $2, 'sent', journey_id, step_id, profile_id, instance_id, channel, jsonb_build_object('delivery', id, 'by', 'operator')
			FROM marked
		)
		SELECT id FROM marked`,
		[deliveries, db.now],
	);
	return rows.map(({ id }) => id);
}
