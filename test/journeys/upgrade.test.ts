import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { readBackup } from '../../lib/run/backup';
import { columnsOf, countRows, makePartitions, setSequences, writeRows } from '../../lib/store/archive';
import { migrate, migrations } from '../../lib/store/migrate';
import { CanvasRunner } from '../support/canvasRunner';
import { LATER_ROWS } from '../support/laterRows';
import { PEOPLE_WAITING } from '../support/peopleWaiting';
import { emptyPlace, FrozenClock, STORES } from '../support/stores';

jest.setTimeout(120_000);

/** Backups made by each schema version that needed one: people wait, are under way, are about to enter, have ended. */
const FOLDER = join(__dirname, '../fixtures');
const FIXTURES = readdirSync(FOLDER).filter((file) => /^schema-\d{3}\.jsonl$/.test(file));

/** Rows that a migration makes of what it finds, or drops. */
const MADE_OR_DROPPED: Record<number, Record<string, number>> = { 23: { consents: 2 }, 28: { settings: 1 }, 30: { rejected: 1 } };

describe.each(STORES)('people who wait in a store of an older version (%s)', (kind) => {
	it.each(FIXTURES)('are all there after each migration, and go on: %s', async (file) => {
		const { header, rows } = await readBackup(Readable.from([gzipSync(readFileSync(join(FOLDER, file)))]));
		const place = await emptyPlace(kind, new FrozenClock(new Date(header.takenAt)));
		let run: CanvasRunner | undefined;
		try {
			const { tx } = place.store;
			await migrate(tx, 'journey', header.version);
			let before = await tx(async (db) => {
				await makePartitions(db, header.months);
				const columns = await columnsOf(db);
				for await (const some of rows) await writeRows(db, some, columns.get(some.table)!);
				await setSequences(db, header.sequences);
				return await countRows(db);
			});
			expect(before).toMatchObject({ instances: 3, candidates: 1, claims: 1, finished: 2, deliveries: 2, conversions: 1 });
			for (const { version } of migrations().filter((one) => one.version > header.version)) {
				await migrate(tx, 'journey', version);
				expect(await tx(countRows)).toMatchObject({ ...before, ...MADE_OR_DROPPED[version] });
				before = await tx(async (db) => {
					for (const sql of LATER_ROWS[version] ?? []) await db.rows(sql);
					return await countRows(db);
				});
			}
			expect(Object.entries(before).filter(([, count]) => count === 0).map(([table]) => table)).toEqual([]);
			expect(await tx(async (db) => await db.rows('SELECT consent FROM profiles WHERE id = 4'))).toEqual([{ consent: { email: { at: 2, state: 'denied' } } }]);
			expect(await tx(async (db) => await db.rows('SELECT channel, state FROM consents ORDER BY 2'))).toEqual([{ channel: 'email', state: 'denied' }, { channel: 'email', state: 'granted' }]);
			expect(await tx(async (db) => await db.rows('SELECT name FROM settings'))).toEqual([{ name: 'zone' }]);

			run = await CanvasRunner.open(kind, PEOPLE_WAITING, { mailer: {}, on: place });
			await run.send({ who: 'customer-3', event: 'go' });
			await run.pass('5 days');
			// customer-5 was being sent to when the store was left: nobody knows.
			expect(run.mails.map(({ to }) => to).sort()).toEqual(['customer-1@example.com', 'customer-3@example.com', 'customer-6@example.com']);
			expect(await tx(async (db) => await db.rows("SELECT status, count(*) FROM deliveries GROUP BY 1 ORDER BY 1"))).toEqual([{ status: 'sent', count: 3 }, { status: 'unknown', count: 2 }]);
			expect(await tx(async (db) => await db.rows('SELECT reason, count(*) FROM finished GROUP BY 1 ORDER BY 1'))).toEqual([{ reason: 'completed', count: 5 }, { reason: 'converted', count: 1 }]);
			expect(await tx(countRows)).toMatchObject({ instances: 0, candidates: 0, claims: 0, profiles: 6, enrolments: 6 });
		} finally {
			await run?.close();
			await place.drop();
		}
	});
});
