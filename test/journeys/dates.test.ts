import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const canvas = (state: object) => ({
	name: 'Dates',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'joined', options: { zone: 'Asia/Tokyo' } }), state as ReturnType<typeof journeyNode>, baseNode('End', 'noOp', 1)],
	connections: wires('Entry > Wait', 'Wait > End'),
});
const join = (n: number, zone?: string, attributes: Record<string, unknown> = {}) => ({ who: `customer-${n}`, event: 'joined', change: { zone, attributes } });

journeys('calendar time in the customer\'s zone, else the journey\'s', (open) => {
	const parked = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => line.includes('parked')).map((line) => line.split(' ').slice(1).join(' '));

	it('waits for a weekday at a time', async () => {
		// Monday 10:00 UTC is 13:00 in Istanbul, 05:00 in New York and 19:00 in Tokyo.
		const run = await open(canvas(journeyNode('Wait', 'journeyState', { until: 'weekday', weekdays: [1, 3], weekdayTime: '09:00' })));
		await run.send(join(1, 'Europe/Istanbul'), join(2, 'America/New_York'), join(3));
		await run.pass('3 days');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual([
			'+4h customer-2 woken Wait: time',
			'+1d14h customer-3 woken Wait: time',
			'+1d20h customer-1 woken Wait: time',
		]);
	});

	it('waits for business hours, or goes on at once within them', async () => {
		// Monday 10:00 UTC is 13:00 in Istanbul, 05:00 in New York and 19:00 in Tokyo.
		const run = await open(canvas(journeyNode('Wait', 'journeyState', { until: 'window', windowDays: [1, 3], windowFrom: '09:00', windowTo: '18:00' })));
		await run.send(join(1, 'Europe/Istanbul'), join(2, 'America/New_York'), join(3));
		await run.pass('3 days');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual([
			'+0s customer-1 woken Wait: time',
			'+4h customer-2 woken Wait: time',
			'+1d14h customer-3 woken Wait: time',
		]);
	});

	it('goes on at once where the hour has passed, if the panel says so', async () => {
		const run = await open(canvas(journeyNode('Wait', 'journeyState', { until: 'weekday', weekdays: [1], weekdayTime: '09:00', weekdayPassed: 'atOnce' })));
		await run.send(join(1, 'Europe/Istanbul'), join(2, 'America/New_York'));
		await run.pass('1 day');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual(['+0s customer-1 woken Wait: time', '+4h customer-2 woken Wait: time']);
	});

	it('waits a day by the calendar and 24 hours by the clock through a change of clocks', async () => {
		const run = await open({
			name: 'Day and hours',
			nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'joined' }), delayState('Day', 1, 'days'), delayState('Hours', 24, 'hours'), baseNode('End', 'noOp', 1)],
			connections: wires('Entry > Day', 'Day > Hours', 'Hours > End'),
		});
		await run.pass('5 days'); // Saturday 10:00 UTC; New York's clocks go on by an hour on Sunday
		await run.send(join(1, 'America/New_York'), join(2, 'Asia/Tokyo'));
		await run.pass('3 days');
		expect(await parked(run)).toEqual([
			'customer-1 parked Day until +5d23h',
			'customer-2 parked Day until +6d',
			'customer-1 parked Hours until +6d23h',
			'customer-2 parked Hours until +7d',
		]);
	});

	it('waits at least a day, then for the hour; an hour that does not exist is the first minute behind it', async () => {
		const run = await open(canvas(delayState('Wait', 1, 'days', { delayTime: '02:30' })));
		await run.pass('4 days'); // Friday 05:00 in New York, 19:00 in Tokyo
		await run.send(join(1, 'America/New_York'), join(2));
		await run.pass('1 day');
		await run.send(join(3, 'America/New_York'));
		await run.pass('3 days');
		expect(await parked(run)).toEqual([
			'customer-1 parked Wait until +5d21h', // Sunday 03:00 in New York
			'customer-2 parked Wait until +5d7h30m',
			'customer-3 parked Wait until +6d20h30m',
		]);
	});

	it('waits until a date of the customer\'s own, shifted', async () => {
		const run = await open(canvas(journeyNode('Wait', 'journeyState', {
			until: 'date', date: '={{ $json.profile.attributes.renewal }}', offsetAmount: 3, offsetUnit: 'days', offsetBefore: true,
		})));
		await run.send(
			join(1, 'Europe/Istanbul', { renewal: '2026-03-12' }), join(2, undefined, { renewal: '2026-03-12T10:00:00Z' }),
			join(3, 'UTC', { renewal: '2026-03-04' }),
		);
		await run.pass('0 seconds');
		expect(await parked(run)).toEqual(['customer-1 parked Wait until +6d11h', 'customer-2 parked Wait until +7d', 'customer-3 parked Wait until -1d10h']);
		expect(await run.timeline('customer-3')).toContain('+0s done: completed');
	});

	it('ends the journey where the date is past, if the panel says so', async () => {
		const run = await open(canvas(journeyNode('Wait', 'journeyState', { until: 'date', date: '={{ $json.profile.attributes.renewal }}', offsetAmount: 0, past: 'exit' })));
		await run.send(join(1, 'UTC', { renewal: '2026-03-01' }), join(2, 'UTC', { renewal: '2026-03-03' }));
		await run.pass('2 days');
		expect(await run.timeline('customer-1')).toEqual(['+0s entered Entry', '+0s done: date_past']);
		expect(run.itemsOf('End')).toHaveLength(1);
	});

	it('lets people without a date go on by No date, and says why; without a line there they leave', async () => {
		const wait = journeyNode('Wait', 'journeyState', { until: 'date', date: '={{ $json.profile.attributes.renewal }}', offsetAmount: 0 });
		const { nodes, connections } = canvas(wait);
		const run = await open({ name: 'No date', nodes: [...nodes, baseNode('Undated', 'noOp', 1)], connections: { ...connections, ...wires('Wait:0 > End', 'Wait:1 > Undated') } });
		const renewals = ['2026-03-03', '31/02/2026', undefined];
		const joining = async (first: number) => await run.send(...renewals.map((renewal, at) => join(first + at, 'UTC', renewal === undefined ? {} : { renewal })));
		await joining(1);
		await run.pass('1 day');
		expect((await run.timeline()).filter((line) => /woken|undated|done|failed/.test(line))).toEqual([
			expect.stringMatching(/^\+0s customer-2 undated Wait: no_date \(Date: "31\/02\/2026" is not a date/),
			'+0s customer-2 done: completed',
			expect.stringMatching(/^\+0s customer-3 undated Wait: no_date \(Date: nothing is not a date/),
			'+0s customer-3 done: completed',
			'+14h customer-1 woken Wait: time',
			'+14h customer-1 done: completed',
		]);
		expect(run.itemsOf('Undated').map(({ json }) => json)).toEqual([2, 3].map((id) => expect.objectContaining({ profile: expect.objectContaining({ id }), problem: expect.stringMatching(/^Date: /) })));
		await run.publish({ name: 'No date', nodes, connections });
		await joining(4);
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => /done/.test(line)).slice(-2)).toEqual(['+1d customer-5 done: no_date', '+1d customer-6 done: no_date']);
		expect(run.warnings).toContainEqual(expect.stringMatching(/No date of Journey State 'Wait' is not connected/));
	});

	it('still goes by the event, where date and event were both over on arrival', async () => {
		const run = await open({
			name: 'Too late for both',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: 'joined' }), delayState('Before', 2, 'days'),
				journeyNode('Wait', 'journeyState', {
					waitFor: 'events', events: { branch: [{ event: 'order' }] }, limitUntil: 'date', limitDate: '2026-03-03', limitOffsetAmount: 0, lookBack: 'entry',
				}),
				baseNode('End', 'noOp', 1), baseNode('Thank', 'noOp', 1),
			],
			connections: wires('Entry > Before', 'Before > Wait', 'Wait:0 > End', 'Wait:2 > Thank'),
		});
		await run.send(join(1), join(2));
		const midnight = new Date('2026-03-03T00:00:00.000Z');
		await run.pass('1 day');
		await run.send({ who: 'customer-1', event: 'order', at: midnight }, { who: 'customer-2', event: 'order', at: new Date(+midnight + 1) });
		await run.pass('1 day');
		expect((await run.timeline()).filter((line) => line.includes('woken Wait'))).toEqual([
			'+2d customer-1 woken Wait: event → order',
			'+2d customer-2 woken Wait: time',
		]);
	});

	it('never looks back beyond the entry for a date that was over before it', async () => {
		const run = await open({
			name: 'Date before entry',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: 'joined' }),
				journeyNode('Wait', 'journeyState', { until: 'date', date: '2026-02-01', offsetAmount: 0 }),
				eventState('Click', [{ event: 'clicked' }], [1, 'hours']), baseNode('End', 'noOp', 1),
			],
			connections: wires('Entry > Wait', 'Wait > Click', 'Click > End'),
		});
		await run.send({ who: 'customer-1', event: 'clicked', at: new Date(+run.now - 60_000) });
		await run.send(join(1));
		await run.pass('1 day');
		expect((await run.timeline()).slice(-2)).toEqual(['+1h customer-1 woken Click: time', '+1h customer-1 done: completed']);
	});
});
