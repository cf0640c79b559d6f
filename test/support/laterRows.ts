/**
 * What a store of `test/fixtures/schema-001.jsonl` goes on to gather: rows for what each migration has made, and for what the first
 * store had empty, written as soon as it has, so that every later one meets them. None of them moves its people.
 */
export const LATER_ROWS: Record<number, string[]> = {
	2: [
		"INSERT INTO engagements (delivery_id, kind, at, profile_id) SELECT id, 'clicked', '2026-03-01', profile_id FROM deliveries ORDER BY id LIMIT 1",
		"INSERT INTO refusals (profile_id, journey_id, reason, day, first_at, last_at, times, detail) VALUES (1, 1, 'inside', '2026-03-01', '2026-03-01', '2026-03-01', 1, '{}')",
	],
	3: ["INSERT INTO pauses (reason, since, backup_at, ended_at, answer) VALUES ('restored', '2026-03-01', '2026-02-28', '2026-03-01', 'skip')"],
	5: [
		"INSERT INTO settings (name, value, changed_at, changed_by) VALUES ('zone', '\"Europe/Rome\"', '2026-03-01', 'ops'), ('keepEventsMonths', 'null', '2026-03-01', 'ops')",
		"INSERT INTO acts (at, what, who, journey_id, detail) VALUES ('2026-03-01', 'set', 'ops', 1, '{}')",
	],
	9: ["INSERT INTO timeouts (profile_id, journey_id, step_id, instance_id, set_id, correlation, after_arrival, since, due_at, parked_at, claimed_at) VALUES (1, 1, 2, 99, 1, '', true, '2026-03-01', '2026-03-02', '2026-03-01', '2026-03-02')"],
	10: ["INSERT INTO paces (journey_id, minute, entered, inside, counted_at) VALUES (1, '2026-03-01', 1, 1, '2026-03-01')"],
	11: [
		"INSERT INTO segments (name, rule, zone, refresh_minutes, refresh_at, created_at) VALUES ('Carts', '{}', 'UTC', 60, '2030-01-01', '2026-03-01')",
		"INSERT INTO segment_members (profile_id, segment_id, joined_at, left_at) VALUES (1, 1, '2026-02-01', '2026-02-02'), (1, 1, '2026-03-01', NULL)",
		"INSERT INTO traits (name, event, definition, before_event, filled_to, created_at) VALUES ('Orders', 'order', '{}', 1, NULL, '2026-03-01')",
		"INSERT INTO profile_traits (profile_id, trait_id, count, amounts, total, first_at, last_at) VALUES (2, 1, 1, 0, 0, '2026-03-01', '2026-03-01')",
		"INSERT INTO splits (journey_id, key, controls) VALUES (1, 'Branch', '{}')",
		"INSERT INTO catalog (kind, name, seen_at) VALUES ('event', 'cart', '2026-03-01')",
	],
	12: ["INSERT INTO moves (instance_id, step_id, target_id, visit, moved_at, wait) VALUES (99, 2, 2, 1, '2026-03-01', '{}')"],
	14: ["INSERT INTO runs (step_id, journey_id, scheduled_for, people, zone, at, state, next_page_at, ended_at) VALUES (1, 1, '2026-03-01', '*', 'UTC', '2026-03-01', 'done', '2026-03-01', '2026-03-01')"],
	18: ["INSERT INTO secrets (name, secret, made_at) VALUES ('status', 'kept', '2026-03-01')"],
	19: ['INSERT INTO touched (profile_id) VALUES (1)'],
	22: [`UPDATE profiles SET consent = '{"Email": {"state": "granted", "at": 1}, "email": {"state": "denied", "at": 2}}' WHERE id = 4`],
	25: ["INSERT INTO rejected (received_at, source, position, reason, body, message_id) VALUES ('2026-03-01', 'redis', 1, 'no identity', '{}', '1-0'), ('2026-03-02', 'redis', 1, 'no identity', '{}', '1-0')"],
};
