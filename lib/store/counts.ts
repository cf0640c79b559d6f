import type { Connection } from './types';

/** One number of one journey. What `step`, `name` and `value` hold differs by kind. */
export interface Count {
	journey: string;
	kind: 'entered' | 'waiting' | 'running' | 'ended' | 'refused' | 'message' | 'skipped' | 'converted' | 'held_out' | 'held_out_converted';
	step: string | null;
	/** A reason, a status or a currency. */
	name: string | null;
	/** Entries, instances or messages; of refusals, how many times. */
	count: number;
	/** Different people among them. */
	people: number;
	/** Of conversions. */
	value: number | null;
	/** Of the goal. */
	version: number | null;
}

/** One statement, so that all numbers are of the same moment. */
const COUNTS = `
	SELECT journey, 'entered' AS kind, NULL AS step, NULL AS name, sum(entries)::int AS count, count(DISTINCT profile)::int AS people,
		NULL::numeric AS value, NULL::int AS version
	FROM report_entries WHERE journey = ANY($1::text[]) AND NOT held_out GROUP BY journey
	UNION ALL
	SELECT journey, 'held_out', NULL, NULL, sum(entries)::int, count(DISTINCT profile)::int, NULL, NULL
	FROM report_entries WHERE journey = ANY($1::text[]) AND held_out GROUP BY journey
	UNION ALL
	SELECT journey, 'held_out_converted', NULL, NULL, count(*)::int, count(DISTINCT profile)::int, NULL, NULL
	FROM report_conversions WHERE journey = ANY($1::text[]) AND held_out GROUP BY journey
	UNION ALL
	SELECT journey, CASE WHEN ended_at IS NULL THEN status ELSE 'ended' END, CASE WHEN ended_at IS NULL THEN step END,
		CASE WHEN ended_at IS NOT NULL THEN CASE status WHEN 'failed' THEN 'failed' ELSE reason END END,
		count(*)::int, count(DISTINCT profile)::int, NULL, NULL
	FROM report_instances WHERE journey = ANY($1::text[]) GROUP BY 1, 2, 3, 4
	UNION ALL
	SELECT journey, 'refused', NULL, reason, sum(times)::int, count(DISTINCT profile)::int, NULL, NULL
	FROM report_refusals WHERE journey = ANY($1::text[]) GROUP BY journey, reason
	UNION ALL
	SELECT journey, 'message', step, status, count(*)::int, count(DISTINCT profile)::int, NULL, NULL
	FROM report_messages WHERE journey = ANY($1::text[]) GROUP BY journey, step, status
	UNION ALL
	SELECT journey, 'skipped', step, reason, count(*)::int, count(DISTINCT profile)::int, NULL, NULL
	FROM report_skipped WHERE journey = ANY($1::text[]) GROUP BY journey, step, reason
	UNION ALL
	SELECT journey, 'converted', goal, currency, count(*)::int, count(DISTINCT profile)::int, sum(value), version
	FROM report_conversions WHERE journey = ANY($1::text[]) AND NOT held_out GROUP BY journey, goal, currency, version
	ORDER BY 1, 2, 3, 8, 4`;

/** How many people are where in these journeys, and what became of them; reads all of their history. */
export async function loadCounts(db: Connection, journeys: string[]): Promise<Count[]> {
	return await db.rows<Count>(COUNTS, [journeys]);
}
