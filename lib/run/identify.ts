import { groupIdentities, normaliseIdentity, withoutOthers } from '../core/people';
import type { Identity, IntakeEntry } from '../core/types';
import { convertByLookBack, wakeByLookBack } from '../store/match';
import { mergeProfiles } from '../store/merge';
import { lockProfiles, lockRegistry } from '../store/locks';
import {
	findIdentities, identityKey, insertIdentities, insertProfiles, lockIdentities, mergedInto, userIdsOf, type KnownIdentities,
} from '../store/people';
import type { Connection } from '../store/types';
import { restart } from './timers';

interface Groups {
	/** Group of each entry. */
	groupOf: number[];
	groups: Identity[][];
	known: KnownIdentities;
}

/**
 * The profile of each entry, under its match lock; unknown people are made, people that turn out to be one are merged.
 *
 * Between a look-up and the lock somebody else may merge a profile away. What was then written about it would never
 * meet the people it is about, so wherever a lock is taken, it is asked again who is who.
 */
export async function lockPeople(db: Connection, entries: IntakeEntry[]): Promise<number[]> {
	await lockRegistry(db, 'match');
	let profiles = await profilesOf(db, entries);
	for (;;) {
		const moved = await lockStill(db, profiles);
		if (moved.size === 0) return profiles;
		profiles = profiles.map((profile) => moved.get(profile) ?? profile);
	}
}

/** Takes the match lock. @returns those that were merged away before it was taken */
async function lockStill(db: Connection, profiles: number[]): Promise<Map<number, number>> {
	const people = [...new Set(profiles)];
	await lockProfiles(db, 'match', people);
	return await mergedInto(db, people);
}

async function profilesOf(db: Connection, entries: IntakeEntry[]): Promise<number[]> {
	const nameless = entries.filter(({ profile }) => profile === undefined);
	for (const entry of nameless) entry.identities = entry.identities.map(normaliseIdentity);
	const found = nameless.length > 0 ? await identify(db, nameless) : [];
	const profileOf = new Map(nameless.map((entry, at) => [entry, found[at]!]));
	return entries.map((entry) => entry.profile ?? profileOf.get(entry)!);
}

async function identify(db: Connection, entries: IntakeEntry[]): Promise<number[]> {
	let state = await group(db, entries);
	const isSettled = (one: Identity[]) => profilesIn(one, state.known).length === 1 && one.every((id) => state.known.has(identityKey(id)));
	const open = state.groups.filter((one) => !isSettled(one));
	if (open.length > 0) {
		// Somebody may have made them between the look-up and the lock.
		await lockIdentities(db, open.flat());
		state = await group(db, entries);
		while ((await lockStill(db, state.groups.flatMap((one) => profilesIn(one, state.known)))).size > 0) state = await group(db, entries);
		await makeMissing(db, state);
		await mergeGroups(db, state);
	}
	return state.groupOf.map((at) => profilesIn(state.groups[at]!, state.known)[0]!);
}

async function group(db: Connection, entries: IntakeEntry[]): Promise<Groups> {
	const known = await findIdentities(db, entries.flatMap(({ identities }) => identities));
	const users = await userIdsOf(db, [...new Set(known.values())]);
	const own = withoutOthers(entries, (identity) => {
		const profile = known.get(identityKey(identity));
		return profile === undefined ? undefined : users.get(profile);
	});
	return { ...groupIdentities(own), known };
}

async function makeMissing(db: Connection, { groups, known }: Groups): Promise<void> {
	const strangers = groups.filter((one) => profilesIn(one, known).length === 0);
	const made = strangers.length > 0 ? await insertProfiles(db, strangers.length) : [];
	const profileOf = new Map(strangers.map((one, at) => [one, made[at]!]));
	const missing = groups.flatMap((one) =>
		one
			.filter((identity) => !known.has(identityKey(identity)))
			.map((identity) => ({ identity, profile: profileOf.get(one) ?? profilesIn(one, known)[0]! })),
	);
	if (missing.length === 0) return;
	await insertIdentities(db, missing.map(({ identity }) => identity), missing.map(({ profile }) => profile));
	for (const { identity, profile } of missing) known.set(identityKey(identity), profile);
}

async function mergeGroups(db: Connection, { groups, known }: Groups): Promise<void> {
	// Each round merges one more profile into each person: a statement can write a row only once.
	for (;;) {
		const round = groups.flatMap((one) => {
			const [into, from] = profilesIn(one, known);
			return from === undefined ? [] : [{ from, into: into! }];
		});
		if (round.length === 0) return;
		const live = await mergeProfiles(db, round);
		const into = new Map(round.map((merge) => [merge.from, merge.into]));
		for (const [key, profile] of known) known.set(key, into.get(profile) ?? profile);
		await convertByLookBack(db, [...into.values()], live);
		await wakeByLookBack(db, live, restart);
	}
}

/** The distinct profiles that a group's identities point at, oldest first. */
function profilesIn(identities: Identity[], known: KnownIdentities): number[] {
	return [...new Set(identities.flatMap((one) => known.get(identityKey(one)) ?? []))].sort((a, b) => a - b);
}
