import { currentPause } from '../store/pause';
import { loadNumbers } from '../store/status';
import type { Store } from '../store/types';

/** What an operator asks of a store. */
export interface Status {
	store: Store['kind'];
	/** The folder, or host:port/database and schema. */
	name: string;
	schemaVersion: number;
	/** Tables and indexes. */
	megabytes: number;
	paused: null | { reason: 'restored' | 'moved'; since: Date; backupAt: Date | null; movedTo: string | null };
	profiles: number;
	/** Instances. `due`: of those waiting, whose time is up. */
	waiting: number;
	due: number;
	running: number;
	/** Who may enter and has not been looked at. */
	candidates: number;
	/** Messages of which nobody knows whether they were sent. */
	unknownMessages: number;
}

/** The store as it is at this moment. */
export async function storeStatus(store: Store): Promise<Status> {
	return await store.tx(async (db) => {
		const { version, bytes, unknown, ...numbers } = await loadNumbers(db);
		const pause = await currentPause(db);
		return {
			store: store.kind, name: store.name, schemaVersion: version, megabytes: Math.round(bytes / 1024 ** 2),
			paused: pause ? { reason: pause.reason, since: pause.since, backupAt: pause.backup_at, movedTo: pause.moved_to } : null,
			...numbers, unknownMessages: unknown,
		};
	});
}
