import { Registry } from '../../lib/run/registry';
import type { Store } from '../../lib/store/types';
import { freshStore, type TestStore } from '../support/stores';
import { ask } from '../support/world';

const GONE_AFTER_MS = 30_000;
const placeOf = (nodeId: string) => ({ host: 'installation', workflowId: 'shop', nodeId, name: nodeId, kind: 'state' as const });

describe('steps that have left while their store is away', () => {
	let it_: TestStore;
	let away: boolean;
	let registry: Registry;
	const said: string[] = [];
	const pauses: number[] = [];
	let timers: Array<() => void> = [];
	beforeAll(async () => void (it_ = await freshStore('embedded')), 60_000);
	afterAll(async () => await it_?.drop());
	afterEach(() => {
		jest.restoreAllMocks();
		registry.stop();
	});

	/** Lets all waiting timers pass. @returns when what they did is over */
	async function later(): Promise<void> {
		const due = timers;
		timers = [];
		due.forEach((run) => run());
		for (let turn = 0; turn < 3; turn++) await ask(it_.store, 'SELECT 1');
	}

	/** Two steps listen, and leave. @returns what `end` was called for */
	async function left(): Promise<() => number> {
		[away, timers, said.length, pauses.length] = [false, [], 0, 0];
		const timeout = setTimeout;
		jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0) => {
			if (ms < GONE_AFTER_MS) return timeout(run, ms);
			pauses.push(ms);
			timers.push(run);
			return timeout(() => undefined, 0);
		}) as typeof setTimeout);
		const store: Store = { ...it_.store, tx: async (work) => {
			if (away) throw new Error('The store is away.');
			return await it_.store.tx(work);
		} };
		let [listening, ends] = [0, 0];
		const log = { info: () => undefined, warn: (message: string) => void said.push(message), error: (message: string) => void said.push(message) };
		registry = new Registry(store, { subscribe: () => void listening++, unsubscribe() {} } as never, log, { run() {}, pause: async () => undefined, rest() {}, end: () => void ends++ });
		const leave = ['one', 'two'].map((node) => registry.register({ place: placeOf(node), limit: 1, emit: async () => undefined, since: new Date() }));
		while (listening < 2) await ask(it_.store, 'SELECT 1');
		for (const one of leave) await one();
		away = true;
		return () => ends;
	}

	it('are switched off when it is back, tried more and more rarely, and that is said once', async () => {
		const ends = await left();
		for (let round = 0; round < 8; round++) await later();
		expect(said).toEqual(['Journey: The store is away.']);
		expect([...new Set(pauses)]).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000]);
		away = false;
		it_.clock.pass(60_000);
		await later();
		expect(await ask(it_.store, "SELECT name FROM steps WHERE state = 'off' ORDER BY name")).toEqual([{ name: 'one' }, { name: 'two' }]);
		expect([timers.length, registry.runs().leaving, ends()]).toEqual([0, [], 0]);
	});

	it('are left as they are when they listen at another store, as nobody uses this one any more', async () => {
		const ends = await left();
		await later();
		registry.movedAway(placeOf('one'));
		await later();
		expect([timers.length, ends()]).toEqual([2, 0]);
		registry.movedAway(placeOf('two'));
		expect(ends()).toBe(1);
		await later();
		expect([timers.length, registry.runs().leaving]).toEqual([0, []]);
		expect(said).toEqual(['Journey: The store is away.']);
	});
});
