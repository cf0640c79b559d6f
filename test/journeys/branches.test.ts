import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const [end, other, third] = [baseNode('End', 'noOp', 1), baseNode('Other', 'noOp', 1), baseNode('Third', 'noOp', 1)];
const canvas = (branches: object[], limit: [number, string] = [2, 'days'], more: object = {}) => ({
	name: 'Branches',
	nodes: [entry, eventState('Wait', branches, limit, more), end, other, third],
	connections: wires('Entry > Wait', 'Wait:0 > End', 'Wait:1 > Other', 'Wait:2 > Third'),
});
const view = (n: number, at: Date, more: object = {}) => ({ who: `customer-${n}`, event: 'view', at, ...more });

journeys('a branch for several of an event', (open) => {
	const woken = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => line.includes('woken'));

	it('counts within a rolling time, the waking event included', async () => {
		const run = await open(canvas([{ event: 'view', output: 'keen', times: 3, period: 'within', withinAmount: 1, withinUnit: 'hours' }]));
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		for (const minutes of [40, 40, 10]) {
			await run.pass(`${minutes} minutes`);
			await run.send(view(1, run.now), view(2, run.now, { at: minutes === 10 ? new Date(+run.now - 31 * 60_000) : run.now }));
		}
		await run.pass('3 days');
		// 40, 80 and 90 minutes; of customer 2, 40, 59 and 80: an earlier one came last.
		expect(await woken(run)).toEqual(['+1h30m customer-1 woken Wait: event → keen', '+1h30m customer-2 woken Wait: event → keen']);
		expect(run.itemsOf('Other').map(({ json }) => (json.event as { occurred_at: string }).occurred_at)).toEqual(['2026-03-02T11:30:00.000Z', '2026-03-02T11:20:00.000Z']);
	});

	it('counts within a calendar day of the customer, also what was there on arrival', async () => {
		const state = eventState('Wait', [{ event: 'view', times: 2, period: 'day' }], [2, 'days'], { lookBack: 'entry' });
		const run = await open({
			name: 'Days', nodes: [entry, delayState('Before', 20, 'hours'), state, end, other],
			connections: wires('Entry > Before', 'Before > Wait', 'Wait:0 > End', 'Wait:1 > Other'),
		});
		await run.send(...['UTC', 'Asia/Tokyo', 'America/New_York'].map((zone, at) => ({ who: `customer-${at + 1}`, event: 'cart', change: { zone } })));
		const at = (text: string) => new Date(`2026-03-0${text}:00.000Z`);
		// Two hours apart: around midnight in UTC, within one day in Tokyo and New York; then within one day in UTC, too.
		await run.pass('14 hours');
		await run.send(...[1, 2, 3].flatMap((n) => [view(n, at('2T23:00'))]));
		await run.pass('2 hours');
		await run.send(...[1, 2, 3].flatMap((n) => [view(n, at('3T01:00'))]));
		await run.pass('8 hours');
		await run.send(view(1, at('3T09:00')));
		await run.pass('3 days');
		expect((await woken(run)).filter((line) => line.includes('Wait'))).toEqual([
			'+20h customer-2 woken Wait: event → view', '+20h customer-3 woken Wait: event → view', '+1d customer-1 woken Wait: event → view',
		]);
	});

	it('refuses what cannot be counted', async () => {
		await expect(open(canvas([{ event: 'view', times: 0 }]))).rejects.toThrow(/At Least This Many Times of "view": found 0\. Enter a whole number from 1 to 1000/);
	});
});

journeys('the best event when the time is up', (open) => {
	const ranked = canvas([{ event: 'order' }, { event: 'view' }], [1, 'days'], { decides: 'best' });

	it('holds everybody to the end, and goes by the ranking, not by what was first', async () => {
		const run = await open(ranked);
		await run.send(...[1, 2, 3].map((n) => ({ who: `customer-${n}`, event: 'cart' })));
		await run.pass('1 hour');
		await run.send(view(1, run.now, { properties: { n: 1 } }), view(2, run.now, { properties: { n: 1 } }));
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'order' }, view(1, run.now, { properties: { n: 2 } }));
		await run.pass('2 days');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual([
			'+1d customer-1 woken Wait: event → view', '+1d customer-2 woken Wait: event → order', '+1d customer-3 woken Wait: time',
		]);
		expect([run.itemsOf('End'), run.itemsOf('Other'), run.itemsOf('Third')].map(({ length }) => length)).toEqual([1, 1, 1]);
		expect(run.itemsOf('Third')[0]!.json.event).toMatchObject({ name: 'view', properties: { n: 2 } });
	});

	it('does not count what happened after the deadline, however late it is worked, nor changes its mind at a retry', async () => {
		const run = await open(ranked);
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		await run.send(view(1, run.now));
		await run.unpublish();
		await run.pass('2 days');
		await run.send({ who: 'customer-1', event: 'order' });
		run.killAfter('Wait');
		await run.publish(ranked);
		await run.pass('10 minutes');
		expect((await run.timeline()).filter((line) => /woken/.test(line)).map((line) => line.slice(line.indexOf('woken')))).toEqual(['woken Wait: event → view', 'woken Wait: event → view']);
		expect([run.itemsOf('Other').length, run.itemsOf('Third').length]).toEqual([0, 1]);
	});

	it('needs an end', async () => {
		await expect(open(canvas([{ event: 'order' }], [1, 'days'], { decides: 'best', limitUntil: 'never' }))).rejects.toThrow(/^Time Is Up: is Never/);
	});
});

journeys('an event that comes after its timeout was claimed', (open) => {
	it('is journaled late where somebody waited for it, whatever became of them since', async () => {
		const nodes = [
			entry, eventState('Wait', [{ event: 'order' }, { event: 'view', filters: { conditions: [{ path: 'pages', operator: 'greater', value: '3' }] } }], [1, 'days']),
			eventState('Next', [{ event: 'visit' }], [1, 'days']), end, other, third,
		];
		const run = await open({ name: 'Late', nodes, connections: wires('Entry > Wait', 'Wait:0 > Next', 'Wait:1 > Other', 'Wait:2 > Third', 'Next:0 > End', 'Next:1 > Other') });
		await run.send(...[1, 2, 3].map((n) => ({ who: `customer-${n}`, event: 'cart' })));
		const deadline = new Date(+run.now + 24 * 60 * 60_000);
		await run.pass('1 day 1 hour');
		await run.send(
			{ who: 'customer-1', event: 'order', at: deadline }, { who: 'customer-1', event: 'order', at: new Date(+deadline + 1) },
			view(2, deadline, { properties: { pages: 3 } }), view(2, deadline, { properties: { pages: 4 } }), { who: 'customer-3', event: 'other', at: deadline },
		);
		// At Next, nobody has left; a day later they have, and are done.
		await run.pass('2 days');
		await run.send({ who: 'customer-3', event: 'order', at: deadline }, { who: 'customer-3', event: 'visit', at: new Date(+deadline + 1) });
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.includes('late'))).toEqual([
			'+1d1h customer-1 late Wait → order', '+1d1h customer-2 late Wait → view',
			'+3d1h customer-3 late Wait → order', '+3d1h customer-3 late Next → visit',
		]);
	});
});
