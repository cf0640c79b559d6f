import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys, only } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const remind = baseNode('Remind', 'noOp', 1);
const thank = baseNode('Thank', 'noOp', 1);
const help = baseNode('Help', 'noOp', 1);

const orderOrDay = {
	name: 'Order or a day',
	nodes: [entry, eventState('Wait', [{ event: 'order', output: 'ordered' }], [1, 'days']), remind, thank],
	connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank'),
};
const ids = (items: Array<{ json: object }>) => items.map(({ json }) => (json as { profile: { id: number } }).profile.id);

journeys('waiting for an event, or a day', (open) => {
	it('sends each person down the branch of what happened first', async () => {
		const run = await open(orderOrDay);
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Wait until +1d',
			'+0s customer-2 entered Entry',
			'+0s customer-2 parked Wait until +1d',
			'+1h customer-2 woken Wait: event → ordered',
			'+1h customer-2 done: completed',
			'+1d customer-1 woken Wait: time',
			'+1d customer-1 done: completed',
		]);
		expect(ids(run.itemsOf('Thank'))).toEqual([2]);
		expect(ids(run.itemsOf('Remind'))).toEqual([1]);
	});

	it('carries the waking event, and the journey as it is now', async () => {
		const run = await open(orderOrDay);
		await run.send({ who: 'customer-1', event: 'cart', change: { attributes: { tier: 'gold' } } });
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'order', properties: { total: 12.5 }, messageId: 'm-1', change: { attributes: { tier: 'platinum' } } });
		await run.pass('0 seconds');
		expect(run.itemsOf('Thank')[0]!.json).toMatchObject({
			journey: { step: 'Wait', visit: 1, correlation: '', entered_at: '2026-03-02T10:00:00.000Z' },
			profile: { attributes: { tier: 'platinum' } },
			event: { name: 'order', properties: { total: 12.5 }, occurred_at: '2026-03-02T11:00:00.000Z', message_id: 'm-1' },
		});
	});

	it('counts an event that arrives between the admission and the wait', async () => {
		const run = await open(orderOrDay);
		run.after('Entry', async () => await run.send({ who: 'customer-1', event: 'order' }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Wait until +1d',
			'+0s customer-1 woken Wait: event → ordered',
			'+0s customer-1 done: completed',
		]);
	});

	it('keeps what the panel captures from the waking event for the rest of the journey', async () => {
		const values = (...pairs: Array<[string, string]>) => ({ values: { value: pairs.map(([name, path]) => ({ name, path })) } });
		const run = await open({
			name: 'Captures',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', ...values(['total', 'total'], ['cart', 'id']) }),
				eventState('Wait', [{ event: 'order', ...values(['total', 'sum.total'], ['first', 'items[0]'], ['none', 'missing']) }, { event: 'call' }], [1, 'days']),
				delayState('Later', 1, 'hours'), remind, thank,
			],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Later', 'Wait:2 > Later', 'Later > Thank'),
		});
		await run.send(...[1, 2].map((n) => ({ who: `customer-${n}`, event: 'cart', properties: { id: n, total: 5 } })));
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'order', properties: { sum: { total: 12 }, items: ['a', 'b'] } }, { who: 'customer-2', event: 'call' });
		await run.pass('1 day');
		expect(run.itemsOf('Wait').map(({ json }) => json.context)).toEqual([{ cart: 1, total: 12, first: 'a' }, { cart: 2, total: 5 }]);
		expect(run.itemsOf('Thank').map(({ json }) => json.context)).toEqual([{ cart: 1, total: 12, first: 'a' }, { cart: 2, total: 5 }]);
	});

	it('completes at once where nothing is connected, and says so when it is published', async () => {
		const run = await open({ name: 'Trailing', nodes: [entry, eventState('Wait', [{ event: 'order' }], [1, 'days'])], connections: wires('Entry > Wait') });
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('0 seconds');
		expect(await run.timeline()).toEqual(['+0s customer-1 entered Entry', '+0s customer-1 done: completed']);
		expect(run.warnings).toContainEqual(expect.stringMatching(/Nothing is connected behind Journey State 'Wait'/));
	});

	it('does not count an event from before the entry, nor the entry event itself', async () => {
		const run = await open({ ...orderOrDay, nodes: [entry, eventState('Wait', [{ event: 'order' }, { event: 'cart' }], [1, 'days']), remind, thank] });
		await run.send({ who: 'customer-1', event: 'order' });
		await run.pass('1 minute');
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('2 days');
		expect(await run.timeline()).toContain('+1d1m customer-1 woken Wait: time');
	});
});

