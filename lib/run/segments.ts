import { nodesAskingFor } from '../core/canvas/segmentUse';
import { compileRule, rulesOf } from '../core/rule';
import { checkNames } from '../store/evaluate';
import { claimSegment, countTouched, deleteSegment, holdSegment, listenersOf, listSegments, previewAudience, refreshSoon, saveSegment, takeTouched, tellRefreshed, holdSegmentsHeard, type Preview, type Segment } from '../store/segments';
import { loadProfiles } from '../store/customers';
import { lockRegistry } from '../store/locks';
import { currentPause } from '../store/pause';
import { publishedCanvases } from '../store/retention';
import { changeMembers } from './members';
import { CATCH_UP_MS } from './registration';
import { StoreError, type Connection, type Store } from '../store/types';
import type { Profile, Rule } from '../core/types';

/** Profiles in one transaction of a refresh: short enough to be in nobody's way. */
const PROFILES_AT_ONCE = 10_000;
/** People of a review, who are looked at for every segment that is listened to. */
const TOUCHED_AT_ONCE = 1_000;
/** More notes than these are not worth it: everybody is looked at instead. */
const MOST_TOUCHED = 200_000;
const FORGOTTEN_AT_ONCE = 50_000;
const SAMPLE = 10;

type Claimed = Segment & { id: number };

/** What a refresh of one segment did. */
export interface Refreshed {
	name: string;
	joined: number;
	left: number;
}

/** What looking anew at people did. */
export interface Reviewed {
	/** Who was looked at. */
	people: number;
	joined: number;
	left: number;
	/** Candidates, conversions and wakes: somebody is due. */
	due: number;
}

/**
 * Saves a segment and brings it up to date; in a paused store, when that goes on.
 * @throws RuleError for a rule that cannot be asked of somebody outside a journey, or that asks for the segment itself
 */
export async function keepSegment(store: Store, segment: Segment): Promise<Refreshed> {
	await store.tx(async (db) => {
		compileRule(segment.rule, { now: db.now, firstParameter: 1 });
		await checkNames(db, [segment.rule]);
		await saveSegment(db, segment);
	});
	return (await refreshSegment(store, segment.name)) ?? { name: segment.name, joined: 0, left: 0 };
}

/**
 * Deletes a segment and its history.
 * @returns whether there was one
 * @throws StoreError naming the nodes of published journeys that ask for it or listen to it, and segments that do: they would fall silent
 */
export async function dropSegment(store: Store, name: string): Promise<boolean> {
	return await store.tx(async (db) => {
		const asking = await askingFor(db, name);
		if (asking.length > 0) throw new StoreError(`Name: segment "${name}" is asked for by ${asking.join(', ')}. Take it out there first, or unpublish the journey.`);
		const there = await deleteSegment(db, name);
		// Under the lock, so that nobody begins to listen in between; behind the segment itself, as wherever both are held.
		await lockRegistry(db, 'match');
		const listeners = await listenersOf(db, name);
		if (there && listeners.length > 0) {
			throw new StoreError(`segment "${name}" is what ${listeners.join(' and ')} ${listeners.length === 1 ? 'listens' : 'listen'} to. Choose another segment there, or unpublish the journey and wait a minute, then delete it.`);
		}
		return there;
	});
}

/**
 * Finds again who is in a segment, page by page; who is neither new nor gone is not written. What it finds is committed
 * with what it means for journeys: a refresh that is cut short leaves both, and the next one finds the rest. In a paused
 * store nobody joins or leaves: what happened may be missing, and it stays due.
 *
 * @param which its name, or by when it has been due
 * @param onDue is called when somebody is due by it
 * @returns undefined: there is none, or the store is paused
 */
export async function refreshSegment(store: Store, which: string | Date, onDue?: () => void): Promise<Refreshed | undefined> {
	const segment = await claim(store, which);
	return segment && (await refresh(store, segment, onDue));
}

