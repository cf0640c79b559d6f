import type { Json } from '../core/types';
import type { Connection } from './types';

/** Something that an operator did. */
export interface Act {
	at: Date;
	/** `settings`, `pause`, `erase`, … */
	what: string;
	who: string;
	/** The key of the journey that it is about, if it is about one. */
	journey: string | null;
	detail: Json;
}

/** Journals what an operator does; it names people by the ids of their profiles alone. */
export async function tellAct(db: Connection, what: string, who: string, journey: number | null, detail: Json): Promise<void> {
	await db.rows('INSERT INTO acts (at, what, who, journey_id, detail) VALUES ($1, $2, $3, $4, $5)', [db.now, what, who, journey, JSON.stringify(detail)]);
}

/** The newest acts. */
export async function listActs(db: Connection, limit: number): Promise<Act[]> {
	return await db.rows('SELECT a.at, a.what, a.who, j.key AS journey, a.detail FROM acts a LEFT JOIN journeys j ON j.id = a.journey_id ORDER BY a.at DESC, a.id DESC LIMIT $1', [limit]);
}
