import { groupIdentities, normaliseIdentity, withoutOthers } from '../core/people';
import type { Identity, IntakeEntry } from '../core/types';
import { planJudgements } from '../store/absence';
import { convertByLookBack } from '../store/goals';
import { wakeByLookBack } from '../store/wakes';
import { mergeProfiles } from '../store/merge';
import { lockRegistry } from '../store/locks';
import {
	findIdentities, identityKey, insertIdentities, insertProfiles, lockIdentities, userIdsOf, type KnownIdentities,
} from '../store/people';
import type { Connection } from '../store/types';
import { lookAtPeople } from './changes';
import { lockAndLook, present, whoTheyAre } from './lockAndLook';
import { restart } from './timers';

interface Groups {
	/** Group of each entry. */
	groupOf: number[];
	groups: Identity[][];
	/** Profiles of the identities, new ones included. */
	known: KnownIdentities;
	/** Identities that are not stored yet. */
	missing: Identity[];
}

/**
 * The profile of each entry, under its match lock; unknown people are made, people that turn out to be one are merged.
 *
 * Between the look-up and the lock somebody else may merge a profile away, or erase it. What was then written about it
 * would never meet the person it is about, so under the lock it is asked again who is who; who was erased is somebody
 * new. The locks of the whole batch are taken in one call, those of new profiles too, so that two batches cannot wait
 * for each other.
 *
 * @returns null for an entry that names a profile, and it was erased
 */
export async function lockPeople(db: Connection, entries: IntakeEntry[]): Promise<Array<number | null>> {
	await lockRegistry(db, 'match');
	const nameless = entries.filter(({ profile }) => profile === undefined);
	for (const entry of nameless) entry.identities = entry.identities.map(normaliseIdentity);
	const people = await find(db, nameless);
	const given = [...new Set(entries.flatMap(({ profile }) => profile ?? []))];
	let givenNow: Array<number | null> = given;
	const whose = () => [...present(givenNow), ...people.groups.flatMap((one) => profilesIn(one, people.known))];
	await lockAndLook(db, 'match', whose(), (profiles) => profiles, async (profiles) => {
		const asked = [...new Set(profiles)];
		const now = await whoTheyAre(db, asked);
		const became = new Map(asked.map((id, at) => [id, now[at]!]));
		givenNow = givenNow.map((id) => (id === null ? null : became.get(id)!));
		await follow(db, people, became);
		return whose();
	});
	await storeMissing(db, people);
	await mergeGroups(db, people);
	const profileOf = new Map(nameless.map((entry, at) => [entry, profilesIn(people.groups[people.groupOf[at]!]!, people.known)[0]!]));
	const nowOf = new Map(given.map((id, at) => [id, givenNow[at]!]));
	return entries.map((entry) => (entry.profile === undefined ? profileOf.get(entry)! : nowOf.get(entry.profile)!));
}

/** Points what is known at the profiles that these are by now; identities of who was erased are nobody's, and looked up anew. */
async function follow(db: Connection, people: Groups, became: Map<number, number | null>): Promise<void> {
	const { known, groups, missing } = people;
	const lost = new Set([...known].flatMap(([key, profile]) => (became.get(profile) === null ? [key] : [])));
	for (const [key, profile] of known) known.set(key, became.get(profile) ?? profile);
	if (lost.size === 0) return;
	for (const key of lost) known.delete(key);
	const anew = groups.flat().filter((identity) => lost.has(identityKey(identity)));
	// As for every stranger: somebody else may be making them just now.
	await lockIdentities(db, anew);
	for (const [key, profile] of await findIdentities(db, anew)) known.set(key, profile);
	missing.push(...anew.filter((identity) => !known.has(identityKey(identity))));
	await makeStrangers(db, people);
}

/** Who the entries are about, as far as is known; strangers get an empty profile, which nobody can find yet. */
async function find(db: Connection, entries: IntakeEntry[]): Promise<Groups> {
	if (entries.length === 0) return { groupOf: [], groups: [], known: new Map(), missing: [] };
	const found = await group(db, entries);
	const isSettled = (one: Identity[]) => profilesIn(one, found.known).length === 1 && one.every((id) => found.known.has(identityKey(id)));
	const open = found.groups.filter((one) => !isSettled(one));
	if (open.length === 0) return found;
	// Somebody may have made them between the look-up and the lock.
	await lockIdentities(db, open.flat());
	const people = await group(db, entries);
	await makeStrangers(db, people);
	return people;
}

async function makeStrangers(db: Connection, { groups, known }: Groups): Promise<void> {
	const strangers = groups.filter((one) => profilesIn(one, known).length === 0);
	const made = strangers.length > 0 ? await insertProfiles(db, strangers.length) : [];
	strangers.forEach((one, at) => one.forEach((identity) => known.set(identityKey(identity), made[at]!)));
}

async function group(db: Connection, entries: IntakeEntry[]): Promise<Groups> {
	const known = await findIdentities(db, entries.flatMap(({ identities }) => identities));
	// A single identity cannot be another user's.
	const several = entries.some(({ identities }) => identities.length > 1);
	const users = several ? await userIdsOf(db, [...new Set(known.values())]) : new Map<number, Set<string>>();
	const own = withoutOthers(entries, (identity) => {
		const profile = known.get(identityKey(identity));
		return profile === undefined ? undefined : users.get(profile);
	});
	const grouped = groupIdentities(own);
	return { ...grouped, known, missing: grouped.groups.flat().filter((identity) => !known.has(identityKey(identity))) };
}

async function storeMissing(db: Connection, { groups, known, missing }: Groups): Promise<void> {
	if (missing.length === 0) return;
	const groupOf = new Map(groups.flatMap((one) => one.map((identity) => [identityKey(identity), one])));
	const profiles = missing.map((identity) => profilesIn(groupOf.get(identityKey(identity))!, known)[0]!);
	await insertIdentities(db, missing, profiles);
	missing.forEach((identity, at) => known.set(identityKey(identity), profiles[at]!));
}

async function mergeGroups(db: Connection, { groups, known }: Groups): Promise<void> {
	// A statement can write a row only once, so each profile takes part in one merge a round.
	for (;;) {
		const taken = new Set<number>();
		const round = groups.flatMap((one) => {
			const [into, from] = profilesIn(one, known);
			if (from === undefined || taken.has(into!) || taken.has(from)) return [];
			taken.add(into!).add(from);
			return [{ from, into: into! }];
		});
		if (round.length === 0) return;
		const live = await mergeProfiles(db, round);
		const into = new Map(round.map((merge) => [merge.from, merge.into]));
		repoint(known, into);
		await planJudgements(db, [...into.values()], null);
		await convertByLookBack(db, [...into.values()], live);
		await lookAtPeople(db, live);
		await wakeByLookBack(db, live, restart);
	}
}

function repoint(known: KnownIdentities, into: Map<number, number>): void {
	for (const [key, profile] of known) known.set(key, into.get(profile) ?? profile);
}

/** The distinct profiles that a group's identities point at, oldest first. */
function profilesIn(identities: Identity[], known: KnownIdentities): number[] {
	const all = identities.flatMap((one) => known.get(identityKey(one)) ?? []);
	return all.length < 2 ? all : [...new Set(all)].sort((a, b) => a - b);
}
