import type { Store } from '../../lib/store/types';

/**
 * People who have waited since a minute at this State for its events, written down as if they had come by themselves.
 * @param users names from `u0` on
 */
export async function fillWaiting(store: Store, state: string, users: number): Promise<void> {
	const atOnce = 20_000;
	for (let from = 0; from < users; from += atOnce) {
		await store.tx(async (db) => {
			await db.rows(
				`WITH place AS (
					SELECT s.id AS step_id, w.journey_id, (SELECT set_id FROM conditions ORDER BY set_id DESC LIMIT 1) AS set_id
					FROM steps s JOIN workflows w ON w.id = s.workflow WHERE s.name = $1
				), made AS (
					INSERT INTO profiles (attributes, created_at, updated_at)
					SELECT jsonb_build_object('first_name', 'F' || n), $2, $2 FROM generate_series($3::int, $4::int - 1) n RETURNING id, attributes
				), identified AS (
					INSERT INTO identities (kind, value, profile_id, created_at)
					SELECT 'user_id', 'u' || substr(attributes->>'first_name', 2), id, $2 FROM made
				), inside AS (
					INSERT INTO instances (profile_id, journey_id, step_id, set_id, visit, status, due_at, since, parked_at, left_at, entered_at)
					SELECT id, journey_id, step_id, set_id, 1, 'waiting', $2::timestamptz + interval '30 days',
						$2::timestamptz - interval '1 minute', $2, $2, $2::timestamptz - interval '1 minute' FROM made, place
					RETURNING id, profile_id, journey_id, entered_at
				)
				INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entries, entry_times, first_entry, last_entry, entered_at)
				SELECT profile_id, journey_id, '', id, 1, ARRAY[entered_at], entered_at, entered_at, entered_at FROM inside`,
				[state, db.now, from, Math.min(from + atOnce, users)],
			);
		});
	}
}
