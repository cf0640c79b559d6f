import type { Watch } from '../support/watch';

/** What the store says when everything is over. All of it belongs to one seed: the store is emptied in between. */
export interface Ledger {
	/** `s7-12` and where it is on record */
	profiles: Array<{ id: number; user: string }>;
	events: Array<{ id: number; message_id: string; name: string; profile_id: number; received_at: Date }>;
	journal: Array<{
		id: number; journey: string; kind: string; step: string | null; profile_id: number; instance_id: number | null;
		reason: string | null; detail: Record<string, unknown> | null; at: Date; due_at: Date | null;
	}>;
	finished: Array<{ id: number; journey: string; profile_id: number; status: string; reason: string; error: string | null }>;
	deliveries: Array<{ id: number; instance_id: number; profile_id: number; step: string; key: string; status: string; claimed_at: Date; settled_at: Date | null }>;
	conversions: Array<{ profile_id: number; instance_id: number; value: number }>;
	enrolments: Array<{ journey: string; profile_id: number; entries: number }>;
	refused: Array<{ journey: string; profile_id: number; reason: string; times: number }>;
	/** whoever is still somewhere */
	left: Array<Record<string, unknown>>;
}

const JOURNEY = '(SELECT name FROM journeys WHERE id = journey_id) AS journey';

const SQL: Record<keyof Ledger, string> = {
	profiles: "SELECT p.id, i.value AS user FROM profiles p JOIN identities i ON i.profile_id = p.id AND i.kind = 'user_id'",
	events: 'SELECT id, message_id, name, profile_id, received_at FROM events',
	journal: `SELECT j.id, ${JOURNEY}, j.kind, s.name AS step, j.profile_id, j.instance_id, j.reason, j.detail, j.at, j.due_at
		FROM journal j LEFT JOIN steps s ON s.id = j.step_id ORDER BY j.id`,
	finished: `SELECT id, ${JOURNEY}, profile_id, status, reason, error FROM finished`,
	deliveries: 'SELECT d.id, d.instance_id, d.profile_id, s.name AS step, d.key, d.status, d.claimed_at, d.settled_at FROM deliveries d JOIN steps s ON s.id = d.step_id',
	conversions: 'SELECT profile_id, instance_id, value FROM conversions',
	enrolments: `SELECT ${JOURNEY}, profile_id, entries FROM enrolments`,
	refused: `SELECT ${JOURNEY}, profile_id, reason, times FROM refusals`,
	left: `SELECT 'instance' AS what, i.id, i.profile_id, s.name AS step, i.status, i.wake, i.attempts, i.losses, i.due_at, i.error FROM instances i JOIN steps s ON s.id = i.step_id
		UNION ALL SELECT 'candidate', c.id, c.profile_id, NULL, CASE WHEN token IS NULL THEN 'waiting' ELSE 'running' END, NULL, c.attempts, NULL, c.due_at, NULL FROM candidates c
		UNION ALL SELECT 'claim', NULL, NULL, s.name, c.execution, NULL, NULL, NULL, c.lease_until, NULL FROM claims c JOIN steps s ON s.id = c.step_id`,
};

export async function readLedger({ store }: Watch): Promise<Ledger> {
	return await store.tx(async (db) => {
		const ledger: Record<string, unknown> = {};
		for (const [name, sql] of Object.entries(SQL)) ledger[name] = await db.rows(sql);
		return ledger as never as Ledger;
	});
}

/** What belongs to one of the journeys, and to none. */
export function inJourney(ledger: Ledger, name: string): Ledger {
	const its = <T extends { journey: string }>(rows: T[]) => rows.filter(({ journey }) => journey === name);
	const { journal, finished, enrolments, refused } = ledger;
	return { ...ledger, journal: its(journal), finished: its(finished), enrolments: its(enrolments), refused: its(refused) };
}

/** Forgets the people of a seed and what they did; the journey stays registered. */
export async function forget({ store }: Watch): Promise<void> {
	await store.tx(async (db) => {
		const tables = ['candidates', 'instances', 'claims', 'finished', 'enrolments', 'deliveries', 'engagements', 'conversions', 'refusals', 'rejected', 'events', 'journal', 'seen', 'paces', 'identities', 'profiles'];
		await db.rows(`TRUNCATE ${tables.join()}`);
	});
}
