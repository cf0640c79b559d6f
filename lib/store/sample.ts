import { compileFilter, NO_VARIABLES } from '../core/filter';
import { compileRule } from '../core/rule';
import type { EventItem, Filter, Profile, Rule } from '../core/types';
import { EVENT, PROFILE } from './running';
import type { Connection } from './types';

/** An event that happened, and whose. */
export interface EventSample {
	event: EventItem;
	profile: Profile;
}

/** How many of the newest events are looked at: names have no index of their own. */
const NEWEST = 10_000;

/** The newest event of this name that matches the filter, if it is among the newest 10,000. */
export async function newestEvent(db: Connection, name: string, filter: Filter): Promise<EventSample | undefined> {
	const [found] = await db.rows<EventSample>(
		`SELECT ${EVENT} AS event, ${PROFILE} AS profile
		 FROM (SELECT * FROM events ORDER BY id DESC LIMIT $3) e
			JOIN profiles p ON p.id = e.profile_id
		 WHERE e.name = $1 AND ($2::jsonpath IS NULL OR jsonb_path_match_tz(e.properties, $2::jsonpath, $4, true))
		 ORDER BY e.id DESC LIMIT 1`,
		[name, compileFilter(filter), NEWEST, NO_VARIABLES],
	);
	return found;
}

/** The newest profile in an audience, if it is among the newest 10,000. @param rule null: everyone */
export async function newestProfile(db: Connection, rule: Rule | null, zone: string): Promise<Profile | undefined> {
	const compiled = rule && compileRule(rule, { now: db.now, firstParameter: 2, zone });
	const [found] = await db.rows<{ profile: Profile }>(
		`SELECT ${PROFILE} AS profile FROM (SELECT * FROM profiles WHERE merged_into IS NULL AND erased_at IS NULL ORDER BY id DESC LIMIT $1) p
		 WHERE ${compiled?.sql ?? 'true'} ORDER BY p.id DESC LIMIT 1`,
		[NEWEST, ...(compiled?.params ?? [])],
	);
	return found?.profile;
}
