import type { Connection } from './types';

/** A wish to send that was claimed, or the one that stood in its way. */
export interface Delivery {
	id: number;
	instance_id: number;
	key: string;
	status: 'claimed' | 'sent' | 'failed' | 'unknown';
	/** Claimed by this call or an earlier call of the same execution. */
	ours: boolean;
}

export interface Wish {
	channel: string;
	class: 'marketing' | 'transactional';
	/** Send again, with the same key, what is unknown. */
	againIfUnknown: boolean;
}

/** Claims one delivery for each of these running instances, unique by (instance, step, visit). */
export async function claimDeliveries(
	db: Connection, claim: { token: string; execution: string }, step: number, wish: Wish, instances: number[],
): Promise<Delivery[]> {
	return await db.rows<Delivery>(
		`WITH mine AS MATERIALIZED (
			SELECT id, profile_id, journey_id, visit FROM instances
			WHERE id = ANY($1::bigint[]) AND token = $2 AND EXISTS (SELECT FROM claims WHERE token = $2 AND execution = $3)
			ORDER BY id
		), made AS (
			INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at)
			SELECT profile_id, journey_id, $4, id, visit, $5, $6, 'claimed', $3, $2, $7 FROM mine
			ON CONFLICT (instance_id, step_id, visit) DO UPDATE
				SET status = 'claimed', settled_at = NULL, token = $2, execution = $3, error = NULL
				WHERE deliveries.status = 'unknown' AND $8
			RETURNING id, instance_id, key, status
		)
		SELECT id, instance_id, key, status, true AS ours FROM made
		UNION ALL
		SELECT d.id, d.instance_id, d.key, d.status, d.status = 'claimed' AND d.token = $2 AND d.execution = $3
		FROM mine JOIN deliveries d ON d.instance_id = mine.id AND d.step_id = $4 AND d.visit = mine.visit
		WHERE d.instance_id NOT IN (SELECT instance_id FROM made)`,
		[instances, claim.token, claim.execution, step, wish.channel, wish.class, db.now, wish.againIfUnknown],
	);
}

/** What became of a delivery. `released`: the mailer never started, so the wish is taken back. */
export interface Settlement {
	id: number;
	outcome: 'sent' | 'failed' | 'unknown' | 'released';
	error?: string;
	provider_id?: string;
}

/** Writes outcomes, by delivery and only once. */
export async function settleDeliveries(db: Connection, token: string, settlements: Settlement[]): Promise<void> {
	await db.rows(
		`WITH s AS (
			SELECT * FROM jsonb_to_recordset($1::jsonb) AS s(id bigint, outcome text, error text, provider_id text)
		), open AS MATERIALIZED (
			SELECT s.* FROM s JOIN deliveries d USING (id) WHERE d.status = 'claimed' AND d.token = $2 ORDER BY d.id FOR UPDATE OF d
		), released AS (
			DELETE FROM deliveries WHERE id IN (SELECT id FROM open WHERE outcome = 'released')
		), settled AS (
			UPDATE deliveries d SET status = o.outcome, settled_at = $3, error = o.error, provider_id = coalesce(o.provider_id, d.provider_id)
			FROM open o WHERE d.id = o.id AND o.outcome <> 'released'
			RETURNING d.*
		)
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT $3, claimed_at, status, journey_id, step_id, profile_id, instance_id, channel,
			jsonb_strip_nulls(jsonb_build_object('delivery', id, 'error', error))
		FROM settled RETURNING 1`,
		[JSON.stringify(settlements), token, db.now],
	);
}

/** What a token claimed and nobody could settle is unknown: shown, never guessed. */
export async function doubtDeliveries(db: Connection, token: string): Promise<void> {
	await db.rows(
		`WITH doubted AS (
			UPDATE deliveries SET status = 'unknown', settled_at = $2, error = coalesce(error, 'no outcome was reported')
			WHERE token = $1 AND status = 'claimed' RETURNING *
		)
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT $2, claimed_at, 'unknown', journey_id, step_id, profile_id, instance_id, channel,
			jsonb_build_object('delivery', id, 'error', error)
		FROM doubted`,
		[token, db.now],
	);
}
