import { countJourneys, type Counts } from '../../lib/report/counts';
import { explain } from '../../lib/report/explain';
import { eraseProfile } from '../../lib/run/privacy';
import { judgeDue } from '../../lib/run/judgements';
import { keepSegment } from '../../lib/run/segments';
import { takeIn } from '../../lib/run/intake';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { stopping, untilBlocked } from '../support/intercept';
import { delayState, journeys } from '../support/journeys';
import { ask, eventOf } from '../support/world';

jest.setTimeout(60_000);

const [end, thank] = [baseNode('End', 'noOp', 1), baseNode('Thank', 'noOp', 1)];
const canvas = (goal: object, wait: [number, string], entry: object = {}) => ({
	name: 'Goal', nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'installed', reentry: 'cap', capTimes: 100, ...entry }),
		delayState('Wait', ...wait), end, journeyNode('Goal', 'journeyConversionGoal', goal), thank,
	],
	connections: wires('Entry > Wait', 'Wait > End', 'Goal:1 > Thank'),
});
const stays = (more: object = {}) => ({ reached: 'absent', event: 'uninstalled', absentAmount: 30, absentUnit: 'days', ...more });
const noLate = { options: { late: { time: { lateAmount: 0, lateUnit: 'hours' } } } };
const happens = (n: number, event: string, at?: Date) => ({ who: `customer-${n}`, event, at });
const decided = async (run: CanvasRunner) => (await run.timeline()).filter((line) => /converted|exited|done|late/.test(line)).sort();