journeys('what happened since the previous State', (open) => {
	const twice = (more: object) => ({
		name: 'Twice',
		nodes: [entry, eventState('Read', [{ event: 'opened' }], [1, 'days']), eventState('Click', [{ event: 'clicked', output: 'clicked' }], [1, 'days'], more), remind, thank],
		connections: wires('Entry > Read', 'Read:0 > Click', 'Read:1 > Click', 'Click:0 > Remind', 'Click:1 > Thank'),
	});

	it('wakes at once by a click that was quicker than the step', async () => {
		const run = await open(twice({}));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		// Opened and clicked a minute later, and both arrive together.
		const at = (minutes: number) => new Date(+run.now - minutes * 60_000);
		await run.send({ who: 'customer-1', event: 'opened', at: at(10) }, { who: 'customer-1', event: 'clicked', at: at(9) });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Read until +1d',
			'+1h customer-1 woken Read: event → opened',
			'+1h customer-1 parked Click until +1d1h',
			'+1h customer-1 woken Click: event → clicked',
			'+1h customer-1 done: completed',
		]);
	});

	it('leaves out a click from before it left the previous State', async () => {
		const run = await open(twice({}));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		const at = (minutes: number) => new Date(+run.now - minutes * 60_000);
		await run.send({ who: 'customer-1', event: 'clicked', at: at(11) }, { who: 'customer-1', event: 'opened', at: at(10) });
		await run.pass('2 days');
		expect(await run.timeline()).toContain('+1d1h customer-1 woken Click: time');
	});

	it.each([
		[{ lookBack: 'entry' }, '+1h customer-1 woken Click: event → clicked'],
		[{ lookBack: 'last', lookBackAmount: 20, lookBackUnit: 'minutes' }, '+1h customer-1 woken Click: event → clicked'],
		[{ lookBack: 'last', lookBackAmount: 10, lookBackUnit: 'minutes' }, '+1d1h customer-1 woken Click: time'],
		[{ lookBack: 'arrival' }, '+1d1h customer-1 woken Click: time'],
	])('or as far back as the panel says: %j', async (fields, expected) => {
		const run = await open(twice(fields));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		const at = (minutes: number) => new Date(+run.now - minutes * 60_000);
		await run.send({ who: 'customer-1', event: 'clicked', at: at(11) }, { who: 'customer-1', event: 'opened', at: at(10) });
		await run.pass('2 days');
		expect(await run.timeline()).toContain(expected);
	});

	it('leaves a State that timed out at its deadline, however late it is worked', async () => {
		const run = await open(twice({}));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		await run.unpublish();
		// Both clicks arrive while nothing runs; only the one after the deadline of Read counts for Click.
		await run.pass('1 day');
		const before = new Date('2026-03-03T09:59:59.000Z');
		const behind = new Date('2026-03-03T10:30:00.000Z');
		await run.send({ who: 'customer-1', event: 'clicked', at: before });
		await run.pass('1 hour');
		await run.publish(twice({}));
		await run.pass('0 seconds');
		expect((await run.timeline()).slice(-2)).toEqual(['+1d2h customer-1 woken Read: time', '+1d2h customer-1 parked Click until +2d2h']);
		await run.send({ who: 'customer-1', event: 'clicked', at: behind });
		await run.pass('0 seconds');
		expect((await run.timeline()).slice(-2)).toEqual(['+1d2h customer-1 woken Click: event → clicked', '+1d2h customer-1 done: completed']);
	});
});

journeys('the first of three events', (open) => {
	const branches = [{ event: 'order', output: 'ordered' }, { event: 'complaint' }, { event: 'visit', output: 'big visit', ...only('pages', 'greater', 10) }];
	const canvas = {
		name: 'First of three',
		nodes: [entry, eventState('Wait', branches, 'never'), remind, thank, help, baseNode('Invite', 'noOp', 1)],
		connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank', 'Wait:2 > Help', 'Wait:3 > Invite'),
	};

	it('decides by own time, whatever arrives first and however the branches are ordered', async () => {
		const run = await open(canvas);
		await run.send(...[1, 2, 3].map((n) => ({ who: `customer-${n}`, event: 'cart' })));
		await run.pass('1 hour');
		const at = (minutes: number) => new Date(+run.now - minutes * 60_000);
		await run.send(
			{ who: 'customer-1', event: 'order', at: at(5) }, { who: 'customer-1', event: 'complaint', at: at(6) },
			{ who: 'customer-2', event: 'visit', properties: { pages: 3 }, at: at(9) }, { who: 'customer-2', event: 'visit', properties: { pages: 11 }, at: at(8) },
			{ who: 'customer-3', event: 'visit', properties: { pages: 10 } },
		);
		await run.pass('1 day');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual([
			'+1h customer-1 woken Wait: event → complaint',
			'+1h customer-2 woken Wait: event → big visit',
		]);
		expect([run.itemsOf('Thank'), run.itemsOf('Help'), run.itemsOf('Invite')].map(ids)).toEqual([[], [1], [2]]);
		expect(run.itemsOf('Invite')[0]!.json.event).toMatchObject({ properties: { pages: 11 } });
	});

	it('ends by itself after two years', async () => {
		const run = await open(canvas);
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('730 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Wait until +731d', // 2028 is a leap year
		]);
		await run.pass('1 day');
		expect((await run.timeline()).at(-1)).toBe('+731d customer-1 done: expired');
	});
});

