import { inShare } from '../../lib/core/split';
import { countJourneys } from '../../lib/report/counts';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { delayState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const canvas = (options: object, more: object = {}) => ({
	name: 'Limits',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', reentry: 'cap', capTimes: 9, options, ...more }),
		delayState('Wait', 1, 'hours'),
		baseNode('End', 'noOp', 1),
		journeyNode('Bought', 'journeyConversionGoal', { event: 'order', exit: false, options: { window: { period: { windowAmount: 2, windowUnit: 'hours' } } } }),
	],
	connections: wires('Entry > Wait', 'Wait > End'),
});
const limits = (perMinute: number, inside: number, overflow: 'delay' | 'refuse' = 'delay') => canvas({ capacity: { limits: { perMinute, inside, overflow } } });
const carts = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => ({ who: `customer-${from + at}`, event: 'cart' }));
/** Entries and refusals without the step, and what else begins with these words. */
const told = async (run: CanvasRunner, words: RegExp) => (await run.timeline()).filter((line) => words.test(line));
const ids = async (run: CanvasRunner) => await run.store.tx(async (db) => new Map((await db.rows<{ value: string; profile_id: number }>(
	'SELECT value, profile_id FROM identities')).map(({ value, profile_id }) => [value, profile_id])));
const journeyId = async (run: CanvasRunner) => await run.store.tx(async (db) => (await db.rows<{ id: number }>('SELECT id FROM journeys'))[0]!.id);

journeys('capacity', (open) => {
	it('lets so many in each minute, and the others later in their order', async () => {
		const run = await open(limits(2, 0));
		await run.pass('10 seconds');
		await run.send(...carts(1, 5));
		await run.pass('0 seconds');
		await run.send(...carts(6, 6));
		await run.pass('3 minutes');
		expect((await told(run, /entered|delayed/)).sort()).toEqual([
			'+10s customer-1 entered Entry', '+10s customer-2 entered Entry', '+10s customer-3 delayed Entry: per_minute',
			'+10s customer-4 delayed Entry: per_minute', '+10s customer-5 delayed Entry: per_minute', '+10s customer-6 delayed Entry: per_minute',
			'+1m customer-3 entered Entry', '+1m customer-4 entered Entry', '+2m customer-5 entered Entry', '+2m customer-6 entered Entry',
		]);
		// Being put back is no attempt, and its time of waiting begins when they are in.
		expect(await told(run, /customer-5 parked/)).toEqual(['+2m customer-5 parked Wait until +1h2m']);
		expect(await told(run, /retry|failed/)).toEqual([]);
	});

	it('or refuses them, with the numbers compared', async () => {
		const run = await open(limits(2, 0, 'refuse'));
		await run.send(...carts(1, 3));
		await run.pass('1 minute');
		await run.send(...carts(3, 3));
		await run.pass('0 seconds');
		expect((await told(run, /entered|refused/)).sort()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-2 entered Entry', '+0s customer-3 refused: capacity_per_minute', '+1m customer-3 entered Entry',
		]);
		expect(await run.store.tx(async (db) => await db.rows("SELECT detail->'entered' AS entered, detail->'allowed' AS allowed FROM refusals"))).toEqual([{ entered: 2, allowed: 2 }]);
	});

	it('holds no more inside at once, and gives a place away when it becomes free', async () => {
		const run = await open(limits(0, 2));
		await run.send(...carts(1, 2));
		await run.pass('58 minutes');
		await run.send(...carts(3, 4));
		await run.pass('92 minutes');
		expect((await told(run, /entered|delayed|done/)).sort()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-2 entered Entry',
			'+1h customer-1 done: completed', '+1h customer-2 done: completed',
			'+1h customer-3 entered Entry', '+1h customer-4 entered Entry',
			'+2h customer-3 done: completed', '+2h customer-4 done: completed',
			'+58m customer-3 delayed Entry: inside', '+58m customer-4 delayed Entry: inside',
		]);
	});

	it('is given back by who is taken out or erased, and taken by who was given up and is sent on', async () => {
		const code = (js: string) => baseNode('Code', 'code', 2, { mode: 'runOnceForEachItem', jsCode: js });
		const two = (js: string) => ({
			...limits(0, 2), nodes: [...limits(0, 2).nodes, code(js), delayState('Later', 9, 'hours')], connections: wires('Entry > Wait', 'Wait > Code', 'Code > Later', 'Later > End'),
		});
		const run = await open(two("throw new Error('broken')"));
		const who = (n: number) => ({ resource: 'customer', identityKind: 'user_id', identity: `customer-${n}`, journey: { mode: 'key', value: 'journey' } });
		await run.send(...carts(1, 1));
		await run.pass('3 hours');
		expect(run.takeProblems().length).toBeGreaterThan(2);
		await run.publish(two('return $input.item;'));
		await run.send(...carts(2, 2));
		await run.pass('0 seconds');
		expect(await run.control({ ...who(1), operation: 'sendOn' })).toEqual([{ sentOn: 1 }]);
		await run.send(...carts(3, 3));
		await run.pass('0 seconds');
		expect((await told(run, /customer-3/))).toEqual(['+3h customer-3 delayed Entry: inside']);
		await run.control({ ...who(1), operation: 'erase' });
		await run.pass('15 seconds');
		expect((await told(run, /customer-3 entered/))).toEqual(['+3h15s customer-3 entered Entry']);
		await run.control({ resource: 'journey', operation: 'evict', journey: { mode: 'key', value: 'journey' } });
		await run.pass('6 seconds');
		await run.send(...carts(4, 5));
		await run.pass('0 seconds');
		expect(await told(run, /customer-[45] (entered|delayed)/)).toEqual(['+3h21s customer-4 entered Entry', '+3h21s customer-5 entered Entry']);
	});

	it('is not taken by who is refused before, and a later trigger waits for its own person only', async () => {
		const run = await open(canvas({ capacity: { limits: { perMinute: 1, inside: 0, overflow: 'delay' } } }, { reentry: 'once' }));
		await run.send(...carts(1, 1));
		await run.pass('2 hours');
		await run.send(...carts(1, 1), ...carts(2, 3), ...carts(3, 3));
		await run.pass('2 minutes');
		expect(await told(run, /entered|refused|delayed/)).toEqual([
			'+0s customer-1 entered Entry',
			'+2h customer-1 refused: once', '+2h customer-2 entered Entry', '+2h customer-3 delayed Entry: per_minute',
			'+2h1m customer-3 entered Entry', '+2h1m customer-3 refused: already_inside',
		]);
	});
});