journeys('a goal on what does not happen', (open, kind) => {
	it('counts who has not done it by the end of the window, wherever they are, once', async () => {
		// By then customer-1 and customer-4 wait, customer-2 has done it, customer-3 has left the journey.
		const run = await open(canvas(stays(noLate), [60, 'days']));
		await run.send(...[1, 2, 4].map((n) => happens(n, 'installed')));
		await run.pass('0 seconds');
		const short = await open(canvas(stays({ ...noLate, exit: false }), [1, 'days'], { event: 'shortly' }), { workflowId: 'short' });
		await run.send(happens(3, 'shortly'));
		await short.pass('29 days');
		await run.send(happens(2, 'uninstalled'), happens(1, 'opened'));
		await run.pass('1 day');
		const ends = run.now;
		expect((await decided(run)).filter((line) => line.includes('converted Goal'))).toEqual(['+30d customer-1 converted Goal: leaves', '+30d customer-3 converted Goal: after_end', '+30d customer-4 converted Goal: leaves']);
		await run.pass('60 days');
		await short.pass('1 day');
		expect(await decided(run)).toEqual([
			'+1d customer-3 done: completed', '+30d customer-1 converted Goal: leaves', '+30d customer-1 done: converted', '+30d customer-3 converted Goal: after_end',
			'+30d customer-4 converted Goal: leaves', '+30d customer-4 done: converted', '+60d customer-2 done: completed',
		]);
		expect(run.itemsOf('Thank').map(({ json }) => [(json.profile as { id: number }).id, (json.event as { name: string }).name])).toEqual([[1, 'installed'], [3, 'installed']]);
		expect(await ask(run.store, 'SELECT DISTINCT converted_at, event_id FROM conversions')).toEqual([{ converted_at: ends, event_id: null }]);
		expect(await ask(run.store, 'SELECT judge_at FROM enrolments WHERE judge_at IS NOT NULL')).toEqual([]);
		const [story] = await explain(run.store, [{ identity: { kind: 'user_id', value: 'customer-1' }, journey: 'journey', limit: 10, skip: 0 }]);
		expect((story as Array<{ sentence: string }>).map(({ sentence }) => sentence)).toContainEqual(expect.stringMatching(/Reached the goal 'Goal', since 'uninstalled' had not happened by \S+, and leaves\./));
	});

	it('waits for who is late, and tells who is later', async () => {
		const run = await open(canvas(stays(), [60, 'days']));
		await run.send(happens(1, 'installed'), happens(2, 'installed'), happens(3, 'installed'));
		await run.pass('30 days');
		// The end belongs to the time.
		const inTime = run.now;
		await run.pass('59 minutes');
		await run.send(happens(1, 'uninstalled', inTime), happens(2, 'uninstalled', new Date(+inTime + 1)));
		await run.pass('1 minute');
		expect(await decided(run)).toEqual(['+30d1h customer-2 converted Goal: leaves', '+30d1h customer-2 done: converted', '+30d1h customer-3 converted Goal: leaves', '+30d1h customer-3 done: converted']);
		await run.send(happens(3, 'uninstalled', inTime), happens(2, 'uninstalled'));
		expect((await run.timeline()).filter((line) => line.includes('late'))).toEqual([expect.stringContaining('customer-3 late Goal')]);
		expect(await ask(run.store, "SELECT DISTINCT converted_at AS at FROM conversions")).toEqual([{ at: inTime }]);
	});

	it('judges who was inside before it was published, and whose time ended while it was off', async () => {
		const without = canvas(stays(noLate), [60, 'days']);
		const run = await open({ ...without, nodes: without.nodes.filter(({ name }) => name !== 'Goal'), connections: wires('Entry > Wait', 'Wait > End') });
		await run.send(happens(1, 'installed'));
		await run.pass('31 days');
		await run.send(happens(2, 'installed'));
		await run.pass('28 days');
		await run.publish(without);
		await run.pass('2 days');
		// customer-1's time was over before there was a goal.
		expect(await decided(run)).toEqual(['+60d customer-1 done: completed', '+61d customer-2 converted Goal: leaves', '+61d customer-2 done: converted']);
		await run.send(happens(3, 'installed'), happens(4, 'installed'));
		await run.send({ who: 'customer-4', event: 'uninstalled' });
		await run.pass('29 days');
		await run.stop('Goal');
		await ask(run.store, "UPDATE steps SET state = 'off', off_since = $1 WHERE kind = 'goal'", [new Date(+run.now + 86_400_000 - 600_000)]);
		await run.pass('1 day');
		expect((await decided(run)).filter((line) => line.includes('customer-3'))).toEqual([]);
		await run.publish(without);
		await run.pass('1 minute');
		expect((await decided(run)).filter((line) => line.includes('customer-3'))).toEqual(['+91d customer-3 converted Goal: leaves', '+91d customer-3 done: converted']);
		expect((await decided(run)).filter((line) => line.includes('customer-4'))).toEqual([]);
	});

	it('may be an exit criterion; begins anew with each entry; goes by the correlation; and a change is a new version', async () => {
		const run = await open(canvas(stays({ ...noLate, type: 'exit', event: 'paid', absentAmount: 7 }), [60, 'days'], { options: { correlation: 'loan' } }));
		const loan = (loan: string, event: string) => ({ who: 'customer-1', event, properties: { loan } });
		await run.send(loan('a', 'installed'), loan('b', 'installed'));
		await run.pass('1 day');
		await run.send(loan('a', 'paid'));
		await run.pass('7 days');
		expect(await decided(run)).toEqual(['+7d customer-1/b done: exit_criterion', '+7d customer-1/b exited Goal: leaves']);
		const again = await open(canvas(stays({ ...noLate, exit: false }), [1, 'days'], { event: 'came' }), { workflowId: 'again' });
		await again.send(happens(2, 'came'));
		await again.pass('20 days');
		await again.send(happens(2, 'came'));
		await again.pass('29 days');
		expect((await decided(again)).filter((line) => line.includes('converted'))).toEqual([]);
		await again.publish(canvas(stays({ ...noLate, exit: false, event: 'left' }), [1, 'days'], { event: 'came' }));
		await again.pass('1 day');
		const [counts] = await countJourneys(run.store, ['again']);
		expect((counts as Counts).converted).toEqual([{ goal: 'Goal', version: 2, times: 1, people: 1, value: null, currency: null }]);
	});

	it('counts the held out alike, who became one person once, and nobody who was erased', async () => {
		const run = await open(canvas(stays(noLate), [60, 'days'], { options: { holdout: 50 } }));
		await run.send(...Array.from({ length: 12 }, (_, n) => happens(n, 'installed')));
		await run.pass('1 day');
		await ask(run.store, "UPDATE identities SET kind = 'anonymous_id' WHERE value = 'customer-1'");
		await takeIn(run.store, 'test', [{ index: 0, occurredAt: run.now, identities: [{ kind: 'anonymous_id', value: 'customer-1' }, { kind: 'user_id', value: 'customer-0' }] }]);
		await eraseProfile(run.store, { kind: 'user_id', value: 'customer-2' }, 'test');
		await run.pass('60 days');
		const people = await ask<{ profile: number; held: boolean }>(run.store, 'SELECT profile_id AS profile, held_out AS held FROM conversions ORDER BY 1');
		expect(people.map(({ profile }) => profile)).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
		expect(new Set(people.map(({ held }) => held)).size).toBe(2);
	});

	it('sees an event that is being stored, whichever of the two comes first', async () => {
		const run = await open(canvas(stays(noLate), [60, 'days']));
		await run.send(happens(1, 'installed'), happens(2, 'installed'));
		await run.pass('29 days');
		const test = (run as unknown as { test: { clock: { pass(ms: number): Date } } }).test;
		test.clock.pass(86_400_000);
		const event = (n: number) => [eventOf(`customer-${n}`, 'uninstalled', run.now)];
		// Intake has the event, and has not committed it.
		const slow = stopping(run.store, 'after', /INSERT INTO events/);
		const storing = takeIn(slow.store, 'test', event(1));
		await slow.gate.reached;
		const judging = judgeDue(run.store);
		if (kind === 'postgres') await untilBlocked(run.store);
		slow.gate.open();
		await Promise.all([storing, judging]);
		expect((await ask<{ n: number }>(run.store, 'SELECT profile_id AS n FROM conversions')).map(({ n }) => n)).toEqual([2]);
		await run.pass('1 minute');
	});

	it('is refused when it cannot be one', async () => {
		const cases: Array<[object, RegExp]> = [
			[{ reached: 'absent' }, /Event: is empty/],
			[stays({ absentAmount: 0, absentUnit: 'hours' }), /Not Within: found 0/],
			[stays({ absentUnit: 'moons' }), /Not Within/],
			[stays({ options: { late: { time: { lateAmount: -1, lateUnit: 'hours' } } } }), /Wait for Late Events/],
			[{ reached: 'joined' }, /Segment: is empty/],
			[{ reached: 'joined', segment: 'none' }, /Segment: there is no segment "none"/],
		];
		for (const [at, [goal, problem]] of cases.entries()) await expect(open(canvas(goal, [1, 'days']), { workflowId: `w${at}` })).rejects.toThrow(problem);
	});
});

