import { NO_VARIABLES } from '../core/filter';
import { FILTER, MISSED_EVENTS, NEW_EVENTS } from './match';
import type { Connection } from './types';

const candidates = (events: string, steps: string) => `
	WITH ${events}
	INSERT INTO candidates (step_id, journey_id, profile_id, event_id, event_received_at, due_at)
	SELECT DISTINCT ON (e.id, j.id) s.id, j.id, e.profile_id, e.id, e.received_at, $1
	FROM journeys j
	JOIN steps s ON s.id = j.entrance
	JOIN conditions c ON c.set_id = s.set_id
	JOIN fresh e ON e.name = c.event AND ${FILTER(`'${NO_VARIABLES}'`)}
	WHERE s.state = 'on' AND ${steps}
	ORDER BY e.id, j.id
	ON CONFLICT (event_id, journey_id) DO NOTHING
	RETURNING id`;

/** Writes a candidate for each journey that these new events may enter. @returns how many */
export async function addCandidates(db: Connection, events: number[]): Promise<number> {
	if (events.length === 0) return 0;
	return (await db.rows(candidates(NEW_EVENTS, 'true'), [db.now, events])).length;
}

/** The same for everything that arrived since, when an Entry Trigger comes back. @returns how many */
export async function addCandidatesSince(db: Connection, step: number, since: Date): Promise<number> {
	return (await db.rows(candidates(MISSED_EVENTS, 's.id = $2'), [db.now, step, since])).length;
}
