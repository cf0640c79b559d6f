import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openStore } from '../../lib/run/openStore';
import type { Store } from '../../lib/store/types';
import { copyEmptyStore } from './embeddedTemplate';
import { freshDatabase } from './postgres';

/** The clock of a test: it stands still until it is moved. */
export class FrozenClock {
	constructor(public now = new Date('2026-03-02T10:00:00.000Z')) {}

	/** Moves on. */
	pass(ms: number): Date {
		this.now = new Date(+this.now + ms);
		return this.now;
	}
}

export interface TestStore {
	store: Store;
	clock: FrozenClock;
	drop(): Promise<void>;
}

/** Both stores; every store test runs unchanged on each. */
export const STORES = ['postgres', 'embedded'] as const;

/** An empty store of this kind, on a frozen clock. */
export async function freshStore(kind: Store['kind'], clock = new FrozenClock()): Promise<TestStore> {
	if (kind === 'postgres') {
		const database = await freshDatabase();
		const store = await openStore({ url: database.url, schema: 'journey', clock: () => clock.now });
		return { store, clock, drop: async () => (await store.close(), await database.drop()) };
	}
	const folder = mkdtempSync(join(tmpdir(), 'journey-store-'));
	await copyEmptyStore(folder, 'journey');
	const store = await openStore({ folder, schema: 'journey', clock: () => clock.now });
	return { store, clock, drop: async () => (await store.close(), rmSync(folder, { recursive: true, force: true })) };
}

/** A place for a store, taken as it is found: nothing is there. */
export async function emptyPlace(kind: Store['kind'], clock = new FrozenClock()): Promise<TestStore & { again(): Promise<Store> }> {
	const settings = { schema: 'journey', clock: () => clock.now };
	if (kind === 'postgres') {
		const database = await freshDatabase();
		const store = await openStore({ ...settings, url: database.url, upTo: 0 });
		return { store, clock, again: async () => await openStore({ ...settings, url: database.url }), drop: async () => (await store.close(), await database.drop()) };
	}
	const folder = mkdtempSync(join(tmpdir(), 'journey-place-'));
	// Making a database takes much longer than emptying one.
	await copyEmptyStore(folder, 'journey');
	const store = await openStore({ ...settings, folder, upTo: 0 });
	await store.tx(async (db) => await db.rows('DROP SCHEMA journey CASCADE'));
	return {
		store, clock,
		again: async () => (await store.close(), await openStore({ ...settings, folder })),
		drop: async () => (await store.close().catch(() => undefined), rmSync(folder, { recursive: true, force: true })),
	};
}
