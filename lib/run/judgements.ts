import { convertByAbsence, dueJudgements, fillJudgements, tellJudged } from '../store/absence';
import { lockProfiles, lockRegistry } from '../store/locks';
import { currentPause } from '../store/pause';
import type { Store } from '../store/types';

/** People who are judged in one transaction, under their match lock. */
const JUDGED_AT_ONCE = 1_000;
/** Profiles whose runs are given their moment in one transaction. */
const PROFILES_AT_ONCE = 10_000;

/**
 * Judges everybody whose time is over for a goal on what does not happen, a bounded number at a time. An event that was
 * stored before is seen, since both take the match lock; one that comes afterwards is too late, and told as such. A batch
 * that is cut off has judged nobody, and one that is judged twice converts once. In a paused store nobody is judged: what
 * happened may be missing.
 *
 * @returns how many were judged, and how many conversions were stored
 */
export async function judgeDue(store: Store): Promise<{ judged: number; converted: number }> {
	while (await store.tx(async (db) => await fillJudgements(db, PROFILES_AT_ONCE)));
	const all = { judged: 0, converted: 0 };
	for (;;) {
		const some = await store.tx(async (db) => {
			if (await currentPause(db)) return undefined;
			const due = await dueJudgements(db, JUDGED_AT_ONCE);
			if (due.length === 0) return undefined;
			const [profiles, instances] = [due.map((one) => one.profile_id), due.map((one) => one.instance_id)];
			await lockRegistry(db, 'match');
			await lockProfiles(db, 'match', profiles);
			const converted = await convertByAbsence(db, profiles, instances);
			await tellJudged(db, profiles, instances);
			return { judged: due.length, converted };
		});
		if (!some) return all;
		all.judged += some.judged;
		all.converted += some.converted;
	}
}
