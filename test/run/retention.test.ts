import { Janitor } from '../../lib/run/janitor';
import { forget, openMonths } from '../../lib/run/retention';
import { inAGap } from '../../lib/store/gap';
import { takeIn } from '../../lib/run/intake';
import { dropMonth, dropRefusals, makeMonths } from '../../lib/store/retention';
import { saveCanvas } from '../../lib/store/steps';
import { canvasHash, type SourceNode } from '../../lib/core/canvas/canvas';
import { draw, journey } from '../core/drawing';
import { freshStore, FrozenClock, STORES, type TestStore } from '../support/stores';
import { stopping, untilBlocked } from '../support/intercept';
import { ask, eventOf, makeRunning, makeWorld, type World } from '../support/world';

jest.setTimeout(60_000);

const atOnce = async () => undefined;
const ORDERS = (within?: number) => journey('AudienceFilter', { parameters: {
	match: 'all', conditions: { behaviour: [{ did: true, event: 'Order', times: 1, ...(within ? { period: 'within', withinAmount: within, withinUnit: 'days' } : { period: 'ever' }) }] },
} });

describe.each(STORES)('retention on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let warned: string[];
	beforeEach(async () => {
		it_ = await freshStore(kind, new FrozenClock(new Date('2025-01-15T10:00:00Z')));
		world = await makeWorld(it_.store);
		warned = [];
		// A year: something in each month, and the months made as they come.
		for (let month = 0; month < 14; month++) {
			await it_.store.tx(makeMonths);
			await takeIn(it_.store, 'test', [eventOf('customer-1', 'Seen', it_.clock.now, { messageId: `m${month}` })], [{ position: 0, reason: 'bad', body: '' }]);
			await ask(it_.store, `INSERT INTO journal (at, kind, journey_id, profile_id) SELECT $1, 'entered', $2, id FROM profiles`, [it_.clock.now, world.journey]);
			await ask(it_.store, `INSERT INTO finished (id, profile_id, journey_id, step_id, correlation, status, reason, entered_at, ended_at, visit, context)
				SELECT $2, id, $3, $4, '', 'done', 'completed', $1, $1, 1, '{}' FROM profiles`, [it_.clock.now, 1_000 + month, world.journey, world.state]);
			await ask(it_.store, `INSERT INTO refusals SELECT id, $2, 'once', $1::timestamptz::date, $1, $1, 1, '{}' FROM profiles`, [it_.clock.now, world.journey]);
			if (month < 13) it_.clock.now = new Date(Date.UTC(2025, 1 + month, 15, 10));
		}
	});
	afterEach(async () => await it_?.drop());

	const drop = async (keep: { events?: number; history?: number }) => await forget(it_.store, keep, (message) => warned.push(message), atOnce);
	const first = async (table: string, column: string) => (await ask<{ at: Date }>(it_.store, `SELECT min(${column}) AS at FROM ${table}`))[0]!.at?.toISOString().slice(0, 7);
	const publish = async (nodes: Record<string, Partial<SourceNode> & { type: string }>) => await it_.store.tx(async (db) => {
		const canvas = draw(nodes);
		await saveCanvas(db, { host: 'host', workflowId: 'shop', nodeId: 'entry', name: 'The entry', kind: 'entry' }, { hash: canvasHash(canvas), canvas, drawing: {} });
	});

	it('keeps everything unless told otherwise, but refused input for 13 months', async () => {
		it_.clock.now = new Date('2026-02-16T10:00:00Z');
		expect(await drop({})).toEqual([]);
		expect([await first('events', 'received_at'), await first('rejected', 'received_at')]).toEqual(['2025-01', '2025-02']);
	});

	it('drops whole months, and what has no months row by row', async () => {
		expect(await drop({ events: 3 })).toEqual(['01', '02', '03', '04', '05', '06', '07', '08', '09', '10'].map((month) => `events 2025-${month}`));
		expect([await first('events', 'received_at'), await first('rejected', 'received_at')]).toEqual(['2025-11', '2025-11']);
		expect(await first('journal', 'at')).toBe('2025-01');
		expect(await drop({ history: 3 })).toHaveLength(10);
		expect([await first('journal', 'at'), await first('finished', 'ended_at'), await first('refusals', 'day')]).toEqual(['2025-11', '2025-11', '2025-11']);
		expect(await drop({ events: 3, history: 3 })).toEqual([]);
		expect(warned).toEqual([]);
	});

	it('never drops what answers once, caps and duplicates', async () => {
		await makeRunning(it_.store, world, ['customer-2'], 1);
		await ask(it_.store, `UPDATE enrolments SET first_entry = '2020-01-01', last_entry = '2020-01-01', last_exit = '2020-01-02'`);
		await drop({ events: 1, history: 1 });
		expect(await first('enrolments', 'last_entry')).toBe('2020-01');
		expect(await takeIn(it_.store, 'test', [eventOf('customer-1', 'Seen', it_.clock.now, { messageId: 'm13' })])).toMatchObject({ duplicates: 1 });
	});

	it.each<[string, Parameters<typeof publish>[0], RegExp]>([
		['a rule', { Buyers: ORDERS(120) }, /to be kept for 3 months, but in journey "shop" Journey Audience Filter 'Buyers' asks for Order within 120 days\. Keep events for longer \(Journey Control, Settings; or JOURNEY_KEEP_EVENTS_MONTHS\)/],
		['a rule without an end', { Buyers: ORDERS() }, /'Buyers' asks whether Order ever happened/],
		['a look-back', { Wait: journey('State', { parameters: { waitFor: 'events', lookBack: 'last', lookBackAmount: 4, lookBackUnit: 'months' } }) }, /Journey State 'Wait' asks for events within 4 months/],
		['a window', { Goal: journey('ConversionGoal', { parameters: { options: { window: { period: { windowAmount: 1, windowUnit: 'years' } } } } }) }, /Journey Conversion Goal 'Goal' asks for its event within 1 years/],
	])('is refused when shorter than %s of a published journey, naming it', async (_what, nodes, message) => {
		await publish(nodes);
		expect(await drop({ events: 3 })).toEqual([]);
		expect(warned).toEqual([expect.stringMatching(message)]);
		expect(await first('events', 'received_at')).toBe('2025-01');
		expect(await drop({ history: 3 })).toHaveLength(10);
	});

	const UNREADABLE = { Buyers: journey('AudienceFilter', { parameters: { match: 'all', conditions: { behaviour: [{ did: true, event: 'Order', times: 1, period: 'within', withinAmount: 0, withinUnit: 'days' }] } } }) };

	it('drops no events, but all else, when a published journey does not say how far back it asks, naming it', async () => {
		await publish(UNREADABLE);
		expect(await drop({ events: 3, history: 3 })).toHaveLength(10);
		expect(warned).toEqual([expect.stringMatching(/^No events are dropped: how far back journey "shop" asks cannot be told\. Journey Audience Filter 'Buyers': "0 days" is too short.* Correct it/)]);
		expect([await first('events', 'received_at'), await first('rejected', 'received_at'), await first('journal', 'at')]).toEqual(['2025-01', '2025-11', '2025-11']);
	});

	it('is followed by the upkeep of the store, even if it breaks off', async () => {
		await publish(UNREADABLE);
		const store = { ...it_.store, maintain: jest.fn() };
		const warn = () => {
			throw new Error('broken off');
		};
		await expect(new Janitor(store, () => undefined, () => undefined, { keep: { events: 3 }, warn }).keepHouse()).rejects.toThrow('broken off');
		expect(store.maintain).toHaveBeenCalledTimes(1);
	});

	it('drops refused entries a bounded number at a time', async () => {
		await ask(it_.store, `INSERT INTO refusals SELECT n, $2, 'once', $1::timestamptz::date, $1, $1, 1, '{}' FROM generate_series(1000, 11000) n`, [new Date('2025-02-15'), world.journey]);
		const before = new Date('2025-03-01');
		const some = async () => await it_.store.tx(async (db) => await dropRefusals(db, before));
		expect([await some(), await some(), await some()]).toEqual([10_000, 3, 0]);
		await ask(it_.store, `INSERT INTO refusals SELECT n, $2, 'once', $1::timestamptz::date, $1, $1, 1, '{}' FROM generate_series(1000, 11000) n`, [new Date('2025-02-15'), world.journey]);
		await drop({ history: 3 });
		expect(await first('refusals', 'day')).toBe('2025-11');
	});

	it('goes by the canvas that ran last, of workflows that are published', async () => {
		await publish({ Buyers: ORDERS(300) });
		it_.clock.pass(1_000);
		await publish({ Buyers: ORDERS(30) });
		expect(await drop({ events: 3 })).toEqual([]);
		it_.clock.pass(24 * 60 * 60_000);
		expect(await drop({ events: 3 })).toHaveLength(10);
		it_.clock.pass(1_000);
		await publish({ Buyers: ORDERS(300) });
		expect(await drop({ events: 2 })).toEqual([]);
		await ask(it_.store, `UPDATE steps SET state = 'off', off_since = $1`, [it_.clock.now]);
		expect(await drop({ events: 2 })).toEqual(['events 2025-11']);
	});

	it('keeps the months in which somebody on their way finds an event', async () => {
		await makeRunning(it_.store, world, ['customer-2', 'customer-3'], 1);
		await ask(it_.store, `UPDATE instances SET event_received_at = '2025-06-15', event_id = 1 WHERE id = (SELECT min(id) FROM instances)`);
		expect(await drop({ events: 3 })).toHaveLength(5);
		expect(warned).toEqual([`Events from 2025-06 on are kept for now: somebody in journey "shop" carries one.`]);
		await ask(it_.store, 'UPDATE instances SET event_received_at = NULL, event_id = NULL');
		await ask(it_.store, `INSERT INTO moves (instance_id, step_id, target_id, visit, moved_at, wait) SELECT min(id), $1, $1, 1, now(), '{"event_received_at": "2025-07-15"}' FROM instances`, [world.state]);
		expect(await drop({ events: 3 })).toEqual(['events 2025-06']);
		await ask(it_.store, 'DELETE FROM moves');
		await ask(it_.store, 'DELETE FROM instances');
		await ask(it_.store, `INSERT INTO candidates (step_id, journey_id, profile_id, event_id, event_received_at, due_at) VALUES ($1, $2, 1, 1, '2025-08-15', '2025-08-15')`, [world.entry, world.journey]);
		expect(await drop({ events: 3 })).toEqual(['events 2025-07']);
		await ask(it_.store, 'DELETE FROM candidates');
		await publish({ Wait: journey('State', { parameters: { waitFor: 'events', lookBack: 'entry' } }) });
		await makeRunning(it_.store, world, ['customer-4'], 1);
		await ask(it_.store, `UPDATE instances SET event_received_at = '2026-01-15', entered_at = '2025-09-20'`);
		expect(await drop({ events: 3 })).toEqual(['events 2025-08']);
	});

	it('makes months for rows that came without one, and drops those like others', async () => {
		await ask(it_.store, `INSERT INTO events (profile_id, name, properties, occurred_at, received_at) SELECT id, 'Late', '{}', '2023-05-05', '2023-05-05' FROM profiles`);
		await openMonths(it_.store);
		expect(await ask(it_.store, `SELECT tableoid::regclass::text AS table FROM events WHERE name = 'Late'`)).toEqual([{ table: 'events_2023_05' }]);
		expect((await drop({ events: 12 }))[0]).toBe('events 2023-05');
	});
});

