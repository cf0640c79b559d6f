import { beginSchedule, dropRuns, holdRun, makeRuns, plannedSchedules, writePage, zonesOfProfiles, type ScheduleConfig } from '../../lib/store/runs';
import { saveConditions } from '../../lib/store/conditions';
import { saveListener } from '../../lib/store/steps';
import { takeIn } from '../../lib/run/intake';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, makeWorld, type World } from '../support/world';

const EVERYONE: ScheduleConfig = { when: { recurrence: { kind: 'days', every: 1 }, atTime: '09:00', ownZone: true }, rule: null, pace: null, catchUpMs: 0, start: null, end: null };
const LIMITS = { scan: 10, waiting: 1_000 };

describe.each(STORES)('runs of a schedule on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		world = await makeWorld(it_.store);
		const people = Array.from({ length: 30 }, (_, at) => eventOf(`customer-${at}`, 'Seen', it_.clock.now, { index: at, change: { attributes: { at, plan: at % 10 === 0 ? 'pro' : 'free' }, ...(at % 3 === 0 ? {} : { zone: at % 3 === 1 ? 'Asia/Tokyo' : 'Europe/Istanbul' }) } }));
		await takeIn(it_.store, 'test', people);
		await it_.store.tx(async (db) => {
			await beginSchedule(db, world.entry, EVERYONE, db.now, null);
			await saveListener(db, world.entry, await saveConditions(db, [], null), { entry: 'schedule', schedule: EVERYONE as never });
		});
	}, 60_000);
	afterAll(async () => await it_?.drop());

	const begin = async (date: string, people: string, rule: ScheduleConfig['rule'] = null) => {
		const [planned] = await it_.store.tx(plannedSchedules);
		await ask(it_.store, "UPDATE steps SET config = jsonb_set(config, '{schedule,rule}', $2) WHERE id = $1", [world.entry, JSON.stringify(rule)]);
		return await it_.store.tx(async (db) => await makeRuns(db, planned!, [{ date, people, zone: 'UTC', at: db.now, missed: false }]));
	};
	const page = async (people = 10) => await it_.store.tx(async (db) => {
		const run = await holdRun(db, LIMITS);
		return run && (await writePage(db, run, people, LIMITS.scan));
	});
	const state = async () => (await ask<{ line: string }>(it_.store, "SELECT concat_ws(' ', state, cursor, examined, selected) AS line FROM runs ORDER BY id DESC LIMIT 1"))[0]!.line;
	const candidates = async () => (await ask<{ id: number }>(it_.store, 'SELECT profile_id AS id FROM candidates ORDER BY profile_id')).map(({ id }) => id);
	afterEach(async () => await ask(it_.store, 'TRUNCATE runs, candidates RESTART IDENTITY CASCADE'));

	it('know the zones of profiles', async () => {
		expect(await it_.store.tx(zonesOfProfiles)).toEqual(['Asia/Tokyo', 'Europe/Istanbul']);
	});

	it('go through everyone page by page, and a page that was cut off never was', async () => {
		expect(await begin('2026-03-02', '*')).toHaveLength(1);
		expect(await begin('2026-03-02', '*')).toEqual([]);
		expect(await page()).toEqual({ examined: 10, selected: 10, ended: false });
		const cut = new Error('cut off');
		await expect(it_.store.tx(async (db) => {
			const run = (await holdRun(db, LIMITS))!;
			expect(await writePage(db, run, 10, LIMITS.scan)).toMatchObject({ selected: 10 });
			throw cut;
		})).rejects.toBe(cut);
		expect([await state(), await candidates()]).toEqual(['open 10 10 10', Array.from({ length: 10 }, (_, at) => at + 1)]);
		await page();
		await page();
		expect(await page()).toEqual({ examined: 0, selected: 0, ended: true });
		expect(await page()).toBeUndefined();
		expect([await state(), await candidates()]).toEqual(['done 30 30 30', Array.from({ length: 30 }, (_, at) => at + 1)]);
	});

	it('ask the rule of a bounded number, and with a full page look again at who comes behind it', async () => {
		await begin('2026-03-02', '*', { kind: 'attribute', condition: { path: 'plan', operator: 'is', value: 'free' } });
		expect(await page(4)).toEqual({ examined: 10, selected: 4, ended: false });
		expect(await state()).toBe('open 5 5 4');
		while ((await page(4)) !== undefined);
		expect(await state()).toBe('done 30 30 27');
		expect(await candidates()).toHaveLength(27);
	});

	it('take the people of one zone, or without one, and nobody twice for one date', async () => {
		await begin('2026-03-02', 'Asia/Tokyo');
		while ((await page()) !== undefined);
		expect(await state()).toBe('done 29 10 10');
		await begin('2026-03-02', '');
		while ((await page()) !== undefined);
		expect(await state()).toBe('done 28 10 10');
		// They move on, and one of those who went into the journey has left it again.
		await ask(it_.store, "UPDATE profiles SET zone = 'Europe/Istanbul'");
		await ask(it_.store, 'DELETE FROM candidates WHERE profile_id = 2');
		await ask(it_.store, "INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entries, entry_times, first_entry, last_entry, entered_at, scheduled_for) VALUES (2, $1, '', 1, 1, '{}', now(), now(), now(), '2026-03-02')", [world.journey]);
		await begin('2026-03-02', 'Europe/Istanbul');
		while ((await page()) !== undefined);
		expect(await state()).toBe('done 30 30 10');
		expect(await candidates()).toEqual(Array.from({ length: 30 }, (_, at) => at + 1).filter((id) => id !== 2));
	});

	it('wait while the journey is paused or closed, and while many wait', async () => {
		await begin('2026-03-03', '*');
		for (const mark of ['paused_at', 'closed_at', 'archived_at']) {
			await ask(it_.store, `UPDATE journeys SET ${mark} = now()`);
			expect(await page()).toBeUndefined();
			await ask(it_.store, `UPDATE journeys SET ${mark} = NULL`);
		}
		expect(await page()).toMatchObject({ selected: 10 });
		expect(await it_.store.tx(async (db) => await holdRun(db, { scan: 10, waiting: 10 }))).toBeUndefined();
		expect(await it_.store.tx(async (db) => await holdRun(db, { scan: 10, waiting: 11 }))).toMatchObject({ people: '*' });
	});

	it('are forgotten once they have ended and nobody comes from them any more', async () => {
		await begin('2026-03-04', '*');
		await page();
		const later = new Date(+it_.clock.now + 1);
		const drop = async () => await it_.store.tx(async (db) => await dropRuns(db, later));
		expect(await drop()).toBe(0);
		while ((await page()) !== undefined);
		expect(await drop()).toBe(0);
		await ask(it_.store, 'TRUNCATE candidates');
		expect(await drop()).toBe(1);
	});

	if (kind === 'postgres') {
		it('of one step are gone through by one process at a time', async () => {
			await begin('2026-03-05', '*');
			await begin('2026-03-06', '*');
			let inside!: () => void;
			const held = new Promise<void>((resolve) => (inside = resolve));
			let leave!: () => void;
			const left = new Promise<void>((resolve) => (leave = resolve));
			const first = it_.store.tx(async (db) => {
				const run = (await holdRun(db, LIMITS))!;
				inside();
				await left;
				return await writePage(db, run, 10, LIMITS.scan);
			});
			await held;
			expect(await page()).toBeUndefined();
			leave();
			expect(await first).toMatchObject({ selected: 10 });
			expect(await page()).toMatchObject({ selected: 10 });
		});
	}
});
