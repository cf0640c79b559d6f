import type { Connection } from './types';

/** A journey as another one finds it, by its key. */
export interface OtherJourney {
	id: number;
	key: string;
	/** It lets in whom other journeys and workflows send. */
	starts: boolean;
}

/** The journeys of these keys that have been published. */
export async function findOthers(db: Connection, keys: string[]): Promise<Map<string, OtherJourney>> {
	const rows = await db.rows<OtherJourney>(
		`SELECT j.id, j.key, coalesce(s.config->>'entry' = 'start', false) AS starts FROM journeys j LEFT JOIN steps s ON s.id = j.entrance
		 WHERE j.key = ANY($1::text[])`,
		[keys],
	);
	return new Map(rows.map((row) => [row.key, row]));
}
