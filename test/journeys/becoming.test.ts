import type { Rule } from '../../lib/core/types';
import { recordEngagements } from '../../lib/run/customerData';
import { keepSegment, refreshSegment } from '../../lib/run/segments';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';
import { ask, idleEngine } from '../support/world';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'joined' });
const [end, other, third] = [baseNode('End', 'noOp', 1), baseNode('Other', 'noOp', 1), baseNode('Third', 'noOp', 1)];
const join = (n: number, attributes: Record<string, unknown> = {}, zone?: string) => ({ who: `customer-${n}`, event: 'joined', change: { attributes, zone } });
const set = (n: number, attributes: Record<string, unknown>, at?: Date) => ({ who: `customer-${n}`, change: { attributes }, at });
const is = (path: string, value: unknown) => ({ on: 'attribute', attributes: { conditions: [{ path, operator: 'is', value }] } });

journeys('waiting for an attribute', (open) => {
	const canvas = {
		name: 'Becomes gold',
		nodes: [entry, delayState('Before', 1, 'hours'), eventState('Wait', [{ ...is('plan.name', 'gold'), output: 'gold' }, { event: 'order' }], [1, 'days']), end, other, third],
		connections: wires('Entry > Before', 'Before > Wait', 'Wait:0 > End', 'Wait:1 > Other', 'Wait:2 > Third'),
	};
	const decided = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => /woken Wait/.test(line));

	it('goes on at once where it is so already, and else with the write that makes it so', async () => {
		const run = await open(canvas);
		await run.send(join(1, { plan: { name: 'gold' } }), join(2, { plan: { name: 'free' } }), join(3), join(4), join(5));
		await run.pass('2 hours');
		await run.send(set(2, { plan: { name: 'gold' } }), set(3, { other: 'gold' }), { who: 'customer-4', event: 'order' }, set(4, { plan: { name: 'gold' } }, new Date(+run.now + 1)));
		await run.pass('1 hour');
		// An event whose name is an attribute's is no attribute.
		await run.send({ who: 'customer-3', event: 'plan', properties: { plan: { name: 'gold' } } }, { who: 'customer-5', event: 'order' });
		await run.pass('2 days');
		expect(await decided(run)).toEqual([
			'+1h customer-1 woken Wait: change → gold',
			'+2h customer-2 woken Wait: change → gold',
			'+2h customer-4 woken Wait: change → gold',
			'+3h customer-5 woken Wait: event → order',
			'+1d1h customer-3 woken Wait: time',
		]);
		expect(run.itemsOf('Other').map(({ json }) => [(json.profile as { id: number }).id, (json.event as { name: string }).name])).toEqual([[1, 'joined'], [2, 'joined'], [4, 'joined']]);
	});

	it('counts the own time of the write: what became true after the deadline comes too late', async () => {
		const run = await open(canvas);
		await run.send(join(1), join(2));
		const deadline = new Date(+run.now + 25 * 60 * 60_000);
		await run.pass('2 hours');
		await run.unpublish();
		await run.pass('2 days');
		await run.send(set(1, { plan: { name: 'gold' } }, deadline), set(2, { plan: { name: 'gold' } }, new Date(+deadline + 1)));
		await run.publish(canvas);
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+2d2h customer-1 woken Wait: change → gold', '+2d2h customer-2 woken Wait: time']);
	});

	it('sees what a step of another journey writes, and who becomes one person', async () => {
		const run = await open(canvas);
		await run.send(join(1), { who: 'stranger', change: { attributes: { plan: { name: 'gold' } } }, email: 'customer-1@example.com' });
		await run.pass('2 hours');
		expect(await decided(run)).toEqual([]);
		await ask(run.store, `UPDATE identities SET kind = 'anonymous_id' WHERE value = 'stranger'`);
		await run.send({ who: 'customer-1', email: 'customer-1@example.com' });
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(['+2h customer-1 woken Wait: change → gold']);
	});

	it('cannot be ranked, and needs a condition', async () => {
		const only = (branch: object, more: object = {}) => ({ name: 'Wrong', nodes: [entry, eventState('Wait', [branch], [1, 'days'], more), end], connections: wires('Entry > Wait', 'Wait > End') });
		await expect(open(only({ on: 'attribute' }))).rejects.toThrow(/^Attribute Conditions: number 1 has none/);
		await expect(open(only(is('plan', 'gold'), { decides: 'best' }))).rejects.toThrow(/^What Decides: is the best event, but number 1 in the list is no event/);
	});
});

