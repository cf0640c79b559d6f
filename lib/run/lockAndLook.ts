import { lockProfiles } from '../store/locks';
import { whatBecame } from '../store/people';
import type { Connection } from '../store/types';

/**
 * Takes the match lock of people who were found before, and looks again who they are: until the lock is ours, somebody
 * else may merge them, erase them, or take them out. Whoever turns up by that is locked as well, and it is looked again.
 * What is returned was read under the lock of everybody in it, so nothing of it changes before our commit.
 *
 * @param found who was found without a lock
 * @param whose their profiles
 * @param again finds them anew; it is asked at least once, unless there is nobody
 */
export async function lockAndLook<Found>(
	db: Connection, as: 'match' | 'park', found: Found, whose: (found: Found) => number[], again: (found: Found) => Promise<Found>,
): Promise<Found> {
	const locked = new Set<number>();
	for (let now = found; ; now = await again(now)) {
		const open = [...new Set(whose(now))].filter((id) => !locked.has(id));
		if (open.length === 0) return now;
		await lockProfiles(db, as, open);
		open.forEach((id) => locked.add(id));
	}
}

/** The profiles that these are by now, in the same order: who took them over; null: they were erased. */
export async function whoTheyAre(db: Connection, profiles: Array<number | null>): Promise<Array<number | null>> {
	for (let now = profiles; ; ) {
		const became = await whatBecame(db, [...new Set(present(now))]);
		if (became.size === 0) return now;
		now = now.map((id) => (id !== null && became.has(id) ? became.get(id)! : id));
	}
}

/** Those who are somebody. */
export function present(profiles: Array<number | null>): number[] {
	return profiles.filter((id) => id !== null);
}
