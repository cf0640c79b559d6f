import type { Store } from '../../../lib/store/types';

/** The next moment at which something happens by itself: a timer, a retry, the end of a dead process's lease. */
export async function nextMoment(store: Store): Promise<Date | undefined> {
	const [row] = await store.tx(async (db) => await db.rows<{ at: Date | null }>(
		`SELECT min(at) AS at FROM (
			SELECT min(due_at) AS at FROM instances WHERE status = 'waiting' AND due_at > $1
			UNION ALL SELECT min(due_at) FROM candidates WHERE token IS NULL AND due_at > $1
			UNION ALL SELECT min(judge_at) FROM enrolments WHERE judge_at > $1
			UNION ALL SELECT min(lease_until) + interval '1 millisecond' FROM claims WHERE lease_until >= $1
		) moments`,
		[db.now],
	));
	return row?.at ?? undefined;
}
