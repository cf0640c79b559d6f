import { foldChanges, groupIdentities, normaliseIdentity } from '../core/people';
import type { IntakeEntry } from '../core/types';
import { insertEvents, insertRejected, rememberMessages, type NewEvent, type Refused } from '../store/events';
import { lockProfiles, lockRegistry } from '../store/locks';
import { addCandidates, convertByEvents, convertByLookBack, wakeByEvents, wakeByLookBack } from '../store/match';
import { mergeProfiles } from '../store/merge';
import {
	findIdentities, identityKey, insertIdentities, insertProfiles, lockIdentities, writeProfiles, type KnownIdentities,
} from '../store/people';
import type { Connection, Store } from '../store/types';
import { restart } from './timers';

export interface IntakeResult {
	/** Entries whose message id was known: kept once, nothing done. */
	duplicates: number;
	events: number;
	/** People woken, candidates written, conversions stored. */
	woken: number;
	candidates: number;
	conversions: number;
}

/**
 * Takes a batch in, in one transaction: dedupe, find or make profiles, write changes, store events, match. When it
 * resolves, everything is durable; when it throws, nothing happened and the sender may send the batch again.
 *
 * @param entries valid entries, with at least one identity each
 * @param options.match false for history that must neither enter, wake nor convert anyone
 */
export async function takeIn(
	store: Store, source: string, entries: IntakeEntry[], refused: Refused[] = [], options: { match: boolean } = { match: true },
): Promise<IntakeResult> {
	return await store.tx(async (db) => {
		if (refused.length > 0) await insertRejected(db, source, refused);
		const fresh = await withoutDuplicates(db, entries);
		const result: IntakeResult = { duplicates: entries.length - fresh.length, events: 0, woken: 0, candidates: 0, conversions: 0 };
		if (fresh.length === 0) return result;

		const profiles = await profilesOf(db, fresh);
		const people = [...new Set(profiles)];
		await lockRegistry(db, 'match');
		await lockProfiles(db, 'match', people);

		const writes = foldChanges(fresh.map((entry, at) => ({ profile: profiles[at]!, entry })));
		if (writes.length > 0) await writeProfiles(db, writes);

		const events = fresh.flatMap((entry, at) => (entry.event ? [eventRow(entry, profiles[at]!)] : []));
		if (events.length === 0) return result;
		const ids = await insertEvents(db, events);
		result.events = ids.length;
		if (!options.match) return result;
		// Goals first: a goal and a State on the same event, the goal wins.
		result.conversions = await convertByEvents(db, ids, people);
		result.woken = await wakeByEvents(db, ids, people, restart);
		result.candidates = await addCandidates(db, ids);
		return result;
	});
}

function eventRow(entry: IntakeEntry, profile: number): NewEvent {
	return {
		index: entry.index, profile_id: profile, name: entry.event!.name, properties: entry.event!.properties,
		occurred_at: entry.occurredAt, message_id: entry.messageId ?? null,
	};
}

async function withoutDuplicates(db: Connection, entries: IntakeEntry[]): Promise<IntakeEntry[]> {
	const ids = entries.flatMap((entry) => entry.messageId ?? []);
	if (ids.length === 0) return entries;
	const fresh = await rememberMessages(db, ids);
	return entries.filter(({ messageId }) => messageId === undefined || fresh.delete(messageId));
}

/** The profile of each entry; unknown people are made, people that turn out to be one are merged. */
async function profilesOf(db: Connection, entries: IntakeEntry[]): Promise<number[]> {
	for (const entry of entries) entry.identities = entry.identities.map(normaliseIdentity);
	const { groupOf, groups } = groupIdentities(entries.map(({ identities }) => identities));
	const all = groups.flat();
	let known = await findIdentities(db, all);
	const isSettled = (group: (typeof groups)[0]) => profilesIn(group, known).length === 1 && group.every((one) => known.has(identityKey(one)));
	const open = groups.filter((group) => !isSettled(group));
	if (open.length > 0) {
		// Somebody may have made them between the look-up and the lock.
		await lockIdentities(db, open.flat());
		known = await findIdentities(db, all);
		const strangers = groups.filter((group) => profilesIn(group, known).length === 0);
		const made = strangers.length > 0 ? await insertProfiles(db, strangers.length) : [];
		const profileOf = new Map(groups.map((group) => [group, Math.min(...profilesIn(group, known))]));
		strangers.forEach((group, at) => profileOf.set(group, made[at]!));

		const missing = groups.flatMap((group) => group.filter((one) => !known.has(identityKey(one))).map((one) => ({ one, profile: profileOf.get(group)! })));
		if (missing.length > 0) await insertIdentities(db, missing.map(({ one }) => one), missing.map(({ profile }) => profile));
		for (const { one, profile } of missing) known.set(identityKey(one), profile);

		// Each round merges one more profile into each person: a statement can write a row only once.
		for (;;) {
			const round = groups.flatMap((group) => {
				const [into, from] = profilesIn(group, known);
				return from === undefined ? [] : [{ from, into: into! }];
			});
			if (round.length === 0) break;
			const live = await mergeProfiles(db, round);
			const into = new Map(round.map((merge) => [merge.from, merge.into]));
			for (const [key, profile] of known) known.set(key, into.get(profile) ?? profile);
			await convertByLookBack(db, [...into.values()], live);
			await wakeByLookBack(db, live, restart);
		}
	}
	return groupOf.map((group) => profilesIn(groups[group]!, known)[0]!);
}

/** The distinct profiles that a group's identities point at, oldest first. */
function profilesIn(group: IntakeEntry['identities'], known: KnownIdentities): number[] {
	return [...new Set(group.flatMap((one) => known.get(identityKey(one)) ?? []))].sort((a, b) => a - b);
}
