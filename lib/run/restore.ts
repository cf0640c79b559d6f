import { columnsOf, countRows, analyse, makePartitions, setAside, setSequences, storeVersion, writeRows, type Frame, type Rows } from '../store/archive';
import { MOST_ATTEMPTS } from '../store/claim';
import { doubtDeliveries } from '../store/deliveries';
import { returnClaim } from '../store/giveBack';
import { migrate, migrations } from '../store/migrate';
import { allClaims, startPause } from '../store/pause';
import { StoreError, type Connection, type Store } from '../store/types';
import { compare, type BackupReader, type Counts } from './backup';

/**
 * Makes a store of a backup, in one transaction: all of it, or nothing. It is paused then, and nobody in it is under
 * way: whoever was at the time of the backup is back at their step, and of messages that were being sent then nobody
 * knows what became.
 *
 * @param store opened as it was found (`upTo: 0`)
 * @param replace true: what is in this schema is put aside under another name; false: it is refused
 * @throws StoreError when the backup is damaged, was made by a newer version, or the place is taken
 */
export async function restore(store: Store, schema: string, { header, rows }: BackupReader, replace: boolean): Promise<{ counts: Counts; aside?: string }> {
	return await once(store, async (db) => {
		const aside = await makeRoom(db, store, schema, replace);
		const counts = await fill(db, schema, header, rows);
		await stopClaims(db);
		await startPause(db, 'restored', { backupAt: new Date(header.takenAt) });
		return { counts, ...(aside !== undefined && { aside }) };
	});
}

/** Pauses a store that was copied by other means, as if it had been restored. */
export async function markRestored(store: Store, takenAt: Date): Promise<void> {
	await store.tx(async (db) => {
		await stopClaims(db);
		await startPause(db, 'restored', { backupAt: takenAt });
	});
}

/** A backup can be read once, so a transaction that reads one is not run again. */
async function once<T>(store: Store, work: (db: Connection) => Promise<T>): Promise<T> {
	let begun = false;
	return await store.tx(async (db) => {
		if (begun) throw new StoreError('Journey Store: another process was in the way. Nothing was written: do it again.');
		begun = true;
		return await work(db);
	});
}

/** Writes a whole store into an empty schema and brings it up to date. @returns rows of each table, as they were written */
export async function fill(db: Connection, schema: string, frame: Frame, rows: AsyncIterable<Rows>): Promise<Counts> {
	const newest = migrations().at(-1)!.version;
	if (frame.version > newest) {
		throw new StoreError(
			`Journey Store: this was written by a newer n8n-nodes-journey (schema version ${frame.version}; this one knows ${newest}). Use the command of that version or a newer one.`,
		);
	}
	const inHere: Store['tx'] = async (work) => await work(db);
	await migrate(inHere, schema, frame.version);
	await makePartitions(db, frame.months);
	const columns = await columnsOf(db);
	const written: Counts = {};
	for await (const some of rows) {
		const names = columns.get(some.table);
		if (names === undefined) throw new StoreError(`Journey Store: there is no table "${some.table}" in schema version ${frame.version}. Nothing was written.`);
		await writeRows(db, some, names);
		written[some.table] = (written[some.table] ?? 0) + some.count;
	}
	await setSequences(db, frame.sequences);
	compare(await countRows(db), written, 'the new store');
	await migrate(inHere, schema);
	await analyse(db);
	return written;
}

async function makeRoom(db: Connection, store: Store, schema: string, replace: boolean): Promise<string | undefined> {
	if ((await storeVersion(db)) === 0) return undefined;
	if (!replace) {
		throw new StoreError(`Journey Store: there is a store in ${store.name} already. Name another schema or folder, or add --replace to put that one aside.`);
	}
	const aside = `${schema.slice(0, 20)}_until_${db.now.toISOString().slice(0, 19).replace(/\D/g, '')}`;
	await setAside(db, schema, aside);
	return aside;
}

/** Nobody is under way in a restored store, and no execution of before may write into it. */
async function stopClaims(db: Connection): Promise<void> {
	for (const token of await allClaims(db)) {
		await doubtDeliveries(db, token);
		await returnClaim(db, token, 'restored', db.now, MOST_ATTEMPTS, null);
	}
}
