import { decideAdmission, type Candidate, type Circumstances } from '../../lib/core/admission';
import { entriesCountFrom, type Enrolment } from '../../lib/core/reentry';
import type { EntryRules } from '../../lib/core/types';

const at = (text: string) => new Date(`2026-03-${text}Z`);
const rules = (more: Partial<EntryRules>): EntryRules => ({ reentry: { kind: 'cap', times: 99 }, whileInside: 'refuse', values: {}, zone: 'UTC', ...more });

let ids = 0;
const candidate = (occurred: string, more: Partial<Candidate> = {}): Candidate => {
	ids++;
	return { id: ids, profile_id: 1, zone: null, event_id: ids, event_received_at: at('31T00:00'), scheduled_for: null, occurred_at: at(occurred), properties: {}, correlation: null, behind: null, ...more };
};
const before = (last: string, more: Partial<Enrolment> = {}): Enrolment => (
	{
		profile_id: 1, correlation: '', slot: 0, entries: 1, entry_times: [at(last)], first_entry: at(last), last_entry: at(last), last_exit: null,
		held_out: false, entry_event_id: null, scheduled_for: null, inside: false, arm: null, ...more,
	});
const around: Circumstances = { now: at('31T00:00'), journey: 1, outside: new Map(), globalHoldout: 0 };
const decide = (of: EntryRules, candidates: Candidate[], known: Enrolment[] = [], more: Partial<Circumstances> = {}) =>
	decideAdmission(of, candidates, known, { ...around, ...more });
/** `+` enters, `*` restarts, or the reason. */
const said = (...asked: Parameters<typeof decide>) => decide(...asked).map((one) => {
	if (one.becomes === 'instance') return one.restarts ? '*' : '+';
	return one.becomes === 'heldOut' ? one.arm : one.reason;
});