describe('dropping a month while people come in', () => {
	let it_: TestStore;
	beforeEach(async () => {
		it_ = await freshStore('postgres', new FrozenClock(new Date('2025-01-15T10:00:00Z')));
		await makeWorld(it_.store);
		await takeIn(it_.store, 'test', [eventOf('customer-1', 'Seen', it_.clock.now)]);
		it_.clock.now = new Date('2026-03-02T10:00:00Z');
		await it_.store.tx(makeMonths);
	});
	afterEach(async () => await it_?.drop());
	const come = async (user: string, store = it_.store) => await takeIn(store, 'test', [eventOf(user, 'Seen', it_.clock.now)]);

	it('waits for an open intake a moment only, lets others in meanwhile, and drops when it has gone', async () => {
		// A lock on the table is held from the insert on.
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO events/);
		const open = come('customer-2', store);
		await gate.reached;
		const tries: string[] = [];
		const dropped = inAGap(it_.store, async (db) => {
			tries.push('try');
			await dropMonth(db, 'events', '2025-01-01');
		}, async () => {
			// The first try has given up: nobody waits behind it, and the next one finds the intake still open.
			if (tries.length === 1) await come('customer-3');
			if (tries.length !== 2) return;
			gate.open();
			await open;
		});
		await dropped;
		expect(tries).toHaveLength(3);
		expect(await ask(it_.store, `SELECT to_regclass('events_2025_01') AS gone, count(*)::int AS n FROM events`)).toEqual([{ gone: null, n: 2 }]);
	});

	it('holds up those behind it for that moment, not for as long as the open one takes', async () => {
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO events/);
		const open = come('customer-2', store);
		await gate.reached;
		const dropping = it_.store.tx(async (db) => await dropMonth(db, 'events', '2025-01-01')).catch((error: { code: string }) => error.code);
		// It waits for 200 ms only: on a busy machine it may have given up before anybody looks.
		await Promise.race([untilBlocked(it_.store), dropping]);
		// Queues behind the drop, which queues behind the open intake.
		expect(await come('customer-3')).toMatchObject({ events: 1 });
		expect(await dropping).toBe('55P03');
		gate.open();
		await open;
	});

	it('gives up in the end, and says so', async () => {
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO events/);
		const open = come('customer-2', store);
		await gate.reached;
		const warned: string[] = [];
		let pauses = 0;
		expect(await forget(it_.store, { events: 3 }, (message) => warned.push(message), async () => pauses++)).toEqual([]);
		expect(pauses).toBe(19);
		expect(warned).toEqual([expect.stringContaining('The events of 2025-01 are still read by somebody')]);
		gate.open();
		await open;
	});
});