journeys('shares of people', (open) => {
	it('let in the same ones always, and more when the roll-out widens', async () => {
		const run = await open(canvas({ rollout: 30 }));
		await run.send(...carts(1, 40));
		await run.pass('2 hours');
		const [profiles, journey] = [await ids(run), await journeyId(run)];
		const inside = (percent: number) => carts(1, 40).filter(({ who }) => inShare(`roll-out ${journey}`, profiles.get(who)!, percent)).map(({ who }) => who).sort();
		const entered = async (from: string) => (await told(run, /entered/)).filter((line) => line.startsWith(from)).map((line) => line.split(' ')[1]!).sort();
		expect(inside(30).length).toBeGreaterThan(3);
		expect(await entered('+0s')).toEqual(inside(30));
		expect((await told(run, /refused: rollout/)).length).toBe(40 - inside(30).length);
		await run.publish(canvas({ rollout: 60 }));
		await run.send(...carts(1, 40));
		await run.pass('0 seconds');
		expect(await entered('+2h')).toEqual(inside(60));
		expect(inside(60)).toEqual(expect.arrayContaining(inside(30)));
		expect(inside(60).length).toBeLessThan(40);
	});

	it('are held out for good, and count entries, limits and goals as the others do', async () => {
		const held = (options: object) => canvas(options, { reentry: 'lock', lockAmount: 24, lockUnit: 'hours' });
		const run = await open(held({ holdout: 40 }));
		await run.send(...carts(1, 20));
		await run.pass('0 seconds');
		const who = async (kind: RegExp) => (await told(run, kind)).map((line) => line.split(' ')[1]!).sort();
		const [treated, control] = [await who(/\+0s .*entered/), await who(/\+0s .*held_out Entry: control/)];
		expect([...treated, ...control].sort()).toEqual(carts(1, 20).map((one) => one.who).sort());
		expect(control.length).toBeGreaterThan(2);
		// The lock holds on both sides alike, and so does the goal, within its window.
		await run.pass('1 hour');
		await run.send(...carts(1, 20), { who: control[0]!, event: 'order' }, { who: treated[0]!, event: 'order' });
		await run.pass('2 hours');
		await run.send({ who: control[1]!, event: 'order' });
		await run.pass('0 seconds');
		expect((await told(run, /refused: lock/)).length).toBe(20);
		expect(await told(run, /converted/)).toEqual(expect.arrayContaining([`+1h ${control[0]} converted Bought: held_out`, expect.stringContaining(`+1h ${treated[0]} converted Bought`)]));
		expect((await told(run, /converted/)).length).toBe(2);
		expect((await countJourneys(run.store, ['journey']))[0]).toMatchObject({ heldOut: { times: control.length, people: control.length, converted: 1 } });
		// Another share leaves everybody on their side; without a holdout all are let in.
		await run.publish(held({ holdout: 90 }));
		await run.pass('1 day');
		await run.send(...carts(1, 20));
		await run.pass('0 seconds');
		expect(await who(/\+1d3h .*held_out/)).toEqual(control);
		await run.publish(held({}));
		await run.pass('2 days');
		await run.send(...carts(1, 20));
		await run.pass('0 seconds');
		expect((await who(/\+3d3h .*entered/)).length).toBe(20);
		expect(await run.store.tx(async (db) => await db.rows("SELECT arm, count(*)::int AS people, sum(entries)::int AS entries FROM report_entries GROUP BY arm ORDER BY arm")))
			.toEqual([{ arm: 'control', people: control.length, entries: 3 * control.length }, { arm: 'treated', people: treated.length, entries: 3 * treated.length }]);
	});

	it('stay out of all journeys that mind the global holdout', async () => {
		const run = await open(canvas({ holdout: 50 }));
		await run.store.tx(async (db) => await db.rows("INSERT INTO settings VALUES ('globalHoldoutPercent', '50', $1, 'a test')", [db.now]));
		await run.send(...carts(1, 20));
		await run.pass('0 seconds');
		const profiles = await ids(run);
		const kept = carts(1, 20).filter(({ who }) => inShare('global holdout', profiles.get(who)!, 50)).map(({ who }) => who).sort();
		expect((await told(run, /held_out Entry: global/)).map((line) => line.split(' ')[1]).sort()).toEqual(kept);
		expect((await told(run, /held_out Entry: control/)).length).toBeGreaterThan(0);
		await run.publish(canvas({ ignoresGlobalHoldout: true }));
		await run.send(...kept.map((who) => ({ who, event: 'cart' })));
		await run.pass('0 seconds');
		expect((await told(run, /entered/)).map((line) => line.split(' ')[1])).toEqual(expect.arrayContaining(kept));
	});
});

