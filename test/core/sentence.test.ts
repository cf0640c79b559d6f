import { waitSentence } from '../../lib/core/sentence';
import type { Duration, Until } from '../../lib/core/types';

const now = new Date('2026-11-20T11:01:00Z'); // Friday, 14:01 in Istanbul
const zone = 'Europe/Istanbul';
const none = { amount: 0, unit: 'days', before: false } as const;

const SENTENCES: Array<[Until | undefined, Duration | undefined, string]> = [
	[{ kind: 'delay', delay: { amount: 1, unit: 'days' }, atTime: '14:00' }, undefined, 'Waits 1 day, then until 14:00. Someone who arrives now goes on Sun 22 Nov 2026, 14:00 (Europe/Istanbul).'],
	[{ kind: 'delay', delay: { amount: 90, unit: 'minutes' } }, undefined, 'Waits 90 minutes. Someone who arrives now goes on Fri 20 Nov 2026, 15:31 (Europe/Istanbul).'],
	[{ kind: 'delay', delay: { amount: 3, unit: 'seconds' } }, undefined, 'Waits 3 seconds. Someone who arrives now goes on Fri 20 Nov 2026, 14:01:03 (Europe/Istanbul).'],
	[{ kind: 'date', date: '2026-12-24', offset: none }, undefined, 'Waits until the date. Someone who arrives now goes on Thu 24 Dec 2026, 00:00 (Europe/Istanbul).'],
	[{ kind: 'date', date: '2026-12-24', offset: { amount: 3, unit: 'days', before: true } }, undefined, 'Waits until 3 days before the date. Someone who arrives now goes on Mon 21 Dec 2026, 00:00 (Europe/Istanbul).'],
	[{ kind: 'date', date: '2026-11-01', offset: { amount: 1, unit: 'hours', before: false } }, undefined, 'Waits until 1 hour after the date. For someone who arrives now that is past: Sun 1 Nov 2026, 01:00 (Europe/Istanbul).'],
	[{ kind: 'date', date: undefined, offset: { amount: 1, unit: 'weeks', before: true } }, undefined, 'Waits until 1 week before the date.'],
	[{ kind: 'weekday', weekdays: [1], atTime: '09:00', sameDayPassed: 'nextWeek' }, undefined, 'Waits until Monday, 09:00. Someone who arrives now goes on Mon 23 Nov 2026, 09:00 (Europe/Istanbul).'],
	[{ kind: 'weekday', weekdays: [5, 1, 3], atTime: '09:00', sameDayPassed: 'atOnce' }, undefined, 'Waits until Monday, Wednesday or Friday, 09:00, or not at all on such a day after 09:00. Someone who arrives now goes on Fri 20 Nov 2026, 14:01 (Europe/Istanbul).'],
	[undefined, { amount: 3, unit: 'days' }, 'Waits for an event, at most 3 days. For someone who arrives now the time is up Mon 23 Nov 2026, 14:01 (Europe/Istanbul).'],
	[undefined, undefined, 'Waits for an event, however long it takes.'],
	[{ kind: 'weekday', weekdays: [1], atTime: '09:00', sameDayPassed: 'nextWeek' }, { amount: 1, unit: 'days' }, 'Waits until Monday, 09:00, at most 1 day. Someone who arrives now goes on Sat 21 Nov 2026, 14:01 (Europe/Istanbul).'],
];

describe('waitSentence', () => {
	test.each(SENTENCES)('%j, timeout %j', (until, timeout, sentence) => {
		expect(waitSentence(until, timeout, now, zone)).toBe(sentence);
	});

	test('refuses a date that cannot be read', () => {
		expect(() => waitSentence({ kind: 'date', date: '31/02', offset: none }, undefined, now, zone)).toThrow(/"31\/02"/);
	});
});
