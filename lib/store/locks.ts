import type { Connection } from './types';

/**
 * The match lock (guarantee: no lost wake-up, entry, goal or exit).
 *
 * A match takes it exclusively, a park or registration takes it shared, per shard of profiles. Then, whichever comes
 * second sees what the first committed:
 * - match first: the park waits, and its look-back, a later statement with a newer snapshot, sees the event;
 * - park first: the match waits, and sees the waiting row.
 * The lock must be a statement of its own. In READ COMMITTED a statement's snapshot is taken before it waits for the
 * lock, so a lock and a look-back in one statement would miss what was committed during the wait.
 * All shards of a batch are taken in ascending order in one call, so two batches cannot wait for each other.
 */
const SHARDS = 64;

const SHARDS_OF = `SELECT DISTINCT (id % ${SHARDS})::int AS shard FROM unnest($1::bigint[]) id ORDER BY 1`;

/** Takes the match lock for these profiles: `match` excludes everyone, `park` only matches. */
export async function lockProfiles(db: Connection, as: 'match' | 'park', profiles: number[]): Promise<void> {
	const lock = as === 'match' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
	await db.rows(`SELECT ${lock}(hashtext('journey match'), shard) FROM (${SHARDS_OF}) shards`, [profiles]);
}

/**
 * The registry lock: a match holds it shared while it reads who listens, a registration exclusively while it looks
 * back, so that no event falls between the last match without the listener and the first with it. Taken before the
 * match lock.
 */
export async function lockRegistry(db: Connection, as: 'match' | 'register'): Promise<void> {
	const lock = as === 'match' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
	await db.rows(`SELECT ${lock}(hashtext('journey registry'), 0)`);
}