journeys('waiting for a segment', (open) => {
	it('goes on at once where they are in it already, and else when a refresh finds them in it', async () => {
		const run = await open({
			name: 'Segment', nodes: [entry, eventState('Wait', [{ on: 'segment', segment: 'gold' }], [1, 'days']), end, other],
			connections: wires('Entry > Wait', 'Wait:0 > End', 'Wait:1 > Other'),
		});
		const isGold: Rule = { kind: 'attribute', condition: { path: 'plan', operator: 'is', value: 'gold' } };
		await run.send(set(1, { plan: 'gold' }));
		await keepSegment(run.store, { name: 'gold', rule: isGold, zone: 'UTC', refresh_minutes: 60 });
		await run.send(join(1), join(2), join(3));
		await run.pass('1 hour');
		await run.send(set(2, { plan: 'gold' }));
		await run.pass('1 hour');
		await refreshSegment(run.store, 'gold');
		await run.pass('2 days');
		expect((await run.timeline()).filter((line) => line.includes('woken'))).toEqual([
			'+0s customer-1 woken Wait: change → gold', '+2h customer-2 woken Wait: change → gold', '+1d customer-3 woken Wait: time',
		]);
	});
});

journeys('waiting for what becomes of a message', (open) => {
	const check = (name: string) => journeyNode(name, 'journeyAction', { operation: 'check', class: 'transactional' });
	const mail = (name: string) => baseNode(name, 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: name, text: name }, { onError: 'continueRegularOutput' });
	const canvas = (step: string) => ({
		name: 'Opened',
		nodes: [entry, check('First check'), mail('First'), check('Second check'), mail('Second'), eventState('Wait', [{ on: 'message', engagement: 'opened', step }], [1, 'days']), end, other],
		connections: wires('Entry > First check', 'First check:0 > First', 'First check:1 > End', 'First > Second check', 'Second check:0 > Second', 'Second check:1 > End', 'Second > Wait', 'Wait:0 > End', 'Wait:1 > Other'),
	});
	const people = [1, 2, 3].map((n) => ({ ...join(n), email: `customer-${n}@example.com` }));

	it.each([['any message', ''], ['the message of one step', 'Second check']])('of %s', async (_, step) => {
		const run = await open(canvas(step), { mailer: {} });
		await run.send(...people);
		await run.pass('1 hour');
		const keys = await ask<{ key: string; profile: number; step: string }>(run.store, `SELECT d.key, d.profile_id AS profile, s.name AS step FROM deliveries d JOIN steps s ON s.id = d.step_id`);
		const becomes = async (profile: number, of: string, kind: 'opened' | 'clicked') => void (await recordEngagements(idleEngine(run.store), [
			{ index: 0, findBy: 'key', message: keys.find((one) => one.profile === profile && one.step === of)!.key, kind, at: run.now, detail: {} },
		]));
		await becomes(1, 'First check', 'opened');
		await becomes(2, 'Second check', 'clicked');
		await becomes(3, 'Second check', 'opened');
		await run.pass('2 days');
		const first = step === '' ? ['+1h customer-1 woken Wait: change → opened'] : [];
		expect((await run.timeline()).filter((line) => line.includes('woken Wait'))).toEqual([
			...first, '+1h customer-3 woken Wait: change → opened',
			...(step === '' ? [] : ['+1d customer-1 woken Wait: time']), '+1d customer-2 woken Wait: time',
		]);
	});

	it('goes on at once where it is so already', async () => {
		const run = await open(canvas(''), { mailer: {} });
		run.after('Second', async () => {
			const [delivery] = await ask<{ key: string }>(run.store, `SELECT key FROM deliveries ORDER BY id LIMIT 1`);
			await recordEngagements(idleEngine(run.store), [{ index: 0, findBy: 'key', message: delivery!.key, kind: 'opened', at: run.now, detail: {} }]);
		});
		await run.send(people[0]!);
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.includes('woken Wait'))).toEqual(['+0s customer-1 woken Wait: change → opened']);
	});

	it('names the step that is not there', async () => {
		const run = await open(canvas('Third check'), { mailer: {} });
		await run.send(people[0]!);
		await run.pass('0 seconds');
		expect(run.takeProblems()[0]).toMatch(/Checked By: there is no node "Third check" in this workflow/);
	});
});

