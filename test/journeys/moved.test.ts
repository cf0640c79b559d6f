import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run as command } from '../../lib/command/main';
import { notices } from '../../lib/run/notices';
import { openStore } from '../../lib/run/openStore';
import { countRows } from '../../lib/store/archive';
import { currentPause } from '../../lib/store/pause';
import { CanvasRunner } from '../support/canvasRunner';
import { copyEmptyStore } from '../support/embeddedTemplate';
import { timelineOf } from '../support/headless/timeline';
import { PEOPLE_WAITING } from '../support/peopleWaiting';
import { freshDatabase } from '../support/postgres';
import { FrozenClock } from '../support/stores';
import { ask } from '../support/world';

jest.setTimeout(120_000);

const cart = (n: number) => ({ who: `customer-${n}`, event: 'cart', email: `customer-${n}@example.com`, messageId: `cart-${n}` });
const mailed = (run: CanvasRunner) => run.mails.map(({ to }) => Number(/\d+/.exec(to)![0])).sort();

describe('people who wait in the embedded store when it is moved to a Postgres', () => {
	const clock = new FrozenClock();
	const start = clock.now;
	const running = new Set<CanvasRunner>();
	let folder: string;
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	beforeAll(async () => {
		database = await freshDatabase();
		folder = mkdtempSync(join(tmpdir(), 'journey-moved-'));
		await copyEmptyStore(folder, 'journey');
	});
	afterAll(async () => {
		try {
			for (const run of running) await stopped(run);
		} finally {
			await database?.drop();
			rmSync(folder, { recursive: true, force: true });
		}
	});

	/** n8n comes up with one of the two stores. */
	const n8nOn = async (place: { folder: string } | { url: string }) => {
		const store = await openStore({ ...place, schema: 'journey', clock: () => clock.now });
		const run = await CanvasRunner.open(store.kind, PEOPLE_WAITING, { mailer: {}, on: { store, clock, drop: async () => undefined } });
		running.add(run);
		return run;
	};
	const stopped = async (run: CanvasRunner) => {
		running.delete(run);
		await run.close().finally(async () => await run.store.close());
	};

	it('go on there, each once and with one mail, and nobody moves in the old folder any more', async () => {
		const before = await n8nOn({ folder });
		await before.send(cart(1));
		await before.pass('59 minutes');
		await before.send(cart(6));
		await before.pass('1 minute');
		await before.send(cart(2));
		await before.pass('11 hours');
		await before.send(cart(3), cart(4));
		await before.pass('12 hours 58 minutes');
		// n8n is killed when it has sent a mail and has not said so yet, and once more when somebody has just entered.
		before.killAfter('Mail');
		await before.pass('1 minute');
		await before.send(cart(5));
		before.killAfter('Entry');
		await before.pass('0 seconds');
		await before.send(cart(7));
		expect(mailed(before)).toEqual([1, 6]);
		// Customer 2 in a minute.
		expect(await ask(before.store, 'SELECT status, count(*), min(due_at) FILTER (WHERE status = $1) AS next FROM instances GROUP BY 1 ORDER BY 1', ['waiting'])).toEqual([
			{ status: 'running', count: 2, next: null }, { status: 'waiting', count: 4, next: new Date(+clock.now + 60_000) },
		]);
		const rows = await before.store.tx(countRows);
		await stopped(before);

		const words = await command(['move', '--to', database.url, '--folder', folder]);
		const said = [...words.matchAll(/^(\w+) +(\d+)$/gm)].map(([, table, count]) => [table, Number(count)]);
		// That they were moved stands in both.
		expect(Object.fromEntries(said)).toEqual(Object.fromEntries(Object.entries({ ...rows, pauses: 1 }).filter(([, count]) => count > 0)));
		expect(words).toContain('Both stores have these rows.');

		clock.pass(30_000);
		const run = await n8nOn(database);
		// There is nothing to answer.
		expect([await run.store.tx(currentPause), await notices(run.store)]).toEqual([undefined, []]);
		// What was taken in before the move is not taken in again.
		expect(await run.send(cart(1), cart(7))).toMatchObject({ candidates: 0 });
		await run.pass('6 hours');
		await run.send({ who: 'customer-3', event: 'go' }, { who: 'customer-4', event: 'order' });
		await run.pass('6 days');
		expect(mailed(run)).toEqual([2, 3, 5, 7]);
		const lines = await timelineOf(run.store, start);
		expect([1, 2, 3, 4, 5, 6, 7].map((n) => lines.filter((line) => line.includes(` customer-${n} `)).map((line) => line.replace(` customer-${n}`, '')).join(', '))).toEqual([
			'+0s entered Entry, +0s parked Wait until +1d, +1d woken Wait: time, +1d parked Two days until +3d, +1d sent Check: email, +3d woken Two days: time, +3d done: completed',
			'+1h entered Entry, +1h parked Wait until +1d1h, +1d1h woken Wait: time, +1d1h parked Two days until +3d1h, +1d1h sent Check: email, +3d1h woken Two days: time, +3d1h done: completed',
			'+12h entered Entry, +12h parked Wait until +1d12h, +1d6h59m30s woken Wait: event → gone, +1d6h59m30s parked Two days until +3d6h59m30s, +1d6h59m30s sent Check: email, +3d6h59m30s woken Two days: time, +3d6h59m30s done: completed',
			'+12h entered Entry, +12h parked Wait until +1d12h, +1d6h59m30s converted Order: leaves, +1d6h59m30s done: converted',
			// Under way when n8n was stopped: their leases end.
			'+1d59m entered Entry, +1d1h1ms retry Entry: lease, +1d1h1ms parked Wait until +2d1h1ms, +2d1h1ms woken Wait: time, +2d1h1ms parked Two days until +4d1h1ms, +2d1h1ms sent Check: email, +4d1h1ms woken Two days: time, +4d1h1ms done: completed',
			'+59m entered Entry, +59m parked Wait until +1d59m, +1d59m woken Wait: time, +1d1h1ms unknown Check: email (no outcome was reported), +1d1h1ms retry Wait: lease, +1d1h1ms woken Wait: time, +1d1h1ms skipped Check: already_unknown, +1d1h1ms done: completed',
			'+1d59m30s entered Entry, +1d59m30s parked Wait until +2d59m30s, +2d59m30s woken Wait: time, +2d59m30s parked Two days until +4d59m30s, +2d59m30s sent Check: email, +4d59m30s woken Two days: time, +4d59m30s done: completed',
		]);

		// An n8n is started with the old folder by mistake, where the time of everybody is up by now.
		const mistaken = await n8nOn({ folder });
		await mistaken.send({ who: 'customer-3', event: 'go' }, cart(8));
		await mistaken.pass('2 days');
		expect([mistaken.executions, mistaken.mails]).toEqual([0, []]);
		expect(await mistaken.store.tx(countRows)).toMatchObject({ instances: 6, candidates: 2, finished: 0, deliveries: rows.deliveries });
		expect(await notices(mistaken.store)).toContainEqual(expect.stringMatching(/^Nobody moves: the people of .* were moved to .*, schema journey at .* Use that store:/));
		await expect(mistaken.control({ resource: 'store', operation: 'resume', answer: 'go_on' })).rejects.toThrow(/were moved to .*, and would get everything twice\. Use that store/);
		await mistaken.pass('1 day');
		expect(mistaken.executions).toBe(0);
	});
});
