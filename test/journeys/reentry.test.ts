import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const canvas = (parameters: object, wait = 1) => ({
	name: 'Re-entry',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', values: { value: [{ name: 'total', path: 'cart.total' }] }, ...parameters }),
		delayState('Wait', wait, 'days'),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait > End'),
});
const cart = (total: number, at?: Date) => ({ who: 'customer-1', event: 'cart', properties: { cart: { total } }, at });

journeys('entering again', (open) => {
	const decided = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => /entered|refused/.test(line)).map((line) => line.replace(' customer-1', ''));

	it('never, when once is enough', async () => {
		const run = await open(canvas({ reentry: 'once' }));
		await run.send(cart(1), cart(2));
		await run.pass('2 days');
		await run.send(cart(3));
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+0s entered Entry', '+0s refused: already_inside', '+2d refused: once']);
	});

	it('after a lock of calendar days, in the zone of the customer', async () => {
		const run = await open(canvas({ reentry: 'lock', lockAmount: 7, lockUnit: 'days' }));
		// Monday 13:00 in Istanbul: the lock ends as Monday week begins there, at 21:00 UTC on Sunday.
		await run.send({ ...cart(1), change: { zone: 'Europe/Istanbul' } });
		await run.pass('6 days 10 hours 59 minutes');
		await run.send(cart(2));
		await run.pass('1 minute');
		await run.send(cart(3));
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+0s entered Entry', '+6d10h59m refused: lock', '+6d11h entered Entry']);
	});

	it('after a lock of elapsed hours', async () => {
		const run = await open(canvas({ reentry: 'lock', lockAmount: 48, lockUnit: 'hours' }));
		await run.send(cart(1));
		await run.pass('47 hours');
		await run.send(cart(2));
		await run.pass('1 hour');
		await run.send(cart(3));
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+0s entered Entry', '+1d23h refused: lock', '+2d entered Entry']);
	});

	it('after a lock that begins when they leave', async () => {
		const run = await open(canvas({ reentry: 'lock', lockFrom: 'exit', lockAmount: 48, lockUnit: 'hours' }, 2));
		await run.send(cart(1));
		await run.pass('2 days');
		for (const hours of ['47 hours', '1 hour']) {
			await run.pass(hours);
			await run.send(cart(2));
		}
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+0s entered Entry', '+3d23h refused: lock', '+4d entered Entry']);
	});

	it('a limited number of times for ever', async () => {
		const run = await open(canvas({ reentry: 'cap', capTimes: 2, capPeriod: 'ever' }));
		for (const total of [1, 2, 3]) {
			await run.send(cart(total));
			await run.pass('800 days');
		}
		expect(await decided(run)).toEqual(['+0s entered Entry', '+800d entered Entry', '+1600d refused: cap']);
	});

	it('not by the same trigger sent twice, before and after', async () => {
		const run = await open(canvas({
			reentry: 'cap', capTimes: 9, whileInside: 'restart', options: { duplicates: { window: { duplicateAmount: 10, duplicateUnit: 'minutes' } } },
		}));
		await run.pass('1 hour');
		await run.send(cart(1));
		await run.pass('9 minutes 59 seconds');
		await run.send(cart(2), cart(3, new Date(+run.now - 19 * 60_000)));
		await run.pass('1 second');
		await run.send(cart(4));
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+1h entered Entry', '+1h9m59s refused: duplicate ×2', '+1h10m entered Entry']);
	});

	it('at most twice in a rolling week', async () => {
		const run = await open(canvas({ reentry: 'cap', capTimes: 2, capAmount: 7, capUnit: 'days' }));
		for (let day = 0; day < 10; day += 2) {
			await run.send(cart(day));
			await run.pass('2 days');
		}
		expect(await decided(run)).toEqual(['+0s entered Entry', '+2d entered Entry', '+4d refused: cap', '+6d refused: cap', '+8d entered Entry']);
	});

	it('counts the cap within one batch', async () => {
		const run = await open(canvas({ reentry: 'cap', capTimes: 2, capAmount: 7, capUnit: 'days', whileInside: 'restart' }));
		await run.send(cart(1), cart(2), cart(3));
		await run.pass('0 seconds');
		expect((await decided(run)).sort()).toEqual(['+0s entered Entry', '+0s refused: cap', '+0s refused: restarted_at_once']);
	});

	it('goes by the events\' own time, whatever arrives first', async () => {
		const run = await open(canvas({ reentry: 'once' }));
		await run.pass('1 day');
		const earlier = new Date(+run.now - 3_600_000);
		await run.send(cart(1));
		await run.send(cart(2, earlier));
		await run.pass('1 day');
		expect(await decided(run)).toEqual(['+1d entered Entry', '+1d refused: already_inside']);
		expect(run.itemsOf('End')[0]!.json.context).toEqual({ total: 2 });
	});
});