journeys('waiting for the date of an attribute', (open) => {
	const state = (more: object = {}) => journeyNode('Wait', 'journeyState', { until: 'date', dateFrom: 'attribute', dateAttribute: 'contract.renewal', offsetAmount: 1, offsetUnit: 'days', offsetBefore: true, ...more });
	const canvas = (more: object = {}) => ({ name: 'Renewal', nodes: [entry, state(more), end, other], connections: wires('Entry > Wait', 'Wait:0 > End', 'Wait:1 > Other') });
	const renewal = (date: unknown) => ({ contract: { renewal: date } });
	const decided = async (run: Awaited<ReturnType<typeof open>>) => (await run.timeline()).filter((line) => /woken|redated|undated|done/.test(line));

	it('is read again when the attribute changes, earlier or later', async () => {
		const run = await open(canvas());
		await run.send(...[1, 2, 3].map((n) => join(n, renewal('2026-03-12'), n === 3 ? 'Asia/Tokyo' : 'UTC')));
		await run.pass('1 day');
		await run.send(set(1, renewal('2026-03-06')), set(2, renewal('2026-03-20')), set(3, { other: 1 }));
		await run.pass('1 hour');
		await run.send(set(2, renewal('2026-03-20')));
		await run.pass('30 days');
		expect(await decided(run)).toEqual([
			'+1d customer-1 redated Wait', '+1d customer-2 redated Wait',
			'+2d14h customer-1 woken Wait: time', '+2d14h customer-1 done: completed',
			'+8d5h customer-3 woken Wait: time', '+8d5h customer-3 done: completed',
			'+16d14h customer-2 woken Wait: time', '+16d14h customer-2 done: completed',
		]);
	});

	it.each([['proceed', ['+1d customer-1 redated Wait', '+1d customer-1 woken Wait: time', '+1d customer-1 done: completed']], ['exit', ['+1d customer-1 done: date_past']]])('moved into the past, it means what the panel says: %s', async (past, expected) => {
		const run = await open(canvas({ past }));
		await run.send(join(1, renewal('2026-03-12')));
		await run.pass('1 day');
		await run.send(set(1, renewal('2026-03-01')));
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual(expected);
	});

	it('goes by No date when it is taken away, or was never there', async () => {
		const run = await open(canvas());
		await run.send(join(1, renewal('2026-03-12')), join(2));
		await run.pass('1 day');
		await run.send(set(1, { contract: null }));
		await run.pass('0 seconds');
		expect(await decided(run)).toEqual([
			expect.stringMatching(/^\+0s customer-2 undated Wait: no_date \(Date: nothing is not a date/), '+0s customer-2 done: completed',
			expect.stringMatching(/^\+1d customer-1 undated Wait: no_date \(Date: nothing is not a date/), '+1d customer-1 woken Wait: change → No date', '+1d customer-1 done: completed',
		]);
		expect([run.itemsOf('End').length, run.itemsOf('Other').length]).toEqual([0, 2]);
	});

	it('is read again where it changes while they are on their way there, and limits a wait for events', async () => {
		const wait = eventState('Wait', [{ event: 'order' }], [1, 'days'], { limitUntil: 'date', limitDateFrom: 'attribute', limitDateAttribute: 'until' });
		const run = await open({ name: 'Limit', nodes: [entry, delayState('Before', 1, 'hours'), wait, end, other, third], connections: wires('Entry > Before', 'Before > Wait', 'Wait:0 > End', 'Wait:1 > Other', 'Wait:2 > Third') });
		await run.send(...[1, 2].map((n) => join(n, { until: '2026-03-05' })));
		run.after('Before', async () => await run.send(set(1, { until: '2026-03-04' })));
		await run.pass('1 hour');
		await run.send(set(2, { until: '2026-03-09' }));
		await run.pass('4 days');
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('10 days');
		expect((await run.timeline()).filter((line) => line.includes('woken Wait'))).toEqual(['+1d14h customer-1 woken Wait: time', '+4d1h customer-2 woken Wait: event → order']);
	});
});
