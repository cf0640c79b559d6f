import { explain } from '../../lib/report/explain';
import type { IntakeEntry } from '../../lib/core/types';
import type { Engine } from '../../lib/run/engine';
import { takeIn } from '../../lib/run/intake';
import { listActs } from '../../lib/store/acts';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

/** Every day at 09:00; the clock of these tests begins on a Monday at 10:00 UTC. */
const daily = (parameters: object = {}, options: object = {}) => ({
	name: 'Daily',
	nodes: [
		journeyNode('Daily', 'journeyEntryTrigger', { entry: 'schedule', lockAmount: 1, options: { zone: 'UTC', ...options }, ...parameters }),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Daily > End'),
});
const PRO = { conditions: { attribute: [{ path: 'plan', operator: 'is', value: 'pro' }] } };
const who = (name: string, plan: string, zone?: string) => ({ who: name, change: { attributes: { plan }, ...(zone ? { zone } : {}) } });

journeys('on a schedule', (open) => {
	type Run = Awaited<ReturnType<typeof open>>;
	const entered = async (run: Run) => (await run.timeline()).filter((line) => /entered|refused/.test(line)).map((line) => line.replace(' Daily', ''));
	const runs = async (run: Run) => (await ask<{ line: string }>(
		run.store, "SELECT concat_ws(' ', scheduled_for, people, state, examined, selected) AS line FROM runs ORDER BY scheduled_for, at, people",
	)).map(({ line }) => line);

	it('everyone in the audience enters on each date, and nobody else is spoken of', async () => {
		const run = await open(daily(PRO));
		await run.send(who('customer-1', 'pro'), who('customer-2', 'free'), who('customer-3', 'pro'));
		await run.pass('1 day');
		expect(run.itemsOf('End').map(({ json }) => json.event)).toEqual([null, null]);
		await run.send(who('customer-2', 'pro'), who('customer-3', 'free'));
		await run.pass('1 day');
		expect(await entered(run)).toEqual(['+23h customer-1 entered', '+23h customer-3 entered', '+1d23h customer-1 entered', '+1d23h customer-2 entered']);
		expect(await runs(run)).toEqual(['2026-03-03 * done 3 2', '2026-03-04 * done 3 2']);
	});

	it('does not speak of whom it never selected, but says why when it is asked: its audience is evaluated again', async () => {
		const run = await open(daily(PRO));
		const story = async (one: string) => (await run.control({ resource: 'customer', operation: 'story', identityKind: 'user_id', identity: one, journey: { mode: 'key', value: 'journey' } })).map(({ sentence }) => String(sentence));
		await run.send(who('customer-1', 'pro'), who('customer-2', 'free'));
		expect(await story('customer-2')).toEqual([expect.stringMatching(/Nothing is on record/)]);
		await run.pass('2 days');
		expect(await ask(run.store, 'SELECT FROM refusals')).toEqual([]);
		const passedBy = /^2026-03-04 09:00:00 UTC — Not selected by the schedule of 2026-03-04, which took 1 of 2 customers \(version [0-9a-f]{12}\)\. Its audience, evaluated again now: (.*)$/;
		const why = async (one: string) => (await story(one)).map((line) => passedBy.exec(line)?.[1]).filter(Boolean);
		expect(await story('customer-2')).toHaveLength(1);
		expect(await why('customer-2')).toEqual(['this does not hold: plan is "pro" (found free).']);
		expect(await why('customer-1')).toEqual([]);
		await run.send(who('customer-2', 'pro'), who('customer-1', 'free'), who('customer-3', 'pro'));
		expect(await why('customer-2')).toEqual(['they are in it, which they were not then.']);
		expect(await story('customer-3')).toEqual(['2026-03-04 09:00:00 UTC — This customer became known after the schedule of 2026-03-04 was through.']);
		await run.pass('1 day');
		// By the date that did not take them, among what did happen.
		expect((await story('customer-1')).map((line) => line.slice(0, 50))).toEqual([
			'2026-03-05 09:00:00 UTC — Not selected by the sche', expect.stringMatching(/^2026-03-04 .* Left the journey/), expect.stringMatching(/^2026-03-04 .* Entered/),
			expect.stringMatching(/^2026-03-03 .* Left the journey/), expect.stringMatching(/^2026-03-03 .* Entered/),
		]);
		expect(await why('customer-2')).toEqual([]);
		// Of several people at once, and of runs that are not through, or never were.
		await run.send(who('customer-4', 'free'), who('customer-5', 'basic'));
		await run.pass('1 day');
		const asked = async () => (await explain(run.store, ['customer-4', 'customer-5'].map((value) => ({ identity: { kind: 'user_id', value }, journey: 'journey', limit: 9, skip: 0 })))).map((told) => (Array.isArray(told) ? told.map(({ sentence }) => sentence.slice(26)) : told));
		expect(await asked()).toEqual(['free', 'basic'].map((plan) => [expect.stringMatching(`which took 2 of 5 customers .*: this does not hold: plan is "pro" \\(found ${plan}\\)\\.$`)]));
		await ask(run.store, "UPDATE runs SET state = 'open', ended_at = NULL, cursor = 0 WHERE scheduled_for = '2026-03-06'");
		expect((await asked())[0]).toEqual(['The schedule of 2026-03-06 is going through the customers, and has not come to this one yet.']);
		await ask(run.store, "UPDATE runs SET state = 'missed', ended_at = at WHERE scheduled_for = '2026-03-06'");
		expect((await asked())[0]).toEqual(['The schedule of 2026-03-06 was missed: n8n or its store was not there in time, and nobody entered by it.']);
	});

	it('in everyone’s own time zone, and once for a date even if their zone changes', async () => {
		const run = await open(daily({ clock: 'own', reentry: 'cap', capTimes: 100 }));
		await run.send(who('customer-1', 'a', 'Asia/Tokyo'), who('customer-2', 'a', 'America/New_York'), who('customer-3', 'a'), who('customer-4', 'a', 'Asia/Tokyo'));
		await run.pass('15 hours');
		// In Tokyo it was nine, in New York it will be.
		await run.send(who('customer-4', 'a', 'America/New_York'));
		await run.pass('1 day');
		expect(await entered(run)).toEqual([
			'+4h customer-2 entered', // Monday, 14:00 UTC
			'+14h customer-1 entered', '+14h customer-4 entered', // Tuesday, 00:00 UTC
			'+23h customer-3 entered',
			'+1d4h customer-2 entered', // not customer-4 again
			'+1d14h customer-1 entered',
		]);
		await run.pass('15 hours');
		expect((await entered(run)).slice(6)).toEqual(['+1d23h customer-3 entered', '+2d4h customer-2 entered', '+2d4h customer-4 entered']);
	});

	it('page by page: goes on at its last page after n8n was killed, and waits while many wait', async () => {
		const run = await open(daily());
		await run.send(...Array.from({ length: 25 }, (_, at) => who(`customer-${at}`, 'a')));
		Object.assign((run as unknown as { engine: { scheduler: object } }).engine.scheduler, { limits: { scan: 4, waiting: 8 } });
		run.after('Daily', async () => expect(await runs(run)).toEqual(['2026-03-03 * open 8 8']));
		run.killAfter('Daily');
		await run.pass('23 hours');
		expect(await runs(run)).toEqual(['2026-03-03 * done 25 25']);
		await run.pass('5 minutes');
		const lines = await entered(run);
		expect(lines).toHaveLength(25);
		expect(new Set(lines.map((line) => line.split(' ')[1])).size).toBe(25);
	});

	it('at a pace', async () => {
		const run = await open(daily({}, { pace: 60 }));
		await run.send(...Array.from({ length: 4 }, (_, at) => who(`customer-${at}`, 'a')));
		await run.pass('1 day');
		expect(await entered(run)).toEqual(['+23h customer-0 entered', '+23h1s customer-1 entered', '+23h2s customer-2 entered', '+23h3s customer-3 entered']);
	});

	it('counts from the date, however late its page comes round', async () => {
		const run = await open(daily({ reentry: 'cap', capTimes: 1, capAmount: 1, capUnit: 'days' }));
		await run.send(who('customer-1', 'a'));
		await run.down('23 hours 20 minutes'); // Tuesday, 09:20
		await run.pass('1 day');
		expect(await entered(run)).toEqual(['+23h20m customer-1 entered', '+1d23h customer-1 entered']);
	});

	it('once for a date, though two whom it has selected turn out to be one person', async () => {
		const run = await open(daily({ whileInside: 'parallel', reentry: 'cap', capTimes: 9 }));
		const at = (identities: IntakeEntry['identities']): IntakeEntry[] => [{ index: 0, identities, occurredAt: run.now, change: { attributes: { a: 1 } } }];
		const [known, device] = [{ kind: 'user_id' as const, value: 'customer-1' }, { kind: 'anonymous_id' as const, value: 'device-1' }];
		await takeIn(run.store, 'test', at([known]));
		await takeIn(run.store, 'test', at([device]));
		await run.down('23 hours');
		const { engine } = run as unknown as { engine: Engine };
		expect(await engine.scheduler.tick()).toMatchObject({ selected: 2 });
		await takeIn(run.store, 'test', at([known, device]));
		await run.pass('1 minute');
		expect((await entered(run)).map((line) => line.replace('customer-1 ', ''))).toEqual(['+23h entered', '+23h refused: duplicate']);
		await run.pass('1 day');
		expect(await entered(run)).toHaveLength(3);
	});

	it('a date that was missed is caught up with in time, and else passed over with a warning', async () => {
		const run = await open(daily());
		await run.send(who('customer-1', 'a'));
		await run.down('1 day 11 hours'); // Tuesday, 21:00: twelve hours late
		await run.pass('0 seconds');
		expect(await entered(run)).toEqual(['+1d11h customer-1 entered']);
		expect(run.warnings).toEqual([]);
		await run.down('2 days 12 hours 1 minute'); // Friday, 09:01 in the morning
		await run.pass('0 seconds');
		expect(await entered(run)).toEqual(['+1d11h customer-1 entered', '+3d23h1m customer-1 entered']);
		expect(run.warnings.map((line) => line.replace(/due .*?Z/, 'due …'))).toEqual([
			'Journey "Daily": its run of 2026-03-04 was missed, due …. n8n or its store was not there, and the catch-up window is over: nobody entered by it.',
			'Journey "Daily": its run of 2026-03-05 was missed, due …. n8n or its store was not there, and the catch-up window is over: nobody entered by it.',
		]);
		expect((await run.store.tx(async (db) => await listActs(db, 5))).map(({ what, who, journey, detail }) => [what, who, journey, detail.date, detail.zones])).toEqual([
			['missed run', 'scheduler', 'journey', '2026-03-05', 1], ['missed run', 'scheduler', 'journey', '2026-03-04', 1],
		]);
		expect(await run.control({ resource: 'store', operation: 'health', hoursWithoutEvents: 0 })).toMatchObject([{
			missedRuns: [{ journey: 'journey', date: '2026-03-04', dueAt: '2026-03-04T09:00:00.000Z', zones: 1 }, { date: '2026-03-05' }],
			warnings: ['The run of journey on 2026-03-04 was missed: nobody entered by it.', 'The run of journey on 2026-03-05 was missed: nobody entered by it.'],
		}]);
		await run.publish(daily({}, { catchUpHours: 1 }));
		await run.down('1 day 1 hour'); // Saturday, 10:01
		await run.pass('0 seconds');
		expect((await runs(run)).slice(-2)).toEqual(['2026-03-06 * done 1 1', '2026-03-07 * missed 0 0']);
	});

	it('what is published anew falls on no date that is over, and on none twice', async () => {
		const run = await open(daily({ reentry: 'cap', capTimes: 100 }, { start: '2026-03-04', end: '2026-03-07' }));
		await run.send(who('customer-1', 'a'));
		await run.pass('2 days'); // Wednesday, 10:00: entered once
		await run.publish(daily({ reentry: 'cap', capTimes: 100, atTime: '08:00' }, { start: '2026-03-04', end: '2026-03-07' }));
		await run.pass('1 hour');
		await run.publish(daily({ reentry: 'cap', capTimes: 100, atTime: '12:00' }, { start: '2026-03-04', end: '2026-03-07' }));
		await run.pass('4 days');
		expect(await entered(run)).toEqual(['+1d23h customer-1 entered', '+3d2h customer-1 entered', '+4d2h customer-1 entered']);
	});

	it('is refused when it cannot be one', async () => {
		const cases: Array<[object, object, RegExp]> = [
			[{ every: 2 }, {}, /Starting On: nothing is needed to know which day is the first of every 2/],
			[{ repeats: 'once' }, {}, /Date: nothing is not a date/],
			[{ atTime: '9' }, {}, /At Time: "9" is not a time of day/],
			[{}, { pace: 0 }, /People per Minute: found 0\. Enter a whole number from 1/],
			[{}, { catchUpHours: -1 }, /If Missed, Begin Within: found -1/],
			[{}, { correlation: 'order_id' }, /Correlation Property: cannot be used with a schedule/],
			[{ conditions: { attribute: [{ path: 'plan', operator: 'is', value: '={{ $now }}' }] } }, {}, /Audience: found the expression \{\{ \$now \}\}/],
			[{ conditions: { group: [{ match: 'all', conditions: {} }] } }, {}, /empty condition group/],
		];
		for (const [parameters, options, problem] of cases) await expect(open(daily(parameters, options))).rejects.toThrow(problem);
	});
});
