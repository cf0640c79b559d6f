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
		`SELECT j.id, j.key, coalesce(bool_or(s.config->>'entry' = 'start'), false) AS starts
		 FROM journeys j LEFT JOIN workflows w ON w.journey_id = j.id LEFT JOIN steps s ON s.workflow = w.id AND s.kind = 'entry'
		 WHERE j.key = ANY($1::text[]) GROUP BY j.id, j.key`,
		[keys],
	);
	return new Map(rows.map((row) => [row.key, row]));
}
