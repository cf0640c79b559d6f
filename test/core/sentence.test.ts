import { waitSentence, type WaitWords } from '../../lib/core/sentence';

const now = new Date('2026-11-20T11:01:00Z'); // Friday, 14:01 in Istanbul
const zone = 'Europe/Istanbul';
const none = { amount: 0, unit: 'days', before: false } as const;

const SENTENCES: Array<[WaitWords, string]> = [
	[{ until: { kind: 'delay', delay: { amount: 1, unit: 'days' }, atTime: '14:00' } }, 'Waits 1 day, then until 14:00. Someone who arrives now goes on Sun 22 Nov 2026, 14:00 (Europe/Istanbul).'],
	[{ until: { kind: 'delay', delay: { amount: 90, unit: 'minutes' } } }, 'Waits 90 minutes. Someone who arrives now goes on Fri 20 Nov 2026, 15:31 (Europe/Istanbul).'],
	[{ until: { kind: 'delay', delay: { amount: 3, unit: 'seconds' } } }, 'Waits 3 seconds. Someone who arrives now goes on Fri 20 Nov 2026, 14:01:03 (Europe/Istanbul).'],
	[{ until: { kind: 'date', date: '2026-12-24', offset: none } }, 'Waits until the date. Someone who arrives now goes on Thu 24 Dec 2026, 00:00 (Europe/Istanbul).'],
	[{ until: { kind: 'date', date: '2026-12-24', offset: { amount: 3, unit: 'days', before: true } } }, 'Waits until 3 days before the date. Someone who arrives now goes on Mon 21 Dec 2026, 00:00 (Europe/Istanbul).'],
	[{ until: { kind: 'date', date: '2026-11-01', offset: { amount: 1, unit: 'hours', before: false } } }, 'Waits until 1 hour after the date. For someone who arrives now that is past: Sun 1 Nov 2026, 01:00 (Europe/Istanbul).'],
	[{ until: { kind: 'date', date: undefined, offset: { amount: 1, unit: 'weeks', before: true } } }, 'Waits until 1 week before the date. If the date is Sun 20 Dec 2026, they go on Sun 13 Dec 2026, 00:00 (Europe/Istanbul).'],
	[{ until: { kind: 'weekday', weekdays: [1], atTime: '09:00', sameDayPassed: 'nextWeek' } }, 'Waits until Monday, 09:00. Someone who arrives now goes on Mon 23 Nov 2026, 09:00 (Europe/Istanbul).'],
	[{ until: { kind: 'weekday', weekdays: [5, 1, 3], atTime: '09:00', sameDayPassed: 'atOnce' } }, 'Waits until Monday, Wednesday or Friday, 09:00, or not at all on such a day after 09:00. Someone who arrives now goes on Fri 20 Nov 2026, 14:01 (Europe/Istanbul).'],
	[{ events: ['order'], until: { kind: 'delay', delay: { amount: 3, unit: 'days' } } }, 'Waits for order, at most 3 days. For someone who arrives now the time is up Mon 23 Nov 2026, 14:01 (Europe/Istanbul).'],
	[{ events: ['a', 'b', 'c'], until: { kind: 'weekday', weekdays: [1], atTime: '09:00', sameDayPassed: 'nextWeek' } }, 'Waits for a, b or c, at most until Monday, 09:00. For someone who arrives now the time is up Mon 23 Nov 2026, 09:00 (Europe/Istanbul).'],
	[{ events: ['a', 'b'] }, 'Waits for a or b, however long it takes.'],
	[{ resets: ['cart'], until: { kind: 'delay', delay: { amount: 1, unit: 'hours' } } }, 'Waits 1 hour, again from the start with each cart. Someone who arrives now goes on Fri 20 Nov 2026, 15:01 (Europe/Istanbul).'],
];

describe('waitSentence', () => {
	test.each(SENTENCES)('%j', (wait, sentence) => {
		expect(waitSentence(wait, now, zone)).toBe(sentence);
	});

	test('refuses a date that cannot be read', () => {
		expect(() => waitSentence({ until: { kind: 'date', date: '31/02', offset: none } }, now, zone)).toThrow(/"31\/02"/);
	});
});
