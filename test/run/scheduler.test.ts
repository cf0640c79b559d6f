import { Scheduler } from '../../lib/run/scheduler';
import { takeIn } from '../../lib/run/intake';
import { saveConditions } from '../../lib/store/conditions';
import { beginSchedule, type ScheduleConfig } from '../../lib/store/runs';
import { saveListener } from '../../lib/store/steps';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, makeWorld, type World } from '../support/world';

const daily = (atTime: string): ScheduleConfig => ({
	when: { recurrence: { kind: 'days', every: 1 }, atTime, ownZone: false }, rule: null, pace: null, catchUpMs: DAY_MS, start: null, end: null,
});

describe.each(STORES)('the scheduler on %s', (kind) => {
	let it_: TestStore;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	async function scheduled(key: string, atTime: string): Promise<World> {
		const world = await makeWorld(it_.store, key);
		await it_.store.tx(async (db) => {
			await beginSchedule(db, world.entry, daily(atTime), db.now, null);
			await saveListener(db, world.entry, await saveConditions(db, [], null), { entry: 'schedule', schedule: daily(atTime) as never });
		});
		return world;
	}

	it('rests while a run has no room, and looks at once when candidates were claimed', async () => {
		await takeIn(it_.store, 'test', [1, 2, 3].map((n, index) => eventOf(`customer-${n}`, 'Seen', it_.clock.now, { index })));
		const { entry } = await scheduled('full', '11:00');
		await scheduled('later', '11:01');
		it_.clock.pass(60 * 60_000);
		const scheduler = new Scheduler(it_.store, () => undefined, console, { scan: 2, waiting: 2 });
		const turn = async () => await (scheduler as unknown as { run(): Promise<number> }).run();
		expect(await turn()).toBe(0);
		// One page waits to be admitted: nothing can be written, and another journey's run begins in a minute.
		const rests = await turn();
		expect(rests).toBe(5_000);
		expect(await scheduler.tick()).toMatchObject({ pages: 0, heldUp: true, next: new Date('2026-03-02T11:01:00Z') });

		const look = jest.spyOn(scheduler as unknown as { look(): void }, 'look');
		scheduler.room();
		expect(look).toHaveBeenCalledTimes(1);
		await ask(it_.store, 'DELETE FROM candidates WHERE step_id = $1', [entry]);
		expect(await turn()).toBe(0);
		expect(await turn()).toBe(30_000);
		scheduler.room();
		expect(look).toHaveBeenCalledTimes(1);
	});
});
