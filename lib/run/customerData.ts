import type { Engagement, Identity, IntakeEntry, Profile } from '../core/types';
import { loadCustomers, loadProfiles, profilesAt, type Customer } from '../store/customers';
import { findEngaged, insertEngagements, type Engaged } from '../store/engagements';
import { insertRejected, type Refused } from '../store/events';
import { matchEngagements } from './changes';
import type { Engine } from './engine';
import { takeIn } from './intake';
import { lockAndLook } from './lockAndLook';

/** The door of the Customer Data node, as it is told of what came in by it. */
export const CUSTOMER_DATA = 'customer data';

/** The store's clock. */
export async function storeClock(engine: Engine): Promise<Date> {
	return await engine.store.tx(async (db) => db.now);
}

/**
 * Takes entries in, in one transaction.
 *
 * @param history they neither enter, wake nor convert anyone
 * @returns the person of each entry, as they are afterwards, in the order of the entries
 */
export async function storeCustomerData(engine: Engine, entries: IntakeEntry[], history: boolean): Promise<Profile[]> {
	if (entries.length === 0) return [];
	const { woken, candidates, conversions } = await takeIn(engine.store, CUSTOMER_DATA, entries, [], { match: !history });
	if (woken + candidates + conversions > 0) engine.announce();
	return await engine.store.tx(async (db) => {
		const ids = await profilesAt(db, entries.map(({ identities }) => identities[0]!));
		const profiles = new Map((await loadProfiles(db, ids as number[])).map((profile) => [profile.id, profile]));
		return ids.map((id) => profiles.get(id!)!);
	});
}

/** Takes history in, in one transaction. @returns how much of it is new */
export async function storeHistory(engine: Engine, entries: IntakeEntry[]): Promise<{ events: number; duplicates: number }> {
	const { events, duplicates } = await takeIn(engine.store, CUSTOMER_DATA, entries, [], { match: false });
	return { events, duplicates };
}

/** Keeps items that were refused, so that they can be mended and sent in again. */
export async function keepRefused(engine: Engine, refused: Refused[]): Promise<void> {
	await engine.store.tx(async (db) => await insertRejected(db, CUSTOMER_DATA, refused));
}

/** The customer that each identity points at; undefined: nobody. */
export async function findCustomers(engine: Engine, identities: Identity[]): Promise<Array<Customer | undefined>> {
	return await engine.store.tx(async (db) => {
		const ids = await profilesAt(db, identities);
		const customers = new Map((await loadCustomers(db, ids.filter((id) => id !== undefined))).map((one) => [one.profile.id, one]));
		return ids.map((id) => customers.get(id ?? 0));
	});
}

/**
 * Records what happened to messages, in one transaction.
 *
 * @returns what each belongs to, by `index`: absent if no delivery has that key or id
 */
export async function recordEngagements(engine: Engine, engagements: Engagement[]): Promise<Map<number, Engaged>> {
	if (engagements.length === 0) return new Map();
	const { engaged, woken } = await engine.store.tx(async (db) => {
		// A merge moves messages to another profile, and an unsubscription must not stay behind with the old one.
		const find = async () => await findEngaged(db, engagements);
		const profiles = await lockAndLook(db, 'match', await find(), (people) => people, find);
		const engaged = await insertEngagements(db, engagements);
		return { engaged, woken: await matchEngagements(db, profiles, [...new Set(engagements.map(({ kind }) => kind))]) };
	});
	if (woken > 0) engine.announce();
	return new Map(engaged.map((one) => [one.index, one]));
}
