import { kindName } from '../core/customerData';
import type { Identity } from '../core/types';
import { loadCustomers, profilesAt, type Customer } from '../store/customers';
import { journeysOfProfile } from '../store/drawings';
import type { Store } from '../store/types';
import { explain, type Told } from './explain';

/** One customer, and their story in each journey that knows of them. */
export interface Person {
	at: Date;
	customer: Customer;
	stories: Array<{ key: string; name: string; told: Told[]; /** There are older sentences. */ more: boolean }>;
}

/** Which part of which stories; without a journey: the newest of each. */
export interface Part {
	journey?: string;
	limit: number;
	skip: number;
}

/**
 * A customer by one of their identities.
 *
 * @returns what is wrong with the question, when there is no such customer
 */
export async function person(store: Store, identity: Identity, { journey, limit, skip }: Part): Promise<Person | { problem: string }> {
	const found = await store.tx(async (db) => {
		const [profile] = await profilesAt(db, [identity]);
		if (profile === undefined) return undefined;
		const [customer] = await loadCustomers(db, [profile]);
		return customer && { at: db.now, customer, journeys: await journeysOfProfile(db, profile) };
	});
	if (!found) return { problem: `No customer has the ${kindName(identity.kind)} “${identity.value}”: check the value, or whether it was ever sent.` };
	const asked = found.journeys.filter(({ key }) => journey === undefined || key === journey);
	// One more than is shown tells whether there are more.
	const told = asked.length === 0 ? [] : await explain(store, asked.map(({ key }) => ({ identity, journey: key, limit: limit + 1, skip })));
	const stories = asked.flatMap(({ key, name }, at) => {
		const story = told[at]!;
		// Gone since it was found.
		return 'problem' in story ? [] : [{ key, name, told: story.slice(0, limit), more: story.length > limit }];
	});
	return { at: found.at, customer: found.customer, stories };
}
