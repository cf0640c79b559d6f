import type { Connection } from './types';

export interface NewEvent {
	index: number;
	profile_id: number;
	name: string;
	properties: object;
	occurred_at: Date;
	message_id: string | null;
}

/**
 * Remembers message ids. @returns those not seen within the retention of `seen`; a repetition within the batch counts
 * once. Waits for a transaction that is about to commit the same id.
 */
export async function rememberMessages(db: Connection, messageIds: string[]): Promise<Set<string>> {
	const rows = await db.rows<{ message_id: string }>(
		`WITH asked AS (SELECT DISTINCT message_id, md5(message_id)::uuid AS message FROM unnest($1::text[]) AS a(message_id)),
		fresh AS (
			INSERT INTO seen (message, received_at) SELECT message, $2 FROM asked ORDER BY message
			ON CONFLICT (message) DO NOTHING RETURNING message
		)
		SELECT message_id FROM asked JOIN fresh USING (message)`,
		[messageIds, db.now],
	);
	return new Set(rows.map((row) => row.message_id));
}

/**
 * Inserts events.
 * @param history they are kept in the month in which they happened, and only rules about people count them
 * @returns them in the order of their own time
 */
export async function insertEvents(db: Connection, events: NewEvent[], history: boolean): Promise<Array<{ id: number; name: string }>> {
	return await db.rows(
		`INSERT INTO events (profile_id, name, properties, occurred_at, received_at, message_id, history)
		 SELECT profile_id, name, properties, occurred_at, CASE WHEN $3 THEN occurred_at ELSE $2 END, message_id, $3
		 FROM jsonb_to_recordset($1::jsonb)
			AS e(index int, profile_id bigint, name text, properties jsonb, occurred_at timestamptz, message_id text)
		 ORDER BY occurred_at, index
		 RETURNING id, name`,
		[JSON.stringify(events), db.now, history],
	);
}

/** What is kept of refused input besides why. */
export interface Kept {
	body: string;
	/** When it came, if that was before it was refused. */
	arrivedAt?: Date;
	/** What tells it from others, if it does not say so itself. */
	messageId?: string;
}

export interface Refused extends Kept {
	position: number;
	reason: string;
}

/**
 * Keeps what was refused, with its reason, so that it can be mended and sent in again. What has an id of its own is kept
 * once: whoever dies between the commit and the acknowledgement reads it again.
 */
export async function insertRejected(db: Connection, source: string, refused: Refused[]): Promise<void> {
	await db.rows(
		`INSERT INTO rejected (received_at, source, position, reason, body, arrived_at, message_id)
		 SELECT $2, $3, position, reason, body, "arrivedAt", "messageId"
		 FROM jsonb_to_recordset($1::jsonb) AS r(position int, reason text, body text, "arrivedAt" timestamptz, "messageId" text)
		 ON CONFLICT (message_id, source) WHERE message_id IS NOT NULL DO NOTHING`,
		[JSON.stringify(refused), db.now, source],
	);
}
