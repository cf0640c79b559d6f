import { reschedule, waitChange } from '../core/reschedule';
import type { Condition, Duration, Until } from '../core/types';
import { saveConditions } from '../store/conditions';
import { wakeByLookBack } from '../store/wakes';
import type { Store } from '../store/types';
import { followDeadlines, registeredWait, saveWait, waitersAt } from '../store/waits';
import { lockAndLook } from './lockAndLook';
import { restart } from './timers';

const PEOPLE_AT_ONCE = 5_000;

/** How a State has people wait. */
export interface RegisteredWait {
	/** The time rule that is the same for everybody; absent: it differs from person to person, or there is none. */
	rule?: Until;
	/** Events that start the delay again, which takes as long as the rule says. */
	resets?: { conditions: Condition[]; timer: Duration };
}

/**
 * Holds a State's changed wait against those who wait there already: who is to go on earlier is pulled forward, who is
 * to wait longer does. It is done before the State wakes anybody, and again from the beginning if it is cut off: what
 * was moved is moved to where it is. The rule is kept when all are through.
 *
 * @param closed the State has left again, and what comes next decides
 * @returns how many were moved
 */
export async function followWait(store: Store, step: number, { rule, resets }: RegisteredWait, closed: () => boolean): Promise<number> {
	const { rule: before } = await store.tx(async (db) => await registeredWait(db, step));
	const change = waitChange(before, rule);
	if (change === 'none') return 0;
	const followed = change === 'followed' ? rule : undefined;
	const { now, set } = await store.tx(async (db) => ({ now: db.now, set: followed && resets ? await saveConditions(db, resets.conditions, resets.timer) : null }));
	let moved = 0;
	if (followed) {
		let [after, late] = [0, 0];
		for (;;) {
			if (closed()) return moved;
			const page = await store.tx(async (db) => {
				// Under the lock it is read again: an event may have started a delay again while we waited for it.
				const find = async () => await waitersAt(db, step, after, PEOPLE_AT_ONCE);
				const people = await lockAndLook(db, 'park', await find(), (waiting) => waiting.map(({ profile_id }) => profile_id), find);
				if (people.length === 0) return undefined;
				const { due, overdue } = reschedule(followed, people, now, late);
				const changed = people.map(({ id, due_at }, at) => ({ id, due_at: due[at]!, before: due_at })).filter((one) => set !== null || +one.due_at !== +one.before);
				if (changed.length > 0) {
					const ids = await followDeadlines(db, step, changed, set);
					moved += ids.length;
					// What happened between the two deadlines, and was too late for the first one, counts now.
					if (people.some(({ listens }) => listens)) await wakeByLookBack(db, ids, restart);
				}
				return { last: people.at(-1)!.id, overdue };
			});
			if (!page) break;
			[after, late] = [page.last, page.overdue];
		}
	}
	await store.tx(async (db) => await saveWait(db, step, { rule, set }));
	return moved;
}
