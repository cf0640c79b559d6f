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

const AGAIN = "d.status = 'unknown' AND $8";

/**
 * Claims one delivery for each of these running instances, unique by (instance, step, visit). The claim row is held
 * until the commit: a sweep that takes the lease away either comes first, and nothing is claimed, or finds the
 * deliveries and calls them unknown.
 */
export async function claimDeliveries(
	db: Connection, claim: { token: string; execution: string }, step: number, wish: Wish, instances: number[],
): Promise<Delivery[]> {
	return await db.rows<Delivery>(
		`WITH held AS MATERIALIZED (
			SELECT token FROM claims WHERE token = $2 AND execution = $3 FOR KEY SHARE
		)
		INSERT INTO deliveries AS d (profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at)
		SELECT i.profile_id, i.journey_id, $4, i.id, i.visit, $5, $6, 'claimed', $3, $2, $7
		FROM held JOIN instances i USING (token) WHERE i.id = ANY($1::bigint[]) ORDER BY i.id
		ON CONFLICT (instance_id, step_id, visit) DO UPDATE SET
			status = CASE WHEN ${AGAIN} THEN 'claimed' ELSE d.status END,
			settled_at = CASE WHEN ${AGAIN} THEN NULL ELSE d.settled_at END,
			claimed_again = d.claimed_again OR (${AGAIN}),
			token = CASE WHEN ${AGAIN} THEN $2 ELSE d.token END,
			execution = CASE WHEN ${AGAIN} THEN $3 ELSE d.execution END,
			error = CASE WHEN ${AGAIN} THEN NULL ELSE d.error END
		RETURNING id, instance_id, key, status, status = 'claimed' AND token = $2 AND execution = $3 AS ours`,
		[instances, claim.token, claim.execution, step, wish.channel, wish.class, db.now, wish.againIfUnknown],
	);
}

/** What became of a delivery. `released`: the mailer never started, so the wish is taken back; one that was unknown before is so again. */
export interface Settlement {
	id: number;
	outcome: 'sent' | 'failed' | 'unknown' | 'released';
	error?: string;
	provider_id?: string;
}

/** Whose these deliveries are. */
export async function recipientsOf(db: Connection, deliveries: number[]): Promise<number[]> {
	const rows = await db.rows<{ profile_id: number }>('SELECT DISTINCT profile_id FROM deliveries WHERE id = ANY($1::bigint[])', [deliveries]);
	return rows.map(({ profile_id }) => profile_id);
}

/**
 * Writes outcomes, by delivery and only once; what was unknown after a lost lease may still become known. What a
 * mailer says of somebody who was erased meanwhile, an address in its error, is not kept: the caller holds the match lock.
 */
export async function settleDeliveries(db: Connection, token: string, settlements: Settlement[]): Promise<void> {
	await db.rows(
		`WITH s AS (
			SELECT id, outcome, CASE outcome WHEN 'released' THEN 'it was not sent again' ELSE error END AS error, provider_id
			FROM jsonb_to_recordset($1::jsonb) AS s(id bigint, outcome text, error text, provider_id text)
		), open AS MATERIALIZED (
			SELECT s.id, s.outcome = 'released' AND NOT d.claimed_again AS gone,
				CASE WHEN s.outcome = 'released' THEN 'unknown' ELSE s.outcome END AS outcome, CASE WHEN p.erased_at IS NULL THEN s.error END AS error, CASE WHEN p.erased_at IS NULL THEN s.provider_id END AS provider_id
			FROM s JOIN deliveries d USING (id) JOIN profiles p ON p.id = d.profile_id WHERE d.token = $2
				AND (d.status = 'claimed' OR d.status = 'unknown' AND s.outcome IN ('sent', 'failed'))
			ORDER BY d.id FOR UPDATE OF d
		), released AS (
			DELETE FROM deliveries WHERE id IN (SELECT id FROM open WHERE gone)
		), settled AS (
			UPDATE deliveries d SET status = o.outcome, settled_at = $3, error = o.error, provider_id = coalesce(o.provider_id, d.provider_id)
			FROM open o WHERE d.id = o.id AND NOT o.gone
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