journeys('the end of a journey', (open) => {
	const ending = (more: object) => canvas({ end: '2026-03-02T12:00:00Z', ...more });

	it('lets nobody in any more, and those inside go on', async () => {
		const run = await open(ending({}));
		const toEnd = `${(+new Date('2026-03-02T12:00:00Z') - +run.now) / 60_000 - 30} minutes`;
		await run.pass(toEnd);
		await run.send(...carts(1, 1));
		await run.pass('30 minutes');
		await run.send(...carts(2, 2));
		await run.pass('1 hour');
		expect((await told(run, /entered|refused|done/)).map((line) => line.replace(/^\S+ /, ''))).toEqual(['customer-1 entered Entry', 'customer-2 refused: closed', 'customer-1 done: completed']);
	});

	it('or takes everybody out, also those who triggered before and come late', async () => {
		const run = await open(ending({ endEvicts: true }));
		await run.pass(`${(+new Date('2026-03-02T12:00:00Z') - +run.now) / 60_000 - 30} minutes`);
		await run.send(...carts(1, 2));
		await run.pass('30 minutes');
		await run.send({ who: 'customer-3', event: 'cart', at: new Date(+run.now - 60_000) });
		await run.pass('2 hours');
		expect((await told(run, /entered|refused|done/)).map((line) => line.replace(/^\S+ /, ''))).toEqual([
			'customer-1 entered Entry', 'customer-2 entered Entry', 'customer-1 done: ended', 'customer-2 done: ended', 'customer-3 refused: closed',
		]);
		const ends = async () => await run.store.tx(async (db) => await db.rows('SELECT evict_at, evicted_at FROM workflows'));
		const [end, later] = [new Date('2026-03-02T12:00:00Z'), new Date('2026-03-02T18:00:00Z')];
		expect(await ends()).toEqual([{ evict_at: null, evicted_at: end }]);
		// It stays done when n8n starts again; another end is another one, also the same after that.
		await run.down('1 hour');
		expect(await ends()).toEqual([{ evict_at: null, evicted_at: end }]);
		await run.publish(ending({ end: '2026-03-02T18:00:00Z', endEvicts: true }));
		expect(await ends()).toEqual([{ evict_at: later, evicted_at: null }]);
		await run.send(...carts(4, 4));
		await run.pass('0 seconds');
		await run.publish(ending({ endEvicts: true }));
		await run.pass('5 seconds');
		expect((await told(run, /customer-4 (entered|done)/)).map((line) => line.replace(/^\S+ /, ''))).toEqual(['customer-4 entered Entry', 'customer-4 done: ended']);
	});
});
