import type { Connection } from '../../lib/store/types';
import { DAY_MS } from '../support/world';
import { BATCH, someOf, stopwatch, type Place, type Times } from './rounds';

const LOCK = (as: string, people: string) => `SELECT pg_advisory_xact_lock${as}(hashtext('journey match'), shard)
	FROM (SELECT DISTINCT (id % 64)::int AS shard FROM unnest(${people}::bigint[]) id ORDER BY 1) shards`;

/**
 * The same round as a hand would write it for this one case: the same tables, transactions, dedupe, journal, look-back
 * and durability, and no engine.
 *
 * @param how.locks false: also without the match lock
 * @param how.people false: nobody is loaded, as if nobody were handed to anything
 */
export async function byHand({ store, world, people }: Place, how: { locks: boolean; people: boolean }): Promise<Times> {
	const { times, timed } = stopwatch();
	const users = someOf(people);
	const one = async (db: Connection, sql: string, params: unknown[]) => (await db.rows<{ ids: number[] }>(sql, params))[0]!.ids;

	await timed('event in, matched', async () => await store.tx(async (db) => {
		await db.rows(`INSERT INTO seen SELECT md5($1 || u)::uuid, $2 FROM unnest($3::text[]) u ORDER BY 1 ON CONFLICT DO NOTHING`, [`${+db.now}-`, db.now, users]);
		const profiles = await one(db, `SELECT array_agg(i.profile_id) AS ids FROM unnest($1::text[]) u, LATERAL (SELECT profile_id FROM identities WHERE kind = 'user_id' AND value = u OFFSET 0) i`, [users]);
		if (how.locks) await db.rows(LOCK('', '$1'), [profiles]);
		const events = await one(db, `WITH made AS (
			INSERT INTO events (profile_id, name, properties, occurred_at, received_at, message_id)
			SELECT id, 'Tick', jsonb_build_object('n', n), $2::timestamptz, $2, $3 || n FROM unnest($1::bigint[]) WITH ORDINALITY p(id, n) RETURNING id
		) SELECT array_agg(id) AS ids FROM made`, [profiles, db.now, `${+db.now}-`]);
		await db.rows(`UPDATE instances i SET wake = 'event', output = '1:tick', due_at = $1, left_at = e.occurred_at, expires = false, event_id = e.id, event_received_at = e.received_at
			FROM unnest($2::bigint[]) asked(id), LATERAL (SELECT * FROM events WHERE id = asked.id AND received_at = $1 OFFSET 0) e
			WHERE i.profile_id = e.profile_id AND i.status = 'waiting' AND i.wake IS NULL AND e.occurred_at BETWEEN i.since AND i.due_at`, [db.now, events]);
	}));
	const token = await timed('claimed', async () => await store.tx(async (db) => {
		const [claim] = await db.rows<{ token: string }>(`INSERT INTO claims (step_id, lease_until) VALUES ($1, $2) RETURNING token`, [world.state, new Date(+db.now + 60_000)]);
		await db.rows(`WITH due AS MATERIALIZED (
			SELECT id FROM instances WHERE step_id = $1 AND attempts = 0 AND status = 'waiting' AND NOT expires AND due_at <= $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
		) UPDATE instances i SET status = 'running', token = $4 FROM due WHERE i.id = due.id`, [world.state, db.now, BATCH, claim!.token]);
		return claim!.token;
	}));
	await timed('started', async () => await store.tx(async (db) => {
		await db.rows(`UPDATE claims SET execution = 'bench' WHERE token = $1 AND execution IS NULL`, [token]);
		await db.rows(`INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
			SELECT $2, due_at, 'woken', journey_id, step_id, profile_id, id, wake, jsonb_build_object('output', output, 'event_id', event_id) FROM instances WHERE token = $1`, [token, db.now]);
		if (!how.people) return;
		await db.rows(`SELECT i.*, p.email, p.phone, p.locale, p.zone, p.attributes, p.tags, e.name, e.properties, e.occurred_at, e.message_id
			FROM instances i JOIN profiles p ON p.id = i.profile_id
				JOIN events e ON e.id = i.event_id AND e.received_at = i.event_received_at AND e.profile_id = i.profile_id
			WHERE i.token = $1`, [token]);
	}));
	await timed('parked', async () => await store.tx(async (db) => {
		if (how.locks) await db.rows(LOCK('_shared', '(SELECT array_agg(profile_id) FROM instances WHERE token = $1)'), [token]);
		const parked = await one(db, `WITH parked AS (
			UPDATE instances SET status = 'waiting', token = NULL, visit = visit + 1, due_at = $2, expires = false, since = left_at, parked_at = $3, wake = NULL, output = NULL
			WHERE token = $1 RETURNING id, journey_id, step_id, profile_id, due_at
		), told AS (
			INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id) SELECT $3, due_at, 'parked', journey_id, step_id, profile_id, id FROM parked
		) SELECT array_agg(id) AS ids FROM parked`, [token, new Date(+db.now + 30 * DAY_MS), db.now]);
		if (parked.length !== BATCH) throw new Error(`${parked.length} people were parked instead of ${BATCH}.`);
		await db.rows(`SELECT i.id FROM instances i, LATERAL (
			SELECT FROM events e WHERE e.profile_id = i.profile_id AND e.name = 'Tick' AND e.occurred_at BETWEEN i.since AND i.due_at AND e.id <> i.event_id
				AND e.received_at >= i.since - interval '5 minutes' AND e.received_at < $2::timestamptz + interval '1 hour' LIMIT 1
		) e WHERE i.id = ANY($1::bigint[])`, [parked, db.now]);
	}));
	await timed('acknowledged', async () => await store.tx(async (db) => await db.rows('DELETE FROM claims WHERE token = $1', [token])));
	return times;
}
