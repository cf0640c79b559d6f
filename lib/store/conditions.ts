import { createHash } from 'node:crypto';

import { compileFilter } from '../core/filter';
import { parseSinglePath } from '../core/path';
import type { AttributeDate, Condition, Duration } from '../core/types';
import { TOUCHING } from './segments';
import type { Connection } from './types';

/**
 * Stores what is listened to and returns its id. A set is named by the hash of its content and never changes, so a
 * million people who wait for the same share one.
 *
 * @throws FilterError when a filter cannot be compiled
 */
export async function saveConditions(
	db: Connection, conditions: Condition[], timer: Duration | null, until: AttributeDate | null = null,
): Promise<number> {
	const { rows, hash } = written(conditions, timer, until);
	const known = await knownSet(db, hash);
	if (known !== undefined) return known;
	const [made] = await db.rows<{ id: number }>(
		'INSERT INTO condition_sets (hash, timer, until) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING RETURNING id',
		[hash, timer && JSON.stringify(timer), until && JSON.stringify(until)],
	);
	// Somebody else made it between the two statements, and has committed: the insert waited for that.
	if (!made) return await saveConditions(db, conditions, timer, until);
	await db.rows(
		`INSERT INTO conditions (set_id, ordinal, output, event, filter, correlation, effect, times, within, kind, subjects, step)
		 SELECT $1, ordinal, output, event, filter::jsonpath,
			CASE WHEN correlation IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(correlation)) END, effect, times, within,
			kind, CASE WHEN kind <> 'event' THEN ARRAY(SELECT jsonb_array_elements_text(subjects)) END, step
		 FROM jsonb_to_recordset($2::jsonb)
			AS c(ordinal int, output text, event text, filter text, correlation jsonb, effect text, times int, within text,
				kind text, subjects jsonb, step text)`,
		[made.id, JSON.stringify(rows)],
	);
	return made.id;
}

/** The id of what is listened to, if anybody ever listened to it. @throws FilterError when a filter cannot be compiled */
export async function findConditions(db: Connection, conditions: Condition[]): Promise<number | undefined> {
	return await knownSet(db, written(conditions, null, null).hash);
}

async function knownSet(db: Connection, hash: string): Promise<number | undefined> {
	return (await db.rows<{ id: number }>('SELECT id FROM condition_sets WHERE hash = $1', [hash]))[0]?.id;
}

function written(conditions: Condition[], timer: Duration | null, until: AttributeDate | null) {
	const rows = conditions.map((condition, ordinal) => ({
		ordinal,
		output: condition.output,
		event: condition.kind ? null : condition.event,
		kind: condition.kind ?? 'event',
		subjects: condition.subjects ?? null,
		step: condition.step ?? null,
		filter: compileFilter(condition.filter),
		correlation: condition.correlation ? parseSinglePath(condition.correlation) : null,
		effect: condition.effect,
		times: condition.times ?? 1,
		within: condition.within === undefined ? null : condition.within === 'day' ? 'day' : `${condition.within.amount} ${condition.within.unit}`,
	}));
	return { rows, hash: createHash('sha256').update(JSON.stringify([rows, timer, until])).digest('hex') };
}

/** What events are matched for: a kind of step, several of them in a State, or waits that they come too late for; a trait that counts them, a segment in which they may put somebody, a goal that they must not happen for. */
export type Listener = 'entry' | 'goal' | 'state' | 'counted' | 'late' | 'trait' | 'segment' | 'absent';

/**
 * Who may listen to events of these names, whether some trait counts them, and whether they may change who is in a segment
 * that is listened to. Most that arrive are listened to by nobody, and matching them costs a third
 * of their intake. The caller holds the registry lock and the match lock: what is listened to from now on looks back.
 */
export async function listenersTo(db: Connection, events: string[], offSince: Date): Promise<Map<string, Set<Listener>>> {
	const rows = await db.rows<{ event: string; kinds: Listener[] }>(
		`SELECT c.event, array_remove(array_agg(DISTINCT s.kind), NULL) || ARRAY['state']
			|| CASE WHEN bool_or(s.config ? 'absent') THEN ARRAY['absent'] ELSE '{}' END
			|| CASE WHEN max(c.times) > 1 THEN ARRAY['counted'] ELSE '{}' END
			|| CASE WHEN (SELECT claimed_at FROM timeouts ORDER BY claimed_at LIMIT 1) IS NOT NULL THEN ARRAY['late'] ELSE '{}' END AS kinds
		 FROM conditions c LEFT JOIN steps s ON s.set_id = c.set_id AND s.state = 'on'
		 WHERE c.event = ANY($1::text[]) GROUP BY c.event
		 UNION ALL SELECT DISTINCT event, ARRAY['trait'] FROM traits WHERE event = ANY($1::text[])
		 UNION ALL SELECT name, ARRAY['segment'] FROM (${TOUCHING('$1::text[]', '$2')}) touching`,
		[events, offSince],
	);
	// An Entry Trigger and a State may share one set of conditions, so a State may always be among them.
	const byEvent = new Map<string, Set<Listener>>();
	for (const { event, kinds } of rows) byEvent.set(event, new Set([...(byEvent.get(event) ?? []), ...kinds]));
	return byEvent;
}
