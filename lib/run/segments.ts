import { compileRule } from '../core/rule';
import { checkNames } from '../store/evaluate';
import { claimSegment, previewAudience, refreshMembers, saveSegment, tellRefreshed, type Preview, type Segment } from '../store/segments';
import { loadProfiles } from '../store/customers';
import { matchMembers } from './changes';
import type { Store } from '../store/types';
import type { Profile, Rule } from '../core/types';

/** Profiles in one transaction of a refresh: short enough to be in nobody's way. */
const PROFILES_AT_ONCE = 10_000;
const SAMPLE = 10;

/** What a refresh of one segment did. */
export interface Refreshed {
	name: string;
	joined: number;
	left: number;
}

/**
 * Saves a segment and brings it up to date.
 * @throws RuleError for a rule that cannot be asked of somebody outside a journey, or that asks for the segment itself
 */
export async function keepSegment(store: Store, segment: Segment): Promise<Refreshed> {
	await store.tx(async (db) => {
		compileRule(segment.rule, { now: db.now, firstParameter: 1 });
		await checkNames(db, [segment.rule]);
		await saveSegment(db, segment);
	});
	return (await refreshSegment(store, segment.name))!;
}

/**
 * Finds again who is in a segment, page by page; who is neither new nor gone is not written. A refresh that is cut short
 * leaves what it has found, and the next one finds the rest.
 *
 * @param which its name, or by when it has been due
 * @returns undefined: there is none
 */
export async function refreshSegment(store: Store, which: string | Date): Promise<Refreshed | undefined> {
	const segment = await store.tx(async (db) => await claimSegment(db, which));
	if (!segment) return undefined;
	const done: Refreshed = { name: segment.name, joined: 0, left: 0 };
	let error: Error | undefined;
	try {
		await store.tx(async (db) => await checkNames(db, [segment.rule]));
		for (let after: number | null = 0; after !== null;) {
			const from: number = after;
			const page = await store.tx(async (db) => {
				const found = await refreshMembers(db, segment, from, PROFILES_AT_ONCE);
				await matchMembers(db, segment.name, found.came);
				return found;
			});
			done.joined += page.joined;
			done.left += page.left;
			after = page.last;
		}
	} catch (caught) {
		error = caught as Error;
	}
	await store.tx(async (db) => await tellRefreshed(db, segment.id, error?.message ?? null));
	if (error) throw new Error(`Segment "${segment.name}" was not refreshed: ${error.message}`, { cause: error });
	return done;
}

/** Refreshes every segment that is due, once, however long it takes. One that cannot be refreshed holds up no other. */
export async function refreshDue(store: Store, onError: (error: Error) => void): Promise<Refreshed[]> {
	const all: Refreshed[] = [];
	const begun = await store.tx(async ({ now }) => now);
	for (;;) {
		try {
			const one = await refreshSegment(store, begun);
			if (!one) return all;
			all.push(one);
		} catch (error) {
			onError(error as Error);
		}
	}
}

/** How many are in an audience now, some of them, and the statement that found them. */
export async function preview(store: Store, rule: Rule | null, zone: string): Promise<Omit<Preview, 'sample'> & { sample: Profile[] }> {
	return await store.tx(async (db) => {
		if (rule) await checkNames(db, [rule]);
		const found = await previewAudience(db, rule, zone, SAMPLE);
		return { ...found, sample: await loadProfiles(db, found.sample) };
	});
}
