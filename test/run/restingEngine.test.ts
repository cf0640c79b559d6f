import { admit } from '../../lib/run/admission';
import type { Batch } from '../../lib/run/flight';
import { Engine } from '../../lib/run/engine';
import { takeIn } from '../../lib/run/intake';
import type { Registration } from '../../lib/run/registration';
import { freshDatabase } from '../support/postgres';
import { ask, eventOf, wakesBy } from '../support/world';

const GONE_AFTER_MS = 30_000;
const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC' };
const place = { host: 'installation', workflowId: 'shop', nodeId: 'entry', name: 'The entry', kind: 'entry' as const };

describe('an engine at which nothing listens any more', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let engine: Engine;
	let emitted: Batch[];
	const said: string[] = [];
	/** Timers of half a minute that were set and are not cleared. */
	const waiting = new Map<unknown, () => void>();
	/** Intervals that go on. */
	const intervals = new Map<unknown, () => void>();
	const listeners = new Set<() => Promise<void>>();
	afterEach(async () => {
		for (const leave of listeners) await leave();
		await engine.dispatcher.idle();
		// Who was not let in is given back, and would come again in the next test.
		await ask(engine.store, 'DELETE FROM candidates');
	});
	beforeAll(async () => {
		const { setTimeout: timeout, setInterval: interval, clearTimeout: endTimeout, clearInterval: endInterval } = globalThis;
		jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
			const timer = timeout(run, ms);
			if (ms === GONE_AFTER_MS) waiting.set(timer, run);
			return timer;
		}) as typeof setTimeout);
		jest.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => (waiting.delete(timer), endTimeout(timer)));
		jest.spyOn(globalThis, 'setInterval').mockImplementation(((run: () => void, ms?: number) => {
			const timer = interval(run, ms);
			intervals.set(timer, run);
			return timer;
		}) as typeof setInterval);
		jest.spyOn(globalThis, 'clearInterval').mockImplementation((timer) => (intervals.delete(timer), endInterval(timer)));
		database = await freshDatabase();
		const log = { info: () => undefined, warn: (message: string) => void said.push(message), error: (message: string) => void said.push(message) };
		engine = await Engine.open({ url: database.url, schema: 'journey' }, log);
	}, 60_000);
	afterAll(async () => {
		jest.restoreAllMocks();
		await engine?.close();
		await database?.drop();
	});

	const until = async (check: () => Promise<boolean> | boolean) => {
		while (!(await check())) await ask(engine.store, 'SELECT 1');
	};
	const halfAMinuteLater = () => {
		const due = [...waiting];
		waiting.clear();
		due.forEach(([, run]) => run());
	};
	/** Starts the trigger, and waits until it listens. */
	async function listen(emit: Registration['emit'] = async (batch) => void emitted.push(batch)): Promise<() => Promise<void>> {
		emitted = [];
		const leave = engine.registry.register({ place, limit: 10, emit, since: new Date(), journey: { key: 'shop', name: 'Shop', rules }, listens: { conditions: [wakesBy('Enter')], config: {} } });
		await until(() => engine.dispatcher.listening().steps.length > 0);
		const once = async () => void (listeners.delete(once) && (await leave()));
		listeners.add(once);
		return once;
	}
	const enter = async (user: string) => await takeIn(engine.store, 'test', [eventOf(user, 'Enter', new Date())]);
	const listening = async () => (await ask<{ n: number }>(engine.store, "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"))[0]!.n;

	it('stops what moves people and goes on with the chores, until its steps listen at another store; the next one begins it all again', async () => {
		expect(await listening()).toBe(0);
		const before = intervals.size;
		await (await listen())();
		expect(intervals.size).toBeGreaterThan(before);
		halfAMinuteLater();
		await until(async () => (await listening()) === 0);
		await ask(engine.store, "INSERT INTO claims (step_id, lease_until) SELECT id, now() - interval '1 second' FROM steps");
		intervals.forEach((run) => run());
		await until(async () => (await ask(engine.store, 'SELECT FROM claims')).length === 0);
		const turns = jest.spyOn(engine.dispatcher, 'tick');
		engine.announce();
		for (let at = 0; at < 20; at++) await ask(engine.store, 'SELECT 1');
		expect(turns).not.toHaveBeenCalled();
		engine.registry.movedAway({ ...place, nodeId: 'another' });
		expect(intervals.size).toBeGreaterThan(before);
		engine.registry.movedAway(place);
		expect(intervals.size).toBe(before);

		await listen();
		await enter('u1');
		await until(() => emitted.length === 1);
		await until(async () => (await listening()) === 1);
		expect(turns).toHaveBeenCalled();
	});

	it('goes on when it is published anew at once', async () => {
		const leave = await listen();
		const running = new Set(intervals.keys());
		await leave();
		await listen();
		halfAMinuteLater();
		expect([...running].filter((one) => !intervals.has(one))).toEqual([]);
		await enter('u2');
		await until(() => emitted.length === 1);
	});

	it('serves an execution that is on its way to its end', async () => {
		let begin!: (batch: Batch) => void;
		let end!: () => void;
		const batch = new Promise<Batch>((resolve) => (begin = resolve));
		const leave = await listen(async (one) => {
			begin(one);
			await new Promise<void>((resolve) => (end = resolve));
		});
		await enter('u3');
		const claim = { token: (await batch).token, execution: 'execution-3' };
		expect(await admit(engine, claim, await engine.step(place), rules)).toHaveLength(1);
		await leave();
		halfAMinuteLater();
		const leaseUntil = async () => (await ask<{ until: Date }>(engine.store, 'SELECT lease_until AS until FROM claims WHERE token = $1', [claim.token]))[0]?.until;
		const lease = await leaseUntil();
		await until(async () => (await engine.leases.renew(), +(await leaseUntil())! > +lease!));
		await engine.executions.acknowledge(claim, { settlements: [] });
		end();
		expect(await ask(engine.store, 'SELECT reason FROM finished')).toEqual([{ reason: 'completed' }]);
		engine.registry.movedAway(place);
		// Nothing is left that would keep the engine.
		await until(() => intervals.size === 0);
		expect(said).toEqual([]);
	});
});
