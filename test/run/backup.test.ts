import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { IExecuteFunctions } from 'n8n-workflow';

import { backup, readBackup } from '../../lib/run/backup';
import { type Engine } from '../../lib/run/engine';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { move } from '../../lib/run/move';
import { restore } from '../../lib/run/restore';
import { countRows } from '../../lib/store/archive';
import { claimInstances, startClaim } from '../../lib/store/claim';
import { claimDeliveries } from '../../lib/store/deliveries';
import { migrate } from '../../lib/store/migrate';
import { currentPause } from '../../lib/store/pause';
import type { Store } from '../../lib/store/types';
import { STORE_OPERATIONS } from '../../nodes/JourneyControl/store';
import { intercepted } from '../support/intercept';
import { freshDatabase } from '../support/postgres';
import { emptyPlace, freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, makeRunning, makeWorld } from '../support/world';

jest.setTimeout(120_000);

/** Rows of each table as text, in an order of their own. */
async function contents(store: Store): Promise<Record<string, string[]>> {
	return await store.tx(async (db) => {
		const all: Record<string, string[]> = {};
		for (const table of Object.keys(await countRows(db))) {
			if (table === 'pauses') continue;
			all[table] = (await db.rows<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM "${table}" t ORDER BY 1`)).map(({ row }) => row);
		}
		return all;
	});
}

/**
 * Rows that JSON has trouble with: a number that JavaScript cannot hold, an event of a month that has no partition, columns
 * that hold the JSON null beside those that are NULL, times at the ends of time, and not a number.
 */
async function oddRows(store: Store): Promise<void> {
	await ask(store, `UPDATE events SET properties = properties || '{"huge": 12345678901234567890.123}'`);
	await ask(store, `INSERT INTO events (profile_id, name, properties, occurred_at, received_at) SELECT min(id), 'Old', 'null', '2019-05-01 01:02:03.456789+00', '2019-05-01' FROM profiles`);
	await ask(store, `INSERT INTO profiles (attributes, consent, tags, created_at, updated_at) VALUES ('null', '{"a": null}', ARRAY['null', NULL, '', 'NULL'], '-infinity', 'infinity')`);
	await ask(store, `INSERT INTO acts (at, what, who, detail) VALUES ('0044-03-15 BC', 'odd', '', 'null'), ('9999-12-31', 'odd', E'\\t', '[null]'), ('2026-03-01', 'odd', 'null', '"null"')`);
	await ask(store, `INSERT INTO segments (name, rule, zone, refresh_minutes, refresh_at, created_at) VALUES ('odd', 'null', 'UTC', 1, 'infinity', '2026-03-01')`);
	await ask(store, `INSERT INTO traits (name, event, filter, definition, before_event, monetary_cuts, recency_cuts, created_at)
		VALUES ('odd', 'Seen', '$."a" == "\\u2028"', 'null', 0, ARRAY['NaN', NULL, 0.10]::numeric[], '{}', '2026-03-01'), ('even', 'Seen', NULL, '{}', 0, NULL, NULL, '2026-03-01')`);
	await ask(store, `INSERT INTO condition_sets (hash, timer, until) VALUES ('odd', NULL, '{"path": [null]}')`);
	await ask(store, `INSERT INTO journal (at, kind, journey_id, profile_id, detail) SELECT '2019-05-01', 'odd', 1, min(id), NULL FROM profiles`);
	await ask(store, `INSERT INTO settings VALUES ('zone', '""', '2026-03-01', 'x'), ('globalHoldoutPercent', '0.10', '2026-03-01', 'x'), ('sendingPaused', 'false', '2026-03-01', 'x')`);
}

describe.each(STORES)('a backup of a store on %s', (kind) => {
	let from: TestStore;
	let folder: string;
	let file: string;
	beforeAll(async () => {
		from = await freshStore(kind);
		folder = mkdtempSync(join(tmpdir(), 'journey-backup-'));
		file = join(folder, 'backup.gz');
	});
	afterAll(async () => (await from?.drop(), rmSync(folder, { recursive: true, force: true })));

	const read = async () => await readBackup(createReadStream(file));
	const restoreInto = async (place: TestStore, replace = false) => await restore(place.store, 'journey', await read(), replace);

	it('has everything there is, whatever the values, and nothing that came later', async () => {
		const world = await makeWorld(from.store);
		const odd = { text: 'a\n"b"\\ ☃ \u2028', big: 9007199254740991, half: 0.1, none: null, list: [[], {}, [1, 'x']] };
		await takeIn(from.store, 'test', [
			eventOf('early', 'Seen', from.clock.now, { properties: odd, messageId: 'm1', change: { attributes: odd, tags: { add: ['a,b', '{}'] } } as never }),
		]);
		await oddRows(from.store);
		await makeRunning(from.store, world, Array.from({ length: 2_500 }, (_, at) => `p${at}`), 2_000);
		const before = await contents(from.store);

		// Nobody takes what it writes before an event has come in, so it cannot be through.
		const out = new PassThrough();
		let through = false;
		const going = backup(from.store, out).finally(() => (through = true));
		await once(out, 'readable');
		await takeIn(from.store, 'test', [eventOf('late', 'Seen', from.clock.now)]);
		expect(through).toBe(false);
		await pipeline(out, createWriteStream(file));
		const { counts } = await going;
		expect(counts).toMatchObject({ instances: 2_500, claims: 2, profiles: 2_502, events: 2 });

		const place = await emptyPlace(kind, from.clock);
		try {
			const restored = await restoreInto(place);
			expect(restored.counts).toEqual(counts);
			// Nobody is under way there, and that is told.
			const settled = async (of: Store) => ({ ...(await contents(of)), instances: [], claims: [], journal: [] });
			expect(await settled(place.store)).toEqual({ ...before, instances: [], claims: [], journal: [] });
			const elsewhere = await emptyPlace(kind === 'embedded' ? 'postgres' : 'embedded', from.clock);
			try {
				await restoreInto(elsewhere);
				expect(await settled(elsewhere.store)).toEqual({ ...before, instances: [], claims: [], journal: [] });
			} finally {
				await elsewhere.drop();
			}
			// Ids go on behind those that were taken.
			const store = await place.again();
			await takeIn(store, 'test', [eventOf('late', 'Seen', from.clock.now), eventOf('early', 'Seen', from.clock.now, { messageId: 'm1' })]);
			const ids = async (of: Store) => (await ask<{ id: number }>(of, "SELECT max(e.id) AS id FROM events e JOIN identities i USING (profile_id) WHERE i.value = 'late'"))[0]!.id;
			expect(await ids(store)).toBe(await ids(from.store));
			expect(await ask(store, "SELECT count(*) FROM events e JOIN identities i USING (profile_id) WHERE i.value = 'early'")).toEqual([{ count: 2 }]);
			await store.close();
		} finally {
			await place.drop();
		}
	});

	it('lets nobody be under way: who was is back, and messages that were being sent are unknown', async () => {
		const world = await makeWorld(from.store, 'sending');
		const [held] = await makeRunning(from.store, world, ['a', 'b'], 2, 'e1');
		const token = held!.token;
		await from.store.tx(async (db) => await claimDeliveries(db, { token, execution: 'e1' }, world.action, { channel: 'email', class: 'marketing', againIfUnknown: false }, [held!.people[0]!.id]));
		const at = from.clock.now;
		await backup(from.store, createWriteStream(file));
		from.clock.pass(60 * 60_000);
		const place = await emptyPlace(kind, from.clock);
		try {
			await restoreInto(place);
			expect(await place.store.tx(currentPause)).toEqual({ reason: 'restored', since: from.clock.now, backup_at: at, moved_to: null });
			expect(await ask(place.store, 'SELECT status, error FROM deliveries')).toEqual([{ status: 'unknown', error: 'no outcome was reported' }]);
			expect(await ask(place.store, "SELECT DISTINCT status, attempts, losses FROM instances WHERE journey_id = $1", [world.journey])).toEqual([{ status: 'waiting', attempts: 0, losses: 0 }]);
			expect(await ask(place.store, "SELECT kind, reason, count(*) FROM journal WHERE journey_id = $1 GROUP BY 1, 2 ORDER BY 1", [world.journey]))
				.toEqual([{ kind: 'retry', reason: 'restored', count: 2 }, { kind: 'unknown', reason: 'email', count: 1 }]);
			// An execution of before writes nothing any more.
			expect(await place.store.tx(async (db) => await startClaim(db, token, 'e1', from.clock.now))).toBe(false);
			// The store that was backed up goes on as it was.
			expect(await ask(from.store, 'SELECT status FROM deliveries')).toEqual([{ status: 'claimed' }]);
			expect(await from.store.tx(currentPause)).toBeUndefined();
		} finally {
			await place.drop();
		}
	});

	it('is refused where there is a store, unless that one is put aside', async () => {
		await backup(from.store, createWriteStream(file));
		const there = await freshStore(kind, from.clock);
		try {
			await takeIn(there.store, 'test', [eventOf('mine', 'Seen', from.clock.now)]);
			await expect(restoreInto(there)).rejects.toThrow(/there is a store in .* already\. Name another schema or folder, or add --replace/);
			expect(await ask(there.store, 'SELECT count(*) FROM identities')).toEqual([{ count: 1 }]);
		} finally {
			await there.drop();
		}
	});

	it('of a version that kept settings which were emptied again is restored, and nobody has changed them then', async () => {
		const [old, place] = [await emptyPlace(kind, from.clock), await emptyPlace(kind, from.clock)];
		try {
			await migrate(old.store.tx, 'journey', 27);
			await ask(old.store, `INSERT INTO settings VALUES ('publicUrl', 'null', '2026-03-01', 'x'), ('zone', '"Asia/Tokyo"', '2026-03-01', 'x')`);
			const { counts } = await backup(old.store, createWriteStream(file));
			expect(counts).toMatchObject({ settings: 2 });
			expect((await restoreInto(place)).counts).toEqual(counts);
			expect(await ask(place.store, 'SELECT name, value FROM settings')).toEqual([{ name: 'zone', value: 'Asia/Tokyo' }]);
		} finally {
			await Promise.all([old.drop(), place.drop()]);
		}
	});

	it('that is cut off, damaged, changed or something else leaves nothing behind', async () => {
		const { counts } = await backup(from.store, createWriteStream(file));
		const whole = readFileSync(file);
		const place = await emptyPlace(kind, from.clock);
		const text = gunzipSync(whole).toString();
		const lines = text.trimEnd().split('\n');
		try {
			const refused = async (content: Buffer | string, words: RegExp) => {
				writeFileSync(file, content);
				await expect(restoreInto(place)).rejects.toThrow(words);
				expect(await ask(place.store, "SELECT FROM pg_namespace WHERE nspname = 'journey'")).toEqual([]);
			};
			await refused(whole.subarray(0, whole.length - 100), /damaged or was cut off \(unexpected end of file\)/);
			await refused(gzipSync(lines.slice(0, -1).join('\n')), /damaged or was cut off \(its end is missing\)/);
			await refused(gzipSync(lines.filter((line) => !line.startsWith('{"table":"identities"')).join('\n')), new RegExp(`identities: 0 instead of ${counts.identities}`));
			await refused(gzipSync(text.replace(/"version":\d+/, '"version":999')), /written by a newer n8n-nodes-journey \(schema version 999; this one knows/);
			await refused(gzipSync('{"hello":1}\n'), /this is not a backup made by n8n-nodes-journey/);
			await refused(gzipSync('id;email\n1;customer-1@example.com\n'), /this is not a backup made by n8n-nodes-journey/);
			await refused(gzipSync('null\n'), /this is not a backup made by n8n-nodes-journey/);
			await refused(gzipSync(`${lines.slice(0, -1).join('\n')}\n{"end"`), /damaged or was cut off \(a line cannot be read\)/);
			await refused('plain text', /damaged|not a backup/);
			truncateSync(file, 0);
			await refused('', /damaged|not a backup/);
		} finally {
			await place.drop();
		}
	});
});

it('a file that cannot be kept to its end is said by Journey Control, and n8n goes on', async () => {
	const from = await freshStore('postgres');
	try {
		// What stands there is written to the end, but not read to the end: a bucket that is gone.
		const prepareBinaryData = async (file: Readable) => {
			await once(file, 'finish');
			await new Promise(setImmediate);
			throw new Error('the bucket is gone');
		};
		const context = { getNodeParameter: () => 'data', helpers: { prepareBinaryData } } as unknown as IExecuteFunctions;
		await expect(STORE_OPERATIONS.backup(context, { store: from.store } as Engine)).rejects.toThrow('the bucket is gone');
		// A stream says its error a moment later; unheard, it would end this process.
		await new Promise(setImmediate);
	} finally {
		await from.drop();
	}
});

it('a store that is put aside for a backup is kept whole under another name, and who works with it is told', async () => {
	const from = await freshStore('postgres');
	const folder = mkdtempSync(join(tmpdir(), 'journey-backup-'));
	const file = join(folder, 'backup.gz');
	const database = await freshDatabase();
	const settings = { url: database.url, schema: 'journey', clock: () => from.clock.now };
	const old = await openStore(settings);
	const asFound = await openStore({ ...settings, upTo: 0 });
	try {
		await takeIn(old, 'test', [eventOf('mine', 'Seen', from.clock.now)]);
		await backup(from.store, createWriteStream(file));
		const { aside } = await restore(asFound, 'journey', await readBackup(createReadStream(file)), true);
		expect(aside).toBe('journey_until_20260302100000');
		expect(await ask(asFound, `SELECT count(*) FROM ${aside}.identities`)).toEqual([{ count: 1 }]);
		await expect(ask(old, 'SELECT 1')).rejects.toThrow(/schema "journey" was replaced by another/);
	} finally {
		await Promise.all([old.close(), asFound.close()]);
		await database.drop();
		await from.drop();
		rmSync(folder, { recursive: true, force: true });
	}
});

it('a move to a Postgres takes every row over as it was, leases among them, and can be made only once', async () => {
	const from = await freshStore('embedded');
	const place = await emptyPlace('postgres', from.clock);
	try {
		const world = await makeWorld(from.store);
		await makeRunning(from.store, world, ['a', 'b', 'c'], 2);
		await oddRows(from.store);
		const before = await contents(from.store);
		const counts = await move(from.store, place.store, 'journey');
		expect(counts).toMatchObject({ instances: 3, claims: 2, profiles: 4, enrolments: 3 });
		expect(await contents(place.store)).toEqual(before);
		expect(await place.store.tx(currentPause)).toBeUndefined();
		expect(await from.store.tx(currentPause)).toEqual({ reason: 'moved', since: from.clock.now, backup_at: null, moved_to: place.store.name });
		await expect(move(from.store, place.store, 'journey')).rejects.toThrow(/is paused: its people were moved to .* If that was cut off/);
		// Their executions went on nowhere; their leases end.
		const later = await place.again();
		expect(await later.tx(async (db) => await claimInstances(db, world.entry, 0, 10, db.now))).toBeUndefined();
		await later.close();
	} finally {
		await place.drop();
		await from.drop();
	}
});

it('a move that fails leaves the old store as it was, also when rows do not arrive', async () => {
	const [from, taken, place] = [await freshStore('embedded'), await freshStore('postgres'), await emptyPlace('postgres')];
	try {
		await makeRunning(from.store, await makeWorld(from.store), ['a', 'b', 'c'], 2);
		const before = await contents(from.store);
		await expect(move(from.store, taken.store, 'journey')).rejects.toThrow(/there is a store in .* already\. Name another schema/);
		const leaky = intercepted(place.store, () => async (sql, _params, pass) => (sql.startsWith('INSERT INTO "identities"') ? [] : await pass()));
		await expect(move(from.store, leaky, 'journey')).rejects.toThrow(/rows are missing in the new store \(identities: 0 instead of 3\)\. Nothing was written/);
		expect(await ask(place.store, "SELECT FROM pg_namespace WHERE nspname = 'journey'")).toEqual([]);
		expect(await contents(from.store)).toEqual(before);
		expect(await from.store.tx(currentPause)).toBeUndefined();
	} finally {
		await Promise.all([from.drop(), taken.drop(), place.drop()]);
	}
});
