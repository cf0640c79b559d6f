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
});
