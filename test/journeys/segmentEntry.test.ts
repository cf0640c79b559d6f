import { takeIn } from '../../lib/run/intake';
import { eraseProfile } from '../../lib/run/privacy';
import { dropSegment, keepSegment, refreshSegment, reviewTouched } from '../../lib/run/segments';
import type { Rule } from '../../lib/core/types';
import type { Segment } from '../../lib/store/segments';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { intercepted, stopping, untilBlocked } from '../support/intercept';
import { delayState, journeys } from '../support/journeys';
import { ask, eventOf } from '../support/world';

jest.setTimeout(60_000);

const isGold: Rule = { kind: 'attribute', condition: { path: 'plan', operator: 'is', value: 'gold' } };
const bought: Rule = { kind: 'behaviour', event: 'order', filter: [], did: true, atLeast: 2, within: { amount: 7, unit: 'days' } };
const gold: Segment = { name: 'gold', rule: isGold, zone: 'UTC', refresh_minutes: 60 };
const often: Segment = { name: 'often', rule: bought, zone: 'UTC', refresh_minutes: 60 };

const canvas = (segment: string, parameters: object = {}, options: object = {}) => ({
	name: 'Members',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { entry: 'segment', segment, reentry: 'cap', capTimes: 100, options, ...parameters }), baseNode('End', 'noOp', 1)],
	connections: wires('Entry > End'),
});
const plan = (n: number | string, value: string | null) => ({ who: `customer-${n}`, change: { attributes: { plan: value } } });
const order = (n: number) => ({ who: `customer-${n}`, event: 'order' });
const entered = async (run: CanvasRunner) => (await run.timeline()).filter((line) => /entered|refused/.test(line)).map((line) => line.replace(' Entry', ''));
const waiting = async (run: CanvasRunner) => (await ask<{ id: number }>(run.store, 'SELECT profile_id AS id FROM candidates ORDER BY profile_id')).map(({ id }) => id);
/** As the registry does half a minute after a node has gone. */
const off = async (run: CanvasRunner) => await ask(run.store, "UPDATE steps SET state = 'off', off_since = $1", [run.now]);
/** A journey for which a segment is there already, with these people in it. */
async function withSegment(open: (canvas: ReturnType<typeof delayOnly>, options?: object) => Promise<CanvasRunner>, segment: Segment, ...people: Array<Parameters<CanvasRunner['send']>[0]>): Promise<CanvasRunner> {
	const run = await open(delayOnly(), { workflowId: 'before' });
	if (people.length > 0) await run.send(...people);
	await keepSegment(run.store, segment);
	await run.pass('1 minute');
	return run;
}
const delayOnly = () => ({ name: 'Before', nodes: [journeyNode('Other', 'journeyEntryTrigger', { event: 'never' }), delayState('Wait', 1, 'hours'), baseNode('End', 'noOp', 1)], connections: wires('Other > Wait', 'Wait > End') });

