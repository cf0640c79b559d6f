import { memberEvent } from '../core/ownEvents';
import { insertEvents } from '../store/events';
import { lockProfiles } from '../store/locks';
import { addCandidates } from '../store/candidates';
import { convertByEvents } from '../store/goals';
import { heardOf, refreshMembers, stillSomebody, type HeldSegment, type Whom } from '../store/segments';
import type { Connection } from '../store/types';
import { matchMembers } from './changes';
import { CATCH_UP_MS } from './registration';

/** What looking at some people changed. */
export interface Changed {
	/** The last profile that was looked at; null: there are no more. */
	last: number | null;
	joined: number;
	left: number;
	/** Candidates, conversions and wakes that came of it. */
	due: number;
}

/**
 * Finds who of these people has joined or left segments, and what that means for journeys, in the caller's transaction:
 * a change of membership, its event and the candidates it makes are committed together or not at all, so each change
 * lets somebody in once, however often it is looked for.
 *
 * Who is found by the first refresh of a segment has not joined it: that is whom it begins with.
 *
 * The caller holds the segments and the registry lock. The match lock is taken once for all of them, behind the rules,
 * which take time that intake need not wait for: what they find of somebody is settled by who holds the segment.
 */
export async function changeMembers(db: Connection, segments: HeldSegment[], whom: Whom): Promise<Changed> {
	const heard = await heardOf(db, segments.filter(({ filled }) => filled).map(({ name }) => name), new Date(+db.now - CATCH_UP_MS));
	const found: Array<{ name: string; came: number[]; went: number[] }> = [];
	const changed: Changed = { last: null, joined: 0, left: 0, due: 0 };
	for (const segment of segments) {
		const { last, came, went } = await refreshMembers(db, segment, whom);
		changed.last = last;
		changed.joined += came.length;
		changed.left += went.length;
		if (came.length + went.length > 0) found.push({ name: segment.name, came, went });
	}
	if (found.length === 0) return changed;
	const everybody = [...new Set(found.flatMap(({ came, went }) => [...came, ...went]))];
	await lockProfiles(db, 'match', everybody);
	for (const { name, came } of found) changed.due += await matchMembers(db, name, came);

	const told = found.filter(({ name }) => heard.has(name));
	if (told.length === 0) return changed;
	// Between the look and the lock somebody may have been merged away.
	const people = new Set(await stillSomebody(db, everybody));
	const changes = told.flatMap(({ name, came, went }) => [
		...came.map((profile_id) => ({ profile_id, name: memberEvent('joined', name), properties: { segment: name } })),
		...went.map((profile_id) => ({ profile_id, name: memberEvent('left', name), properties: { segment: name } })),
	]);
	const events = changes.filter(({ profile_id }) => people.has(profile_id)).map((one, index) => ({ ...one, index, occurred_at: db.now, message_id: null }));
	if (events.length === 0) return changed;
	const ids = (await insertEvents(db, events, false)).map(({ id }) => id);
	// Goals first, as with any other event.
	changed.due += await convertByEvents(db, ids);
	changed.due += await addCandidates(db, ids);
	return changed;
}
