import { kindName } from '../core/customerData';
import type { Identity, Json } from '../core/types';
import { tellAct } from '../store/acts';
import { loadCustomers, profilesAt, type Customer } from '../store/customers';
import { endInstances } from '../store/finish';
import { lockRegistry } from '../store/locks';
import { blank, blankRejected, exportRows, instancesOf, namesOf, rejectedNaming, withMerged } from '../store/privacy';
import { StoreError, type Connection, type Store } from '../store/types';
import { lockAndLook } from './lockAndLook';

/** What an erasure did. */
export interface Erased {
	profile: number;
	/** Journeys that were ended. */
	ended: number;
	/** Rows that were blanked or deleted, by table. */
	rows: Record<string, number>;
	/** What this store cannot reach. */
	remains: string[];
}

const REMAINS = [
	'Data of executions that n8n keeps: delete the executions of the journeys, or let them be pruned (EXECUTIONS_DATA_PRUNE).',
	'Backups of the store, until they are deleted.',
	'What n8n\'s nodes have handed to others: e-mail providers, spreadsheets, CRMs.',
	'Blanked rows lie on the disk of the database until its next vacuum.',
];

/** Everything known of one person. */
export type Exported = Customer & {
	/** Every row about them, by table. */
	records: Record<string, object[]>;
	/** Input that was refused and names them. */
	rejected: object[];
};

/** @throws StoreError when nobody is known by this identity */
export async function exportProfile(store: Store, identity: Identity, who: string): Promise<Exported> {
	return await store.tx(async (db) => {
		const profile = await profileAt(db, identity);
		const everyone = await withMerged(db, [profile]);
		const [customer] = await loadCustomers(db, [profile]);
		await tellAct(db, 'export', who, null, { profile });
		return { ...customer!, records: await exportRows(db, everyone), rejected: await rejectedNaming(db, await namesOf(db, everyone)) };
	});
}

/**
 * Makes the store forget who somebody was. Their journeys end, counts stay. Who comes back under the same identity is
 * somebody new.
 *
 * @throws StoreError when nobody is known by this identity
 */
export async function eraseProfile(store: Store, identity: Identity, who: string): Promise<Erased> {
	for (let [names, rejected] = [[] as string[], 0]; ; ) {
		// All that was ever refused is read, so it is not done under the match lock, which all intake waits for.
		names = await store.tx(async (db) => await namesOf(db, (await everyoneAt(db, identity)).everyone));
		rejected += await store.tx(async (db) => await blankRejected(db, names));
		const erased = await store.tx(async (db) => await eraseKnownBy(db, identity, names, rejected, who));
		if (erased) return erased;
	}
}

/** @returns undefined when the person is known by other names as well by now, which are still to be looked for */
async function eraseKnownBy(db: Connection, identity: Identity, names: string[], rejected: number, who: string): Promise<Erased | undefined> {
	await lockRegistry(db, 'match');
	const find = async () => await everyoneAt(db, identity);
	const { profile, everyone } = await lockAndLook(db, 'match', await find(), (found) => found.everyone, find);
	if ((await namesOf(db, everyone)).some((name) => !names.includes(name))) return undefined;
	const ended = await endInstances(db, await instancesOf(db, everyone), 'erased');
	const rows = { rejected, ...(await blank(db, everyone)) };
	await tellAct(db, 'erase', who, null, { profile, rows } satisfies Json);
	return { profile, ended, rows, remains: REMAINS };
}

/** Who has this identity, and everyone who was merged into them. */
async function everyoneAt(db: Connection, identity: Identity): Promise<{ profile: number; everyone: number[] }> {
	const profile = await profileAt(db, identity);
	return { profile, everyone: await withMerged(db, [profile]) };
}

async function profileAt(db: Connection, identity: Identity): Promise<number> {
	const [profile] = await profilesAt(db, [identity]);
	if (profile === undefined) throw new StoreError(`Customer: nobody has this ${kindName(identity.kind)}. Check the value; or they were erased already.`);
	return profile;
}
