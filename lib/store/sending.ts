import type { Recipient } from '../core/sending';
import { SKIPPED_SINCE_BACKUP } from './pause';
import type { Connection } from './types';

/**
 * Of running instances: consent for a purpose on a channel, what their journey says when there is none, whether a goal was reached that they have not left by, and the backup since
 * when nothing is to be sent.
 */
export async function loadRecipients(
	db: Connection, { channel, purpose }: { channel: string; purpose: string }, instances: number[],
): Promise<Array<Omit<Recipient, 'profile'> & { id: number }>> {
	// Behind *Converted* the goal is why the message is sent: who left by it has an end, who only passed it is marked, however
	// often they have waited since.
	return await db.rows(
		`SELECT i.id, consent_in_force(p.consent, $2, $3) ->> 'state' AS consent, j.unknown_consent,
			i.end_reason IS NULL AND NOT i.behind_goal AND EXISTS (SELECT FROM conversions c WHERE c.profile_id = i.profile_id AND c.instance_id = i.id) AS converted,
			${SKIPPED_SINCE_BACKUP} AS skip_since
		 FROM instances i JOIN profiles p ON p.id = i.profile_id JOIN journeys j ON j.id = i.journey_id
		 WHERE i.id = ANY($1::bigint[])`,
		[instances, channel, purpose],
	);
}

export interface Skipped {
	id: number;
	reason: string;
	detail: object;
}

/** Journals who was not sent to, or is held back here, and why; once for a visit, also when the batch is run again after a failure. */
export async function tellSkipped(db: Connection, step: number, skipped: Skipped[], kind: 'skipped' | 'held' = 'skipped'): Promise<void> {
	await db.rows(
		`INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		 SELECT $2, $4, i.journey_id, $3, i.profile_id, i.id, s.reason, s.detail
		 FROM jsonb_to_recordset($1::jsonb) AS s(id bigint, reason text, detail jsonb) JOIN instances i USING (id)
		 WHERE NOT (i.attempts + i.losses > 0 AND EXISTS (
			SELECT FROM journal j WHERE j.profile_id = i.profile_id AND j.journey_id = i.journey_id AND j.at >= i.parked_at
				AND j.instance_id = i.id AND j.step_id = $3 AND j.kind = $4 AND j.reason = s.reason))`,
		[JSON.stringify(skipped), db.now, step, kind],
	);
}
