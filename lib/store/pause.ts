import type { Connection } from './types';

/**
 * Why nobody moves: the store was restored from a backup and nobody has said how to go on, or its people were moved to
 * another store.
 */
export interface Pause {
	reason: 'restored' | 'moved';
	since: Date;
	/** Of a restored store: when the backup was taken. */
	backup_at: Date | null;
	/** Of a store whose people were moved: where to. */
	moved_to: string | null;
}

/** How a pause ends: what fell due since the backup is not sent, or everything goes on. */
export type Answer = 'skip' | 'go_on';

/** The pause that is on; undefined: people move. */
export async function currentPause(db: Connection): Promise<Pause | undefined> {
	const [pause] = await db.rows<Pause>('SELECT reason, since, backup_at, moved_to FROM pauses WHERE ended_at IS NULL');
	return pause;
}

/** Stops everybody where they are. A pause that is on becomes this one, back to the earlier of two backups. */
export async function startPause(db: Connection, reason: Pause['reason'], about: { backupAt?: Date; movedTo?: string }): Promise<void> {
	await db.rows(
		`INSERT INTO pauses (reason, since, backup_at, moved_to) VALUES ($1, $2, $3, $4) ON CONFLICT ((true)) WHERE ended_at IS NULL
		 DO UPDATE SET reason = $1, since = $2, backup_at = least(pauses.backup_at, $3), moved_to = $4`,
		[reason, db.now, about.backupAt ?? null, about.movedTo ?? null],
	);
}

/** Lets everybody go on who is paused for this reason. @returns the pause that was on; undefined when none was */
export async function endPause(db: Connection, reason: Pause['reason'], answer: Answer): Promise<Pause | undefined> {
	const [pause] = await db.rows<Pause>(
		'UPDATE pauses SET ended_at = $1, answer = $3 WHERE ended_at IS NULL AND reason = $2 RETURNING reason, since, backup_at, moved_to',
		[db.now, reason, answer],
	);
	return pause;
}

/**
 * Whether a running instance `i` is on its way because of something that fell due between a backup and the resumption
 * of the store that was restored from it, and the answer was to skip that: its message may have been sent in the time
 * that the backup does not know.
 *
 * `left_at` is the logical moment that set it going: the deadline, or the event's own time. What an event has set
 * going that arrived after the restoration is new, unless the event is of the time before. Who has reached a State
 * after the resumption and found there, looking back, what the backup knew already, is answered for the first time.
 * parked_at alone says nothing: the time there may have been up before, a goal moves without it, and who waits for a
 * place in a batch is parked anew.
 */
export const SKIPPED_SINCE_BACKUP = `
	(SELECT min(p.backup_at) FROM pauses p
	 WHERE p.reason = 'restored' AND p.answer = 'skip' AND i.left_at <= p.ended_at
		AND (i.left_at <= p.since OR i.event_received_at IS NULL OR i.event_received_at <= p.since)
		AND NOT (i.wake = 'event' AND i.parked_at > p.ended_at AND i.event_received_at <= p.since))`;

/** The tokens of everybody who is under way. */
export async function allClaims(db: Connection): Promise<string[]> {
	return (await db.rows<{ token: string }>('SELECT token FROM claims ORDER BY token')).map(({ token }) => token);
}