journeys('a goal on a segment', (open) => {
	const gold = { name: 'gold', rule: { kind: 'attribute' as const, condition: { path: 'plan', operator: 'is' as const, value: 'gold' } }, zone: 'UTC', refresh_minutes: 60 };
	const plan = (n: number, value: string) => ({ who: `customer-${n}`, change: { attributes: { plan: value } } });

	it('takes out who joins a segment after their entry, with every correlation, and not who is in it', async () => {
		const before = await open(canvas({ event: 'x' }, [1, 'days'], { event: 'never' }), { workflowId: 'before' });
		await before.send(plan(1, 'gold'), plan(2, 'free'), plan(3, 'free'));
		await keepSegment(before.store, gold);
		const run = await open(canvas({ reached: 'joined', segment: 'gold' }, [10, 'days'], { options: { correlation: 'loan' } }));
		const leaving = await open(canvas({ reached: 'left', segment: 'gold', type: 'exit', options: { window: { period: { windowAmount: 2, windowUnit: 'days' } } } }, [10, 'days'], { event: 'came' }), { workflowId: 'leaving' });
		const loan = (n: number, loan: string) => ({ who: `customer-${n}`, event: 'installed', properties: { loan } });
		await run.send(loan(1, 'a'), loan(2, 'a'), loan(2, 'b'), happens(1, 'came'), happens(3, 'came'));
		await run.pass('1 hour');
		await leaving.pass('0 seconds');
		await run.send(plan(2, 'gold'), plan(1, 'gold'), plan(3, 'gold'));
		await run.pass('1 hour');
		expect((await decided(run)).filter((line) => line.includes('converted Goal'))).toEqual(['+1h customer-2/a converted Goal: leaves', '+1h customer-2/b converted Goal: leaves']);
		await run.send(plan(1, 'free'));
		await run.pass('0 seconds');
		await run.pass('3 days');
		await run.send(plan(3, 'free'));
		await run.pass('0 seconds');
		await leaving.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.includes('exited'))).toEqual(['+2h customer-1 exited Goal: leaves']);
		expect(run.itemsOf('Thank').map(({ json }) => (json.event as { name: string }).name)).toEqual(['journey:joined:gold', 'journey:joined:gold']);
	});
});
