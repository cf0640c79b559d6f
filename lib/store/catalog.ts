import { DEFAULT_PURPOSE } from '../core/consent';
import type { Connection } from './types';

/** A name that was seen: of an event, a property of an event, an attribute, a tag, or what a consent is for. */
export interface SeenName {
	kind: 'event' | 'property' | 'attribute' | 'tag' | 'purpose';
	/** Of a property: its event; else empty. */
	event: string;
	name: string;
}

/** What the editor suggests names of. */
export type Suggested = SeenName['kind'] | 'segment' | 'trait' | 'journey';

/** Of each kind so many names are kept: who sends more makes them up as they go. */
export const MOST_NAMES = 2_000;
const MOST_SUGGESTED = 100;

/** Keeps names that were seen first now. In order, so that two batches with the same names never wait for each other. */
export async function rememberNames(db: Connection, names: SeenName[]): Promise<void> {
	await db.rows(
		`INSERT INTO catalog (kind, event, name, seen_at)
		 SELECT DISTINCT n.kind, n.event, n.name, $2::timestamptz FROM jsonb_to_recordset($1::jsonb) AS n(kind text, event text, name text)
			CROSS JOIN LATERAL (SELECT count(*) AS known FROM (SELECT FROM catalog c WHERE c.kind = n.kind LIMIT $3) AS few) AS kept
		 WHERE kept.known < $3 ORDER BY 1, 2, 3
		 ON CONFLICT DO NOTHING`,
		[JSON.stringify(names), db.now, MOST_NAMES],
	);
}

const FOUND: Record<Suggested, string> = {
	event: `SELECT name, '' AS about FROM catalog WHERE kind = 'event'`,
	property: `SELECT name, string_agg(event, ', ' ORDER BY event) AS about FROM catalog WHERE kind = 'property' GROUP BY name`,
	attribute: `SELECT name, '' AS about FROM catalog WHERE kind = 'attribute'`,
	tag: `SELECT name, '' AS about FROM catalog WHERE kind = 'tag'`,
	purpose: `SELECT '${DEFAULT_PURPOSE}' AS name, 'unless another is named' AS about
		UNION ALL SELECT name, '' FROM catalog WHERE kind = 'purpose' AND name <> '${DEFAULT_PURPOSE}'`,
	segment: `SELECT name, size || ' people' AS about FROM segments`,
	trait: `SELECT name, event AS about FROM traits`,
	journey: `SELECT key AS name, nullif(name, key) AS about FROM journeys`,
};

/** Names of one kind that contain a text, in their order, a hundred at most. Reads small tables only. */
export async function findNames(db: Connection, what: Suggested, containing: string): Promise<Array<{ name: string; about: string | null }>> {
	return await db.rows(
		`SELECT name, about FROM (${FOUND[what]}) AS found WHERE strpos(lower(name), lower($1)) > 0 ORDER BY lower(name), name LIMIT $2`,
		[containing, MOST_SUGGESTED],
	);
}
