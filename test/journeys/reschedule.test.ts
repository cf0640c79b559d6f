import { reschedule } from '../../lib/core/reschedule';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { WorkflowJson } from '../support/headless/host';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const around = (wait: object): WorkflowJson => ({
	name: 'Live',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), wait, baseNode('Remind', 'noOp', 1), baseNode('Thank', 'noOp', 1)] as WorkflowJson['nodes'],
	connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank'),
});
const delay = (amount: number, unit: string, more: object = {}) => around(delayState('Wait', amount, unit, more));
const cart = (n: number, zone?: string) => ({ who: `customer-${n}`, event: 'cart', ...(zone && { change: { zone } }) });

journeys('a wait that is changed while people are in it', (open) => {
	it('pulls those forward who wait, by each one’s calendar, and spreads who is overdue', async () => {
		const run = await open(delay(10, 'days'));
		await run.send(cart(1), cart(2));
		await run.pass('2 days');
		await run.send(cart(3), cart(4, 'America/New_York'));
		await run.pass('12 hours');
		await run.publish(delay(1, 'days', { delayTime: '20:00' }));
		await run.pass('9 days');
		const lines = await run.timeline();
		expect(lines.filter((line) => line.includes('rescheduled')).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(
			[1, 2, 3, 4].map((n) => `+2d12h customer-${n} rescheduled`));
		// It began at 10:00 UTC. The first two would have gone on a day ago; the last one's evening is in New York.
		expect(lines.filter((line) => line.includes('woken')).map((line) => line.replace(' woken Wait: time', ''))).toEqual([
			'+2d12h customer-1', '+2d12h12ms customer-2', '+3d10h customer-3', '+3d15h customer-4',
		]);
		expect(run.itemsOf('Remind')).toHaveLength(4);
	});

	it('honours a longer one, and what happens in it', async () => {
		const limit = (days: number) => around(eventState('Wait', [{ event: 'order', output: 'ordered' }], [days, 'days']));
		const run = await open(limit(1));
		await run.send(cart(1), cart(2));
		await run.pass('12 hours');
		await run.publish(limit(3));
		await run.pass('1 day');
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('5 days');
		expect((await run.timeline()).filter((line) => /rescheduled|woken/.test(line))).toEqual([
			'+12h customer-1 rescheduled Wait: lengthened', '+12h customer-2 rescheduled Wait: lengthened',
			'+1d12h customer-2 woken Wait: event → ordered', '+3d customer-1 woken Wait: time',
		]);
	});

	it('counts from the event that started a delay again, and lets the next one start the new delay', async () => {
		const repeated = (hours: number) => delay(hours, 'hours', { resets: { branch: [{ event: 'update' }] } });
		const run = await open(repeated(10));
		await run.send(cart(1), cart(2));
		await run.pass('4 hours');
		await run.send({ who: 'customer-1', event: 'update' }, { who: 'customer-2', event: 'update' });
		await run.pass('1 hour');
		await run.publish(repeated(3));
		await run.send({ who: 'customer-2', event: 'update' });
		await run.pass('10 hours');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual(['+7h customer-1 woken Wait: time', '+8h customer-2 woken Wait: time']);
	});

	it('leaves everybody alone through republishes and restarts that change no wait, and where it is an expression', async () => {
		const named = (name: string) => ({ ...delay(1, 'days'), name });
		const run = await open(named('Live'));
		await run.send(cart(1));
		await run.pass('1 hour');
		for (let n = 0; n < 3; n++) {
			await run.unpublish();
			await run.publish(named(`Live ${n}`));
			await run.pass('1 minute');
		}
		await run.publish(delay('={{ 1 }}' as never, 'hours'));
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-1 parked Wait until +1d', '+1d customer-1 woken Wait: time', '+1d customer-1 done: completed',
		]);
	});
});

it('spreads 5,000 people a minute, and nobody goes on later than before', () => {
	const [parked_at, now] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-03T00:00:00Z')];
	const wait = (due: string) => ({ parked_at, due_at: new Date(due), reset_at: null, zone: 'UTC' });
	const people = [...Array.from({ length: 5_001 }, () => wait('2026-03-09T00:00:00Z')), wait('2026-03-03T00:00:01Z')];
	const { due, overdue } = reschedule({ kind: 'delay', delay: { amount: 1, unit: 'days' } }, people, now, 5_000);
	expect(overdue).toBe(10_002);
	expect([due[0], due[5_000], due[5_001]].map((at) => +at! - +now)).toEqual([60_000, 120_000, 1_000]);
	expect(reschedule({ kind: 'delay', delay: { amount: 3, unit: 'days' } }, people, now, 0).due[0]).toEqual(new Date('2026-03-04T00:00:00Z'));
});
