import { openStore } from '../../lib/run/openStore';
import { saveConditions } from '../../lib/store/conditions';
import { makeMonths } from '../../lib/store/retention';
import type { Store } from '../../lib/store/types';
import type { Seen } from './plans';
import { freshDatabase } from './postgres';
import { FrozenClock } from './stores';
import { ask, makeWorld, wakesBy, type World } from './world';

const PEOPLE = 150_000;
export const BATCH = 500;

/** What the planner knows of the tables: nothing, what they were before they were filled, or what they are. */
export const STATISTICS = ['no', 'stale', 'fresh'] as const;

export interface Crowd {
	store: Store;
	world: World;
	clock: FrozenClock;
	url: string;
	drop(): Promise<void>;
}

const BIG = ['profiles', 'identities', 'instances', 'enrolments', 'candidates', 'events_2026_03', 'journal_2026_03', 'deliveries', 'engagements', 'seen', 'finished', 'rejected', 'claims', 'timeouts'];

/** A store with 150,000 people in a journey, and their past: filled in one go, and autovacuum never comes round. */
export async function crowd(statistics: (typeof STATISTICS)[number]): Promise<Crowd> {
	const database = await freshDatabase();
	const clock = new FrozenClock();
	const store = await openStore({ url: database.url, schema: 'journey', clock: () => clock.now });
	await store.tx(makeMonths);
	const world = await makeWorld(store, 'shop', { type: 'conversion', exit: true, value: null, currency: null, window: null });
	for (const table of BIG) await ask(store, `ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
	const set = await store.tx(async (db) => await saveConditions(db, [wakesBy('Click')], null));
	const analyse = async () => {
		for (const table of [...BIG, 'events', 'journal']) await ask(store, `ANALYZE ${table}`);
	};
	if (statistics === 'stale') {
		await fill(1, 100);
		await analyse();
	}
	await fill(statistics === 'stale' ? 101 : 1, PEOPLE);
	if (statistics === 'fresh') await analyse();
	return { store, world, clock, url: database.url, drop: async () => (await store.close(), await database.drop()) };

	async function fill(from: number, to: number): Promise<void> {
		const { journey, entry, state, action } = world;
		const [hourAgo, yearAgo] = [new Date(+clock.now - 3_600_000), new Date(+clock.now - 365 * 86_400_000)];
		const some = (sql: string, ...params: unknown[]) => ask(store, sql, [from, to, ...params]);
		await some('INSERT INTO profiles (created_at, updated_at) SELECT $3, $3 FROM generate_series($1::int, $2::int)', clock.now);
		await some(`INSERT INTO identities SELECT 'user_id', 'u' || n, n, $3 FROM generate_series($1::int, $2::int) n`, clock.now);
		await some(
			`INSERT INTO instances (profile_id, journey_id, step_id, set_id, status, expires, visit, due_at, since, parked_at, left_at, entered_at)
			 SELECT n, $4, $5, $6, 'waiting', n % 50 = 7, 1, $3::timestamptz + make_interval(days => 1, secs => n % 10000), $3, $3, $3, $3
			 FROM generate_series($1::int, $2::int) n`, clock.now, journey, state, set);
		await some(
			`INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entries, entry_times, first_entry, last_entry, entered_at)
			 SELECT profile_id, journey_id, '', id, 1, ARRAY[entered_at], entered_at, entered_at, entered_at FROM instances WHERE profile_id BETWEEN $1 AND $2`);
		await some(
			`INSERT INTO events (profile_id, name, properties, occurred_at, received_at)
			 SELECT n, CASE WHEN n % 3 = 0 THEN 'Seen' ELSE 'Click' END, '{}', $3, $3 FROM generate_series($1::int, $2::int) n`, hourAgo);
		await some(
			`INSERT INTO candidates (step_id, journey_id, profile_id, event_id, event_received_at, due_at)
			 SELECT $4, $5, profile_id, id, received_at, $3::timestamptz + interval '1 day' FROM events WHERE id % 4 = 0 AND profile_id BETWEEN $1 AND $2`,
			clock.now, entry, journey);
		await some(
			`INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at, settled_at, provider_id)
			 SELECT n, $4, $5, n, 0, 'email', 'marketing', 'sent', 'e0', gen_random_uuid(), $3, $3, 'message-' || n FROM generate_series($1::int, $2::int) n`,
			hourAgo, journey, action);
		await some(`INSERT INTO engagements (delivery_id, kind, at, profile_id) SELECT id, 'opened', $3, profile_id FROM deliveries WHERE profile_id BETWEEN $1 AND $2`, hourAgo);
		await some(
			`INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id) SELECT $3, 'parked', $4, $5, n, n FROM generate_series($1::int, $2::int) n`,
			hourAgo, journey, state);
		await some(
			`INSERT INTO finished (id, profile_id, journey_id, step_id, correlation, status, reason, entered_at, ended_at, visit, context)
			 SELECT 10000000 + n, n, $4, $5, '', 'done', 'completed', $3, $3::timestamptz + make_interval(secs => n * 200), 1, '{}' FROM generate_series($1::int, $2::int) n`,
			yearAgo, journey, state);
		await some(
			`INSERT INTO timeouts (profile_id, journey_id, step_id, instance_id, set_id, correlation, after_arrival, since, due_at, parked_at, claimed_at)
			 SELECT n, $4, $5, n, $6, '', false, $3, $3, $3, $3::timestamptz + make_interval(secs => n * 200) FROM generate_series($1::int, $2::int) n`,
			yearAgo, journey, state, set);
		await some('INSERT INTO seen SELECT gen_random_uuid(), $3::timestamptz + make_interval(secs => n * 200) FROM generate_series($1::int, $2::int) n', yearAgo);
		await some(
			`INSERT INTO rejected (received_at, source, position, reason, body)
			 SELECT $3::timestamptz + make_interval(secs => n * 200), 'test', 0, '', '' FROM generate_series($1::int, $2::int) n`, yearAgo);
		await some(
			`INSERT INTO claims (token, step_id, execution, lease_until)
			 SELECT gen_random_uuid(), $4, 'e0', $3::timestamptz + make_interval(secs => n) FROM generate_series($1::int, $2::int) n`, clock.now, state);
	}
}

/** `BATCH` users all over the crowd. */
export const usersFrom = (first: number) => Array.from({ length: BATCH }, (_, at) => `u${first + at * 300}`);

/** Functions of `lib/store` whose plans were looked at. */
export const planned = new Set<string>();

/** None of these tables is read from end to end. */
export function neverScanned(seen: Seen[], ...tables: string[]): void {
	expect(seen.length).toBeGreaterThan(0);
	seen.forEach(({ by }) => by.forEach((name) => planned.add(name)));
	expect(seen.filter(({ scanned }) => scanned.some((table) => tables.includes(table)))).toEqual([]);
}

/**
 * Nothing big is read from end to end, and a row is looked at a few times by each of some thirty nodes of a plan.
 * @param most rows that one statement may look at
 */
export function reachedByKey(seen: Seen[], most = 50 * BATCH): void {
	neverScanned(seen, ...BIG);
	expect(seen.filter(({ rows }) => rows > most)).toEqual([]);
}