async function claim(store: Store, which: string | Date): Promise<Claimed | undefined> {
	return await store.tx(async (db) => ((await currentPause(db)) ? undefined : await claimSegment(db, which)));
}

async function refresh(store: Store, segment: Claimed, onDue: () => void = () => undefined): Promise<Refreshed> {
	const done: Refreshed = { name: segment.name, joined: 0, left: 0 };
	let error: Error | undefined;
	try {
		await store.tx(async (db) => await checkNames(db, [segment.rule]));
		for (let after: number | null = 0; after !== null;) {
			const from: number = after;
			const page = await store.tx(async (db) => {
				const held = await holdSegment(db, segment.id);
				if (!held) return undefined;
				await lockRegistry(db, 'match');
				return await changeMembers(db, [held], { after: from, profiles: PROFILES_AT_ONCE });
			});
			if (!page) return done;
			done.joined += page.joined;
			done.left += page.left;
			if (page.due > 0) onDue();
			after = page.last;
		}
	} catch (caught) {
		error = caught as Error;
	}
	await store.tx(async (db) => await tellRefreshed(db, segment.id, error?.message ?? null));
	if (error) throw new Error(`Segment "${segment.name}" was not refreshed: ${error.message}`, { cause: error });
	return done;
}

async function askingFor(db: Connection, name: string): Promise<string[]> {
	const nodes = (await publishedCanvases(db, db.now)).flatMap(({ journey, canvas }) => nodesAskingFor(canvas, name).map((node) => `${node} in journey "${journey}"`));
	const segments = (await listSegments(db)).filter(({ rule }) => rulesOf(rule, 'segment').some(({ segment }) => segment === name));
	return [...nodes, ...segments.map((one) => `segment "${one.name}"`)];
}

/**
 * Refreshes every segment that is due, once, however long it takes. One that cannot be refreshed holds up no other.
 *
 * @throws whatever keeps it from asking which one is next: where the store is away, asking again at once would never end
 */
export async function refreshDue(store: Store, onError: (error: Error) => void, onDue?: () => void): Promise<Refreshed[]> {
	const all: Refreshed[] = [];
	const begun = await store.tx(async ({ now }) => now);
	for (;;) {
		const segment = await claim(store, begun);
		if (!segment) return all;
		await refresh(store, segment, onDue).then((one) => all.push(one), onError);
	}
}

/**
 * Looks anew at some of the people to whom something happened since, for the segments that journeys listen to, without
 * waiting for the next refresh. In one transaction with the notes about them: whoever is cut off has looked at nobody.
 *
 * Where more happens than can be looked at, the notes go and the segments are refreshed: late, but the table is bounded.
 *
 * @returns undefined: there was nobody to look at, or the store is paused
 */
export async function reviewTouched(store: Store, most = MOST_TOUCHED): Promise<Reviewed | undefined> {
	return await store.tx(async (db) => {
		if ((await countTouched(db)) > most) {
			await refreshSoon(db, new Date(+db.now - CATCH_UP_MS));
			await takeTouched(db, FORGOTTEN_AT_ONCE);
			return { people: 0, joined: 0, left: 0, due: 0 };
		}
		if (await currentPause(db)) return undefined;
		const people = await takeTouched(db, TOUCHED_AT_ONCE);
		if (!people) return undefined;
		const segments = await holdSegmentsHeard(db, new Date(+db.now - CATCH_UP_MS));
		await lockRegistry(db, 'match');
		const { joined, left, due } = await changeMembers(db, segments, { profiles: people });
		return { people: people.length, joined, left, due };
	});
}

/** How many are in an audience now, some of them, and the statement that found them. */
export async function preview(store: Store, rule: Rule | null, zone: string): Promise<Omit<Preview, 'sample'> & { sample: Profile[] }> {
	return await store.tx(async (db) => {
		if (rule) await checkNames(db, [rule]);
		const found = await previewAudience(db, rule, zone, SAMPLE);
		return { ...found, sample: await loadProfiles(db, found.sample) };
	});
}