describe('admission', () => {
	it('takes candidates in the order of their own times, then of their events', () => {
		const [late, early, same] = [candidate('03T00:00'), candidate('01T00:00'), candidate('01T00:00')];
		const verdicts = decide(rules({ whileInside: 'restart' }), [late, same, early], []);
		expect(verdicts.map((one) => one.candidate.id)).toEqual([early.id, same.id, late.id]);
	});

	it('lets each see what the one before it did', () => {
		const three = ['01T00:00', '02T00:00', '03T00:00'].map((time) => candidate(time));
		expect(said(rules({}), three)).toEqual(['+', 'already_inside', 'already_inside']);
		expect(said(rules({ whileInside: 'restart' }), three)).toEqual(['+', '*', '*']);
		expect(said(rules({ whileInside: 'restart', reentry: { kind: 'cap', times: 2 } }), three)).toEqual(['+', '*', 'cap']);
		expect(said(rules({ whileInside: 'restart', reentry: { kind: 'once' } }), three)).toEqual(['+', 'once', 'once']);
	});

	it('keeps people apart', () => {
		const two = [candidate('01T00:00'), candidate('01T00:00', { profile_id: 2 })];
		expect(said(rules({ reentry: { kind: 'once' } }), two)).toEqual(['+', '+']);
		expect(said(rules({ reentry: { kind: 'once' } }), two, [before('01T00:00', { profile_id: 2 })])).toEqual(['+', 'once']);
	});

	it('lets nobody in twice by one event', () => {
		const one = candidate('01T00:00');
		expect(said(rules({}), [one], [before('01T00:00', { entry_event_id: one.event_id })])).toEqual(['duplicate']);
		expect(said(rules({ whileInside: 'restart' }), [one], [before('01T00:00', { entry_event_id: one.event_id, inside: true })])).toEqual(['duplicate']);
	});

	it('opens at the start and closes at the end, by own time', () => {
		const open = rules({ start: at('02T00:00'), end: at('03T00:00'), whileInside: 'restart' });
		expect(said(open, [candidate('01T23:59:59.999'), candidate('02T00:00'), candidate('02T23:59:59.999'), candidate('03T00:00')]))
			.toEqual(['not_open_yet', '+', '*', 'closed']);
	});

	it('says the first reason that holds', () => {
		const strict = rules({ start: at('02T00:00'), reentry: { kind: 'once' } });
		const inside = before('01T00:00', { inside: true });
		expect(said(strict, [candidate('01T00:00')], [inside])).toEqual(['not_open_yet']);
		expect(said(strict, [candidate('02T00:00')], [inside])).toEqual(['already_inside']);
		expect(said(strict, [candidate('02T00:00')], [before('01T00:00')])).toEqual(['once']);
		expect(said({ ...strict, correlation: 'loan' }, [candidate('01T00:00')], [inside])).toEqual(['no_correlation']);
	});

	it.each([
		['hours are elapsed time', 'UTC', null, { amount: 24, unit: 'hours' }, '28T10:00', ['29T09:59:59.999', '29T10:00'], ['lock', '+']],
		['days are calendar days', 'UTC', null, { amount: 1, unit: 'days' }, '28T10:00', ['28T23:59:59.999', '29T00:00'], ['lock', '+']],
		['days are those of the person, through the change of clocks', 'UTC', 'Europe/Berlin', { amount: 7, unit: 'days' }, '23T08:00', ['29T21:59:59.999', '30T07:00'], ['lock', '+']],
		['days are the journey\'s where the person has no zone', 'America/New_York', null, { amount: 1, unit: 'days' }, '20T10:00', ['21T03:59:59.999', '21T04:00'], ['lock', '+']],
	] as const)('locks from entry: %s', (_what, zone, own, lock, entered, times, expected) => {
		const verdicts = times.map((time) => said(rules({ zone, reentry: { kind: 'lock', lock } }), [candidate(time, { zone: own })], [before(entered)])[0]);
		expect(verdicts).toEqual(expected);
	});

	it('does not lock out a restart', () => {
		const lock = { kind: 'lock', lock: { amount: 1, unit: 'days' } } as const;
		const inside = [before('01T00:00', { inside: true })];
		expect(said(rules({ reentry: lock, whileInside: 'restart' }), [candidate('01T00:01')], inside)).toEqual(['*']);
		expect(said(rules({ reentry: lock }), [candidate('01T00:01')], inside)).toEqual(['already_inside']);
	});

	it('counts entries in a rolling period, or for ever', () => {
		const cap = rules({ whileInside: 'restart', reentry: { kind: 'cap', times: 2, within: { amount: 24, unit: 'hours' } } });
		const known = [before('01T12:00', { entries: 5, entry_times: [at('01T06:00'), at('01T12:00')] })];
		expect(said(cap, ['02T05:59:59.999', '02T06:00', '02T06:01', '02T12:00'].map((time) => candidate(time)), known)).toEqual(['cap', '+', 'cap', '*']);
		expect(said(rules({ reentry: { kind: 'cap', times: 6 } }), [candidate('02T00:00')], known)).toEqual(['+']);
		expect(said(rules({ reentry: { kind: 'cap', times: 5 } }), [candidate('02T00:00')], known)).toEqual(['cap']);
	});

	it('makes one instance for each correlation value', () => {
		const loans = rules({ correlation: 'loan', reentry: { kind: 'once' } });
		const four = ['a', 'b', 'a', null].map((correlation) => candidate('01T00:00', { correlation }));
		expect(said(loans, four)).toEqual(['+', '+', 'already_inside', 'no_correlation']);
		expect(said(loans, [candidate('01T00:00', { correlation: 'a' })], [before('01T00:00')])).toEqual(['+']);
		expect(said(loans, [candidate('01T00:00', { correlation: 'x'.repeat(256) }), candidate('01T00:00', { correlation: 'x'.repeat(255) })])).toEqual(['correlation_too_long', '+']);
		// Without a correlation property, what the event carries does not matter.
		expect(said(rules({}), [candidate('01T00:00', { correlation: 'a' })], [before('01T00:00', { inside: true })])).toEqual(['already_inside']);
	});

	it('captures journey values from the event', () => {
		const [one] = decide(rules({ values: { cart: 'cart.id', first: 'items[0].sku', none: 'missing' } }), [
			candidate('01T00:00', { properties: { cart: { id: 7 }, items: [{ sku: 'x' }] } }),
		], []);
		expect(one).toMatchObject({ becomes: 'instance', context: { cart: 7, first: 'x', none: null } });
	});

	it('says with what it compared', () => {
		const lock = rules({ reentry: { kind: 'lock', lock: { amount: 2, unit: 'hours' } } });
		expect(decide(lock, [candidate('01T01:00')], [before('01T00:00')])[0]).toMatchObject({
			becomes: 'refused', reason: 'lock', detail: { entered_at: at('01T00:00'), free_at: at('01T02:00'), event_at: at('01T01:00') },
		});
		const cap = rules({ reentry: { kind: 'cap', times: 1 } });
		expect(decide(cap, [candidate('01T01:00')], [before('01T00:00')])[0]).toMatchObject({ reason: 'cap', detail: { entries: 1, allowed: 1 } });
	});

	it('remembers entries for longer than its cap and the latest event need', () => {
		const now = at('20T00:00');
		expect(+entriesCountFrom(rules({}), now)).toBeLessThan(+new Date('2025-03-20T00:00Z'));
		const long = rules({ reentry: { kind: 'cap', times: 1, within: { amount: 3, unit: 'years' } } });
		expect(+entriesCountFrom(long, now)).toBeLessThan(+new Date('2023-03-13T00:00Z'));
	});
});
