import type { Rule } from '../../lib/core/types';
import { openStore } from '../../lib/run/openStore';
import { Scheduler } from '../../lib/run/scheduler';
import { makeMonths } from '../../lib/store/retention';
import { beginSchedule, type ScheduleConfig } from '../../lib/store/runs';
import { freshDatabase } from '../support/postgres';
import { ask, makeWorld } from '../support/world';
import { figure, perSecond, printTable } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);

/** Who bought within a month: a tenth, found by their events. */
const AUDIENCE: Rule = {
	kind: 'group', match: 'all', rules: [
		{ kind: 'attribute', condition: { path: 'plan', operator: 'is', value: 'pro' } },
		{ kind: 'behaviour', event: 'Order', filter: [], did: true, atLeast: 1, within: { amount: 30, unit: 'days' } },
	],
};

describe('a scheduled run', () => {
	afterAll(() => printTable('A scheduled run, on Postgres'));

	it.each([['everyone', null, 1], ['an audience of a tenth, by an attribute and a behaviour', AUDIENCE, 0.1]])('of %s', async (what, rule, share) => {
		const database = await freshDatabase();
		const clock = { now: new Date('2026-03-02T08:59:59Z') };
		const store = await openStore({ url: database.url, schema: 'journey', clock: () => clock.now });
		await store.tx(makeMonths);
		const world = await makeWorld(store);
		await ask(store, `INSERT INTO profiles (created_at, updated_at, attributes) SELECT now(), now(), jsonb_build_object('plan', CASE WHEN n % 2 = 0 THEN 'pro' ELSE 'free' END) FROM generate_series(1, $1::int) n`, [PEOPLE]);
		await ask(store, `INSERT INTO events (profile_id, name, properties, occurred_at, received_at) SELECT n, CASE WHEN n % 10 = 0 THEN 'Order' ELSE 'Seen' END, '{}', $2, $2 FROM generate_series(1, $1::int) n`, [PEOPLE, clock.now]);
		for (const table of ['profiles', 'events']) await ask(store, `ANALYZE ${table}`);
		const schedule: ScheduleConfig = { when: { recurrence: { kind: 'days', every: 1 }, atTime: '09:00', ownZone: false }, rule, pace: null, catchUpMs: 0, start: null, end: null };
		await store.tx(async (db) => await beginSchedule(db, world.entry, schedule, db.now, null));
		await ask(store, "UPDATE steps SET config = jsonb_build_object('schedule', $2::jsonb) WHERE id = $1", [world.entry, JSON.stringify(schedule)]);
		clock.now = new Date('2026-03-02T09:00:00Z');

		// Who waits to enter is let go at once: what the journey does with them is measured elsewhere.
		const scheduler = new Scheduler(store, () => undefined, console);
		const before = process.memoryUsage().rss;
		const began = Date.now();
		let [selected, pages, longest, most] = [0, 0, 0, 0];
		for (;;) {
			const since = Date.now();
			const looked = await scheduler.tick();
			longest = Math.max(longest, Date.now() - since);
			most = Math.max(most, process.memoryUsage().rss);
			if (looked.pages === 0) break;
			[selected, pages] = [selected + looked.selected, pages + 1];
			await ask(store, 'DELETE FROM candidates');
		}
		const seconds = (Date.now() - began) / 1000;
		expect(selected).toBe(PEOPLE * share);
		figure({ what: `${PEOPLE.toLocaleString('en')} profiles, ${what}: looked at`, measured: perSecond(PEOPLE, seconds * 1000) });
		figure({ what: `… in ${pages} pages, all of it; the longest page`, measured: `${seconds.toFixed(1)} s; ${longest} ms` });
		figure({ what: '… memory of the process above its beginning', measured: `${Math.round((most - before) / 1e6)} MB`, goal: 'bounded' });
		await store.close();
		await database.drop();
	}, 20 * 60_000);
});