journeys('on joining or leaving a segment', (open, kind) => {
	it('by what is written, at once, and not those who are in it already', async () => {
		const before = await withSegment(open, gold, plan(1, 'gold'), plan(2, 'free'));
		const run = await open(canvas('gold'));
		const leaving = await open(canvas('gold', { membership: 'left' }), { workflowId: 'leaving' });
		await run.send(plan(2, 'gold'), plan(3, 'gold'), plan(1, 'gold'));
		await run.pass('1 second');
		expect(await entered(run)).toEqual(['+0s customer-2 entered', '+0s customer-3 entered']);
		expect(run.itemsOf('Entry').map(({ json }) => json.event)).toContainEqual(expect.objectContaining({ name: 'journey:joined:gold', properties: { segment: 'gold' } }));
		await run.send(plan(1, 'free'), plan(2, 'pro'));
		await run.pass('1 minute');
		// Nobody twice, however often somebody looks.
		await refreshSegment(run.store, 'gold');
		await before.pass('0 seconds');
		await leaving.pass('0 seconds');
		expect(leaving.itemsOf('Entry').map(({ json }) => [(json.profile as { id: number }).id, (json.event as { name: string }).name])).toEqual([[1, 'journey:left:gold'], [2, 'journey:left:gold']]);
		await run.send(plan(2, 'gold'));
		await run.pass('1 minute');
		expect(run.itemsOf('Entry')).toHaveLength(3);
	});

	it('by what they do, and by time alone with the next refresh; who becomes one person joins as one', async () => {
		await withSegment(open, often, order(1));
		const run = await open(canvas('often'));
		const leaving = await open(canvas('often', { membership: 'left' }), { workflowId: 'leaving' });
		await run.send(order(1), { who: 'customer-2', event: 'other' }, { who: 'customer-3', event: 'order', email: 'customer-3@example.com' }, { who: 'stranger', event: 'order' });
		await run.pass('1 second');
		expect(await entered(run)).toEqual(['+0s customer-1 entered']);
		await ask(run.store, `UPDATE identities SET kind = 'anonymous_id' WHERE value = 'stranger'`);
		await takeIn(run.store, 'test', [{ index: 0, occurredAt: run.now, identities: [{ kind: 'anonymous_id', value: 'stranger' }, { kind: 'user_id', value: 'customer-3' }] }]);
		await run.pass('1 hour');
		expect((await entered(run)).slice(1)).toEqual(['+1s customer-3 entered']);
		await run.pass('7 days');
		expect(leaving.itemsOf('Entry')).toEqual([]);
		expect(await refreshSegment(run.store, 'often')).toMatchObject({ left: 2 });
		await leaving.pass('0 seconds');
		expect(leaving.itemsOf('Entry')).toHaveLength(2);
	});

	it('or everyone who is in it, once, page by page at its pace; n8n is killed in between', async () => {
		await withSegment(open, gold, ...Array.from({ length: 10 }, (_, at) => plan(at, at < 8 ? 'gold' : 'free')));
		const run = await open(canvas('gold', { existing: 'everyone' }, { pace: 120 }));
		await run.send(plan(8, 'gold'), plan(1, 'free'));
		run.killAfter('Entry');
		await run.pass('1 minute');
		await run.publish(canvas('gold', { existing: 'everyone', values: { value: [] } }));
		await run.pass('1 hour');
		const people = (await entered(run)).map((line) => line.replace(/^\S+ /, '')).sort();
		// customer-1 was in it no more when their page came.
		expect(people).toEqual([0, 2, 3, 4, 5, 6, 7, 8].map((at) => `customer-${at} entered`));
		expect(await ask(run.store, 'SELECT people, state, selected FROM report_runs')).toEqual([{ people: 'segment:gold', state: 'done', selected: 7 }]);
		// Once for each segment: published again, and after another one.
		await run.unpublish();
		await off(run);
		await run.publish(canvas('gold', { existing: 'everyone' }));
		await run.pass('1 hour');
		expect(await entered(run)).toHaveLength(8);
		const [{ count }] = await ask<{ count: number }>(run.store, "SELECT count(*)::int AS count FROM journal WHERE kind = 'entered' AND detail->>'segment' = 'gold'") as [{ count: number }];
		expect(count).toBe(7);
	});

	it('is caught up with for an hour after it was unpublished, and by the rules of entry', async () => {
		await withSegment(open, gold, plan(9, 'free'));
		const run = await open(canvas('gold', { reentry: 'once' }));
		await run.unpublish();
		await off(run);
		await run.send(plan(1, 'gold'));
		await reviewTouched(run.store);
		await run.pass('30 minutes');
		expect(await waiting(run)).toEqual([]);
		await run.publish(canvas('gold', { reentry: 'once' }));
		await run.pass('1 minute');
		expect(await entered(run)).toEqual(['+30m customer-1 entered']);
		await run.send(plan(1, 'free'));
		await run.pass('1 minute');
		await run.send(plan(1, 'gold'));
		await run.pass('1 minute');
		await run.unpublish();
		await off(run);
		await run.pass('2 hours');
		// Nobody listens any more: not even noted.
		await run.send(plan(2, 'gold'));
		expect(await ask(run.store, 'SELECT * FROM touched')).toEqual([]);
		await refreshSegment(run.store, 'gold');
		await run.publish(canvas('gold', { reentry: 'once' }));
		await run.pass('1 minute');
		expect((await entered(run)).slice(1)).toEqual(['+32m customer-1 refused: once']);
	});

	it('nobody twice when a refresh or a review is cut in the middle, or two look at once', async () => {
		await withSegment(open, gold);
		const run = await open(canvas('gold'));
		await run.send(plan(1, 'gold'), plan(2, 'gold'));
		const cut = intercepted(run.store, () => async (sql, _params, pass) => {
			const rows = await pass();
			if (sql.includes('INSERT INTO candidates')) throw new Error('cut');
			return rows;
		});
		await expect(reviewTouched(cut)).rejects.toThrow('cut');
		await expect(refreshSegment(cut, 'gold')).rejects.toThrow('cut');
		expect(await waiting(run)).toEqual([]);
		await Promise.all([reviewTouched(run.store), refreshSegment(run.store, 'gold'), reviewTouched(run.store), refreshSegment(run.store, 'gold')]);
		expect(await waiting(run)).toEqual([1, 2]);
		expect(await ask(run.store, "SELECT profile_id FROM events WHERE name LIKE 'journey:%' ORDER BY 1")).toHaveLength(2);
		await run.pass('0 seconds');
	});

	it.each([['before', 'WITH judged'], ['after', 'WITH judged']] as const)('nobody is lost or doubled when a refresh crosses the first publication: %s it looks', async (where, statement) => {
		const before = await withSegment(open, gold, plan(1, 'gold'));
		await before.send(plan(2, 'gold'));
		await ask(before.store, 'DELETE FROM touched');
		const { store, gate } = stopping(before.store, where, new RegExp(statement));
		const refreshing = refreshSegment(store, 'gold');
		await gate.reached;
		// It waits for the refresh, which has asked already who listens.
		const publishing = open(canvas('gold', { existing: 'everyone' }));
		if (kind === 'postgres') await untilBlocked(before.store);
		gate.open();
		await refreshing;
		const run = await publishing;
		await run.pass('1 hour');
		await refreshSegment(run.store, 'gold');
		await run.pass('1 hour');
		expect((await entered(run)).map((line) => line.replace(/^\S+ /, ''))).toEqual(['customer-1 entered', 'customer-2 entered']);
	});

	it('who is found first has not joined, nor does somebody who was erased', async () => {
		const run = await open(delayOnly(), { workflowId: 'before' });
		await expect(open(canvas('none yet'))).rejects.toThrow('Segment: there is no segment "none yet", so nothing is listened to. Save it with the Journey Control node');
		await run.send(plan(1, 'gold'), plan(2, 'free'), plan(3, 'gold'));
		await keepSegment(run.store, { ...gold, rule: { kind: 'group', match: 'none', rules: [{ kind: 'attribute', condition: { path: 'plan', operator: 'is', value: 'gold' } }] } });
		const listening = await open(canvas('gold'));
		await eraseProfile(run.store, { kind: 'user_id', value: 'customer-1' }, 'test');
		await refreshSegment(run.store, 'gold');
		await listening.send(plan(3, 'free'));
		await listening.pass('1 minute');
		expect(await entered(listening)).toEqual(['+0s customer-3 entered']);
	});

	it('keeps its segment from being deleted, and cannot be combined with a correlation', async () => {
		await withSegment(open, gold);
		const run = await open(canvas('gold'));
		await expect(dropSegment(run.store, 'gold')).rejects.toThrow('segment "gold" is what "Entry" of journey "Members" listens to. Choose another segment there, or unpublish the journey');
		await run.unpublish();
		await off(run);
		expect(await dropSegment(run.store, 'gold')).toBe(true);
		await expect(open(canvas(''), { workflowId: 'w1' })).rejects.toThrow(/Segment: is empty/);
		await expect(open(canvas('gold', {}, { correlation: 'id' }), { workflowId: 'w2' })).rejects.toThrow(/Correlation Property: cannot be used with a segment/);
		expect(await takeIn(run.store, 'test', [eventOf('customer-1', 'x', run.now)])).toMatchObject({ candidates: 0 });
	});
});
