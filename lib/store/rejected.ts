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
	/** The last one of the page before. */
	after: number;
	limit: number;
}

const COLUMNS = 'id, received_at, source, position, reason, body, tries, tried_at, arrived_at, message_id';

/** A page of what was refused, oldest first. */
export async function listRejected(db: Connection, { source, reason, since, after, limit }: RejectedFilter): Promise<Rejected[]> {
	return await db.rows(
		`SELECT ${COLUMNS} FROM rejected
		 WHERE id > $1 AND ($2::text IS NULL OR source = $2) AND ($3::text IS NULL OR strpos(lower(reason), lower($3)) > 0) AND ($4::timestamptz IS NULL OR received_at >= $4)
		 ORDER BY id LIMIT $5`,
		[after, source, reason, since, limit],
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
