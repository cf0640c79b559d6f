import type { Connection } from './types';

/** Input that was refused. */
export interface Rejected {
	id: number;
	received_at: Date;
	/** The door it came in by. */
	source: string;
	/** Its place in what was sent. */
	position: number;
	reason: string;
	/** What was sent, as text; empty: it was erased. */
	body: string;
	/** How often it was sent in again and refused again. */
	tries: number;
	tried_at: Date | null;
	/** When it came, if that was before it was refused. */
	arrived_at: Date | null;
	/** What tells it from others, if it does not say so itself. */
	message_id: string | null;
}

/** Which of them; null: all. */
export interface RejectedFilter {
	source: string | null;
	/** A part of the reason, in any case. */
	reason: string | null;
	since: Date | null;
}

/** Those behind `after`, up to `upTo`; null: to the end. */
export interface Stretch {
	after: number;
	upTo: number | null;
}

/** One statement looks at so many, whatever is looked for. */
const STRETCH = 10_000;
/** No transaction takes so long: what was refused so long before is in front of what was refused then. */
const AN_HOUR_MS = 3_600_000;

const COLUMNS = 'id, received_at, source, position, reason, body, tries, tried_at, arrived_at, message_id';

/**
 * Behind which one everything that was refused since then is. Ids are not quite in the order of time: what was refused
 * first may be stored last.
 */
export async function lastBefore(db: Connection, since: Date): Promise<number> {
	const [row] = await db.rows<{ id: number }>('SELECT id FROM rejected WHERE received_at < $1 ORDER BY received_at DESC LIMIT 1', [new Date(+since - AN_HOUR_MS)]);
	return row?.id ?? 0;
}

/** The next stretch behind this one. */
export async function nextStretch(db: Connection, after: number): Promise<Stretch> {
	const [row] = await db.rows<{ id: number }>('SELECT id FROM rejected WHERE id > $1 ORDER BY id OFFSET $2 LIMIT 1', [after, STRETCH - 1]);
	return { after, upTo: row?.id ?? null };
}

/** What was refused and is in this stretch, oldest first. */
export async function listRejected(db: Connection, { source, reason, since }: RejectedFilter, { after, upTo }: Stretch, limit: number): Promise<Rejected[]> {
	const params: unknown[] = [after, upTo ?? Number.MAX_SAFE_INTEGER, STRETCH, limit];
	const given: string[] = [];
	const where = (value: unknown, condition: (parameter: string) => string) => {
		if (value !== null) given.push(condition(`$${params.push(value)}`));
	};
	where(source, (parameter) => `source = ${parameter}`);
	where(reason, (parameter) => `strpos(lower(reason), lower(${parameter})) > 0`);
	where(since, (parameter) => `received_at >= ${parameter}`);
	// The inner limit keeps the planner from reading all that came since by its time.
	return await db.rows(
		`SELECT ${COLUMNS} FROM (SELECT * FROM rejected WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) stretch
		 ${given.length > 0 ? `WHERE ${given.join(' AND ')}` : ''} ORDER BY id LIMIT $4`,
		params,
	);
}

/** Those of these that are there. */
export async function loadRejected(db: Connection, ids: number[]): Promise<Rejected[]> {
	return await db.rows(`SELECT ${COLUMNS} FROM rejected WHERE id = ANY($1::bigint[]) ORDER BY id`, [ids]);
}

/**
 * Holds those of these that are there until the transaction ends, so that nobody else takes or erases them. What an
 * erasure has blanked while this waited for it is told as erased.
 */
export async function lockRejected(db: Connection, ids: number[]): Promise<Array<{ id: number; erased: boolean }>> {
	return await db.rows("SELECT id, body = '' AS erased FROM rejected WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE", [ids]);
}

/** Takes these away, whoever comes first. @returns those that were there */
export async function takeRejected(db: Connection, ids: number[]): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`WITH mine AS MATERIALIZED (SELECT id FROM rejected WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE)
		 DELETE FROM rejected WHERE id = ANY(ARRAY(SELECT id FROM mine)) RETURNING id`,
		[ids],
	);
	return rows.map(({ id }) => id);
}

/** Keeps why these were refused again, and how often that was. @returns those that are there */
export async function tellRefusedAgain(db: Connection, refused: Array<{ id: number; reason: string }>): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`WITH locked AS MATERIALIZED (
			SELECT r.id, a.reason FROM unnest($1::bigint[], $2::text[]) AS a(id, reason) JOIN rejected r ON r.id = a.id ORDER BY r.id FOR UPDATE OF r
		 )
		 UPDATE rejected r SET reason = locked.reason, tries = r.tries + 1, tried_at = $3 FROM locked WHERE r.id = locked.id AND r.body <> '' RETURNING r.id`,
		[refused.map(({ id }) => id), refused.map(({ reason }) => reason), db.now],
	);
	return rows.map(({ id }) => id);
}

/** How much input was refused since then. */
export async function countRejected(db: Connection, since: Date): Promise<number> {
	const [row] = await db.rows<{ count: number }>('SELECT count(*)::int AS count FROM rejected WHERE received_at >= $1', [since]);
	return row!.count;
}
