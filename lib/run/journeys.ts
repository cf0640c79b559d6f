import { KEYS_NAMED, noJourney } from '../core/journeyKey';
import { tellAct } from '../store/acts';
import { endInstances } from '../store/finish';
import { insideAfter, listJourneys, markJourney, spreadDue, stepsOf, type Mark } from '../store/journeys';
import { someJourneyKeys } from '../store/story';
import { StoreError, type Connection, type Store } from '../store/types';

/** What an operator may do to a journey besides evicting people and letting it go on. */
const MARKS = {
	pause: { mark: 'paused_at', on: true, already: 'is paused already' },
	close: { mark: 'closed_at', on: true, already: 'lets nobody in already' },
	open: { mark: 'closed_at', on: false, already: 'lets people in already' },
	archive: { mark: 'archived_at', on: true, already: 'is archived already' },
	unarchive: { mark: 'archived_at', on: false, already: 'is not archived' },
} as const satisfies Record<string, { mark: Mark; on: boolean; already: string }>;
export type JourneyVerb = keyof typeof MARKS;

const EVICTED_AT_ONCE = 5_000;

/**
 * Does something to a journey and journals who did.
 *
 * `pause`: no claims and no admissions; events are matched on, whoever is running goes on to their next State ·
 * `close`: nobody enters, those inside go on · `open` takes that back · `archive`: closed for good and out of the way;
 * `unarchive` takes that back
 *
 * @throws StoreError when there is no such journey, it is so already, or somebody is in a journey that is to be archived
 */
export async function changeJourney(store: Store, key: string, verb: JourneyVerb, who: string): Promise<void> {
	const { mark, on, already } = MARKS[verb];
	await store.tx(async (db) => {
		const id = await journeyAt(db, key);
		if (verb === 'archive' && (await insideAfter(db, id, 0, 1)).length > 0) {
			throw new StoreError(`Journey "${key}" has people inside. Close its entries and wait until they are through, or evict them; then archive it.`);
		}
		if (!(await markJourney(db, id, mark, on))) throw new StoreError(`Journey "${key}" ${already}.`);
		await tellAct(db, verb, who, id, {});
	});
}

/**
 * Lets a paused journey go on. What fell due in the pause comes spread over a time; it was decided by its own deadline.
 * The journey goes on in the transaction that finds the last of them, so that nothing falls due in between unspread.
 *
 * @returns how many people were due
 * @throws StoreError when there is no such journey, or it is not paused
 */
export async function resumeJourney(store: Store, key: string, spreadMs: number, who: string): Promise<number> {
	const { id, steps, now, paused } = await store.tx(async (db) => {
		const id = await journeyAt(db, key);
		const [journey] = await listJourneys(db, [key]);
		return { id, steps: await stepsOf(db, id), now: db.now, paused: journey!.paused_at };
	});
	if (!paused) throw new StoreError(`Journey "${key}" is not paused here. If its workflow is not published, publish it.`);
	let due = 0;
	for (let more = true; more; ) {
		const page = await store.tx(async (db) => {
			const page = spreadMs === 0 ? { people: 0, more: false } : await spreadDue(db, steps, now, spreadMs);
			if (!page.more && (await markJourney(db, id, 'paused_at', false))) {
				await tellAct(db, 'resume', who, id, { due: due + page.people, spreadMinutes: spreadMs / 60_000 });
			}
			return page;
		});
		[due, more] = [due + page.people, page.more];
	}
	await store.hint();
	return due;
}

/**
 * Takes everybody out of a journey, page by page; who enters meanwhile stays, unless entries are closed.
 *
 * @returns how many
 * @throws StoreError when there is no such journey
 */
export async function evict(store: Store, key: string, reason: string, who: string): Promise<number> {
	const id = await store.tx(async (db) => await journeyAt(db, key));
	let [evicted, after] = [0, 0];
	for (;;) {
		const page = await store.tx(async (db) => await insideAfter(db, id, after, EVICTED_AT_ONCE));
		if (page.length === 0) break;
		evicted += await store.tx(async (db) => await endInstances(db, page, reason));
		after = page.at(-1)!;
	}
	await store.tx(async (db) => await tellAct(db, 'evict', who, id, { evicted, reason }));
	return evicted;
}

/** The id of a journey. @throws StoreError naming journeys that there are */
export async function journeyAt(db: Connection, key: string): Promise<number> {
	const [journey] = await listJourneys(db, [key]);
	if (!journey) throw new StoreError(`Journey: ${noJourney(key, await someJourneyKeys(db, KEYS_NAMED))}`);
	return journey.id;
}