journeys('starting the timer again', (open) => {
	const canvas = {
		name: 'An hour after the last cart',
		nodes: [entry, delayState('Quiet', 1, 'hours', { resets: { branch: [{ event: 'cart' }] } }), remind],
		connections: wires('Entry > Quiet', 'Quiet > Remind'),
	};

	it('counts from the last event, which is the one handed on', async () => {
		const run = await open(canvas);
		await run.send({ who: 'customer-1', event: 'cart', properties: { n: 1 } });
		await run.pass('50 minutes');
		await run.send({ who: 'customer-1', event: 'cart', properties: { n: 2 } });
		await run.pass('50 minutes');
		await run.send({ who: 'customer-1', event: 'cart', properties: { n: 3 }, at: new Date(+run.now - 10 * 60_000) });
		await run.pass('1 day');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry',
			'+0s customer-1 parked Quiet until +1h',
			'+50m customer-1 reset Quiet until +1h50m',
			'+50m customer-1 refused: already_inside ×2',
			'+1h40m customer-1 reset Quiet until +2h30m',
			'+2h30m customer-1 woken Quiet: time',
			'+2h30m customer-1 done: completed',
		]);
		expect(run.itemsOf('Remind')[0]!.json.event).toMatchObject({ properties: { n: 3 } });
	});

	it('counts from the last of several that arrive together', async () => {
		const run = await open(canvas);
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('50 minutes');
		const at = (minutes: number) => new Date(+run.now - minutes * 60_000);
		await run.send({ who: 'customer-1', event: 'cart', at: at(5) }, { who: 'customer-1', event: 'cart', at: at(20) }, { who: 'customer-1', event: 'cart', at: at(10) });
		await run.pass('1 day');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual(['+1h45m customer-1 woken Quiet: time']);
	});
});

journeys('a timeout against an event', (open) => {
	const enter = async (run: Awaited<ReturnType<typeof open>>) => {
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('23 hours');
	};
	const deadline = new Date('2026-03-03T10:00:00.000Z');
	const woken = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => line.includes('woken'));

	it('goes by the event when it happened at the very deadline', async () => {
		const run = await open(orderOrDay);
		await enter(run);
		await run.send({ who: 'customer-1', event: 'order', at: deadline });
		await run.pass('2 days');
		expect(await woken(run)).toEqual(['+23h customer-1 woken Wait: event → ordered']);
	});

	it('goes by the event when it happened in time and arrives late, but before the timeout was claimed', async () => {
		const run = await open(orderOrDay);
		await enter(run);
		await run.unpublish();
		await run.pass('2 hours');
		await run.send({ who: 'customer-1', event: 'order', at: deadline });
		await run.publish(orderOrDay);
		await run.pass('0 seconds');
		expect(await woken(run)).toEqual(['+1d1h customer-1 woken Wait: event → ordered']);
	});

	it('goes by the timeout when the event happened a millisecond later', async () => {
		const run = await open(orderOrDay);
		await enter(run);
		await run.unpublish();
		await run.pass('2 hours');
		await run.send({ who: 'customer-1', event: 'order', at: new Date(+deadline + 1) });
		await run.publish(orderOrDay);
		await run.pass('0 seconds');
		expect(await woken(run)).toEqual(['+1d1h customer-1 woken Wait: time']);
	});

	it('goes by the timeout once it has been claimed', async () => {
		const run = await open(orderOrDay);
		await enter(run);
		run.after('Wait', async () => await run.send({ who: 'customer-1', event: 'order', at: deadline }));
		await run.pass('2 days');
		expect(await woken(run)).toEqual(['+1d customer-1 woken Wait: time']);
		expect(run.itemsOf('Thank')).toEqual([]);
	});
});