journeys('a trigger while inside', (open) => {
	it('is ignored: journey values stay', async () => {
		const run = await open(canvas({ reentry: 'cap', capTimes: 5 }));
		await run.send(cart(1));
		await run.pass('12 hours');
		await run.send(cart(2));
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Wait until +1d',
			'+12h customer-1 refused: already_inside',
			'+1d customer-1 woken Wait: time',
			'+1d customer-1 done: completed',
		]);
		expect(run.itemsOf('End').map(({ json }) => json.context)).toEqual([{ total: 1 }]);
	});

	it('or begins anew, with journey values captured again', async () => {
		const run = await open(canvas({ reentry: 'lock', lockAmount: 7, lockUnit: 'days', whileInside: 'restart' }));
		await run.send(cart(1));
		await run.pass('12 hours');
		await run.send(cart(2));
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Wait until +1d',
			'+12h customer-1 done: restarted',
			'+12h customer-1 entered Entry',
			'+12h customer-1 parked Wait until +1d12h',
			'+1d12h customer-1 woken Wait: time',
			'+1d12h customer-1 done: completed',
		]);
		expect(run.itemsOf('End').map(({ json }) => json.context)).toEqual([{ total: 2 }]);
	});

	it('begins anew even when it comes while the old run is under way', async () => {
		const run = await open(canvas({ reentry: 'lock', whileInside: 'restart' }));
		await run.send(cart(1));
		await run.pass('12 hours');
		run.after('Wait', async () => await run.send(cart(2)));
		await run.pass('3 days');
		// The old run was at its end as the trigger came, and got there.
		expect((await run.timeline()).filter((line) => /done|entered|refused/.test(line))).toEqual([
			'+0s customer-1 entered Entry',
			'+1d customer-1 done: completed',
			'+1d customer-1 entered Entry',
			'+2d customer-1 done: completed',
		]);
	});

	it('or runs beside the first, each with its own values, place and goal', async () => {
		const drawn = canvas({ reentry: 'cap', capTimes: 3, whileInside: 'parallel' }, 2);
		const run = await open({
			...drawn,
			nodes: [...drawn.nodes, journeyNode('Bought', 'journeyConversionGoal', { event: 'order', filters: { conditions: [{ path: 'cart', operator: 'is', value: '2' }] }, exit: false })],
		});
		await run.send(cart(1), cart(2));
		await run.pass('1 day');
		await run.send(cart(3));
		await run.pass('0 seconds');
		await run.send({ who: 'customer-1', event: 'order', properties: { cart: 2 } });
		await run.pass('1 day');
		// The places of the first two are free again: nobody is in the way of the next, but the cap is.
		await run.send(cart(4));
		await run.pass('2 days');
		expect((await run.timeline('customer-1')).filter((line) => !/parked|woken/.test(line))).toEqual([
			'+0s entered Entry', '+0s entered Entry', '+1d entered Entry',
			'+1d converted Bought: stays', '+1d converted Bought: stays', '+1d converted Bought: stays',
			'+2d done: completed', '+2d done: completed', '+2d refused: cap', '+3d done: completed',
		]);
		expect(run.itemsOf('End').map(({ json }) => (json.context as { total: number }).total)).toEqual([1, 2, 3]);
	});

	it('takes the place that is free when others run on', async () => {
		const run = await open(canvas({ reentry: 'cap', capTimes: 9, whileInside: 'parallel' }, 2));
		const slots = async () => (await run.store.tx(async (db) => await db.rows<{ slot: number }>('SELECT slot FROM instances ORDER BY entered_at'))).map(({ slot }) => slot);
		await run.send(cart(1));
		await run.pass('1 day');
		await run.send(cart(2));
		await run.pass('1 day');
		expect(await slots()).toEqual([1]);
		await run.send(cart(3));
		await run.pass('0 seconds');
		expect(await slots()).toEqual([1, 0]);
		await run.pass('3 days');
		expect(await slots()).toEqual([]);
	});
});

journeys('triggers of one person', (open) => {
	it('are decided in their order, though the first is in a batch that fails', async () => {
		const run = await open(canvas({ reentry: 'once' }));
		await run.send(cart(1));
		// As after two failed tries: it waits longer than the trigger behind it.
		await run.store.tx(async (db) => await db.rows("UPDATE candidates SET attempts = 2, due_at = due_at + interval '1 minute'"));
		await run.pass('10 seconds');
		await run.send(cart(2));
		await run.pass('2 minutes');
		expect((await run.timeline('customer-1')).filter((line) => /entered|refused/.test(line))).toEqual(['+1m entered Entry', '+1m1s refused: already_inside']);
		expect(run.itemsOf('Entry').map(({ json }) => (json.context as { total: number }).total)).toEqual([1]);
	});
});
