import { addDuration, dueAt, lockEnds, subtractDuration } from '../../lib/core/time';
import type { Duration, TimeUnit, Until } from '../../lib/core/types';

const utc = (text: string) => new Date(text);
const length = (text: string): Duration => {
	const [amount, unit] = text.split(' ') as [string, TimeUnit];
	return { amount: Number(amount), unit };
};
const iso = (date: Date) => date.toISOString().replace(':00.000Z', 'Z');

/** zone · from (with its offset, so that overlaps are told apart) · duration · expected, in UTC · why */
const ADDED: Array<[string, string, string, string, string]> = [
	['UTC', '2026-01-01T00:00Z', '0 seconds', '2026-01-01T00:00Z', 'nothing'],
	['UTC', '2026-01-01T00:00Z', '90 minutes', '2026-01-01T01:30Z', 'never clamped to 59 or 60'],
	['UTC', '2026-01-01T00:00Z', '36 hours', '2026-01-02T12:00Z', 'more hours than a day has'],
	['UTC', '2024-02-28T10:00Z', '1 days', '2024-02-29T10:00Z', 'leap year'],
	['UTC', '2026-02-28T10:00Z', '1 days', '2026-03-01T10:00Z', 'common year'],
	['UTC', '2026-01-31T10:00Z', '1 months', '2026-02-28T10:00Z', 'last day of a shorter month'],
	['UTC', '2024-01-31T10:00Z', '1 months', '2024-02-29T10:00Z', 'last day of a leap February'],
	['UTC', '2024-02-29T10:00Z', '1 years', '2025-02-28T10:00Z', 'leap day a year on'],
	['UTC', '2024-02-29T10:00Z', '4 years', '2028-02-29T10:00Z', 'leap day four years on'],
	['UTC', '2026-03-31T10:00Z', '13 months', '2027-04-30T10:00Z', 'over the end of a year'],
	['UTC', '2026-12-31T23:59Z', '1 weeks', '2027-01-07T23:59Z', 'week over new year'],
	['Europe/Berlin', '2026-03-28T02:30+01:00', '1 days', '2026-03-29T01:00Z', 'gap: 03:00 summer time'],
	['Europe/Berlin', '2026-03-28T02:00+01:00', '1 days', '2026-03-29T01:00Z', 'first minute of the gap'],
	['Europe/Berlin', '2026-03-28T02:59+01:00', '1 days', '2026-03-29T01:00Z', 'last minute of the gap'],
	['Europe/Berlin', '2026-03-28T03:00+01:00', '1 days', '2026-03-29T01:00Z', 'just after the gap'],
	['Europe/Berlin', '2026-03-28T01:59+01:00', '1 days', '2026-03-29T00:59Z', 'just before the gap'],
	['Europe/Berlin', '2026-03-28T09:00+01:00', '1 days', '2026-03-29T07:00Z', 'a day of 23 hours'],
	['Europe/Berlin', '2026-03-28T09:00+01:00', '24 hours', '2026-03-29T08:00Z', '24 hours are elapsed time'],
	['Europe/Berlin', '2026-03-29T01:30+01:00', '1 hours', '2026-03-29T01:30Z', 'an hour across the gap'],
	['Europe/Berlin', '2026-10-24T02:30+02:00', '1 days', '2026-10-25T00:30Z', 'overlap: first occurrence'],
	['Europe/Berlin', '2026-10-24T02:00+02:00', '1 days', '2026-10-25T00:00Z', 'start of the overlap'],
	['Europe/Berlin', '2026-10-24T02:59+02:00', '1 days', '2026-10-25T00:59Z', 'end of the overlap'],
	['Europe/Berlin', '2026-10-24T03:00+02:00', '1 days', '2026-10-25T02:00Z', 'after the overlap'],
	['Europe/Berlin', '2026-10-25T02:30+01:00', '1 days', '2026-10-26T01:30Z', 'from the second occurrence'],
	['Europe/Berlin', '2026-10-25T02:30+02:00', '60 minutes', '2026-10-25T01:30Z', 'an hour within the overlap'],
	['Europe/Berlin', '2026-03-22T02:30+01:00', '1 weeks', '2026-03-29T01:00Z', 'a week into the gap'],
	['Europe/Berlin', '2026-02-28T02:30+01:00', '1 months', '2026-03-28T01:30Z', 'a month, no gap'],
	['Europe/Berlin', '2025-03-29T02:30+01:00', '1 years', '2026-03-29T01:00Z', 'a year into the gap'],
	['America/New_York', '2026-03-07T02:30-05:00', '1 days', '2026-03-08T07:00Z', 'gap'],
	['America/New_York', '2026-10-31T01:30-04:00', '1 days', '2026-11-01T05:30Z', 'overlap: daylight time first'],
	['America/New_York', '2026-11-01T01:30-05:00', '1 days', '2026-11-02T06:30Z', 'from the second occurrence'],
	['America/New_York', '2026-03-01T09:00-05:00', '1 weeks', '2026-03-08T13:00Z', 'nine stays nine'],
	['America/New_York', '2026-10-08T01:15-04:00', '24 days', '2026-11-01T05:15Z', 'many days into the overlap'],
	['Australia/Lord_Howe', '2026-10-03T02:15+10:30', '1 days', '2026-10-03T15:30Z', 'gap of 30 minutes: 02:30'],
	['Australia/Lord_Howe', '2026-10-03T02:30+10:30', '1 days', '2026-10-03T15:30Z', 'just after the gap'],
	['Australia/Lord_Howe', '2026-10-03T02:00+10:30', '1 days', '2026-10-03T15:30Z', 'first minute of the gap'],
	['Australia/Lord_Howe', '2026-04-04T01:45+11:00', '1 days', '2026-04-04T14:45Z', 'overlap of 30 minutes, first'],
	['Australia/Lord_Howe', '2026-04-04T01:29+11:00', '1 days', '2026-04-04T14:29Z', 'just before the overlap'],
	['Australia/Lord_Howe', '2026-04-04T02:00+11:00', '1 days', '2026-04-04T15:30Z', 'just after the overlap'],
	['Europe/Istanbul', '2016-03-26T03:30+02:00', '1 days', '2016-03-27T01:00Z', 'the last gap'],
	['Europe/Istanbul', '2016-10-29T03:30+03:00', '1 days', '2016-10-30T00:30Z', 'no overlap: summer time stayed'],
	['Europe/Istanbul', '2015-11-07T03:30+03:00', '1 days', '2015-11-08T00:30Z', 'overlap put off to November'],
	['Europe/Istanbul', '2015-10-30T09:00+03:00', '1 years', '2016-10-30T06:00Z', 'over the change of rules'],
	['Europe/Istanbul', '2026-03-28T02:30+03:00', '1 days', '2026-03-28T23:30Z', 'no summer time any more'],
	['Asia/Kathmandu', '2026-06-01T00:00+05:45', '1 months', '2026-06-30T18:15Z', 'offset of 45 minutes'],
	['Asia/Kathmandu', '1985-12-31T00:05+05:30', '1 days', '1985-12-31T18:30Z', 'gap of 15 minutes at new year 1986'],
	['Asia/Kathmandu', '1985-12-31T00:20+05:30', '1 days', '1985-12-31T18:35Z', 'after that gap'],
	['Pacific/Apia', '2011-12-29T14:00-10:00', '1 days', '2011-12-30T10:00Z', 'skipped day: midnight after it'],
	['Pacific/Apia', '2011-12-29T00:00-10:00', '1 days', '2011-12-30T10:00Z', 'first minute of the skipped day'],
	['Pacific/Apia', '2011-12-29T23:59-10:00', '1 days', '2011-12-30T10:00Z', 'last minute of the skipped day'],
	['Pacific/Apia', '2011-12-29T14:00-10:00', '2 days', '2011-12-31T00:00Z', 'over the skipped day'],
	['Pacific/Apia', '2011-12-23T14:00-10:00', '1 weeks', '2011-12-30T10:00Z', 'a week onto the skipped day'],
	['Pacific/Apia', '2011-12-29T14:00-10:00', '24 hours', '2011-12-31T00:00Z', 'hours are elapsed time'],
	['America/Sao_Paulo', '2018-11-03T00:30-03:00', '1 days', '2018-11-04T03:00Z', 'gap at midnight: 01:00'],
	['America/Sao_Paulo', '2018-11-03T00:00-03:00', '1 days', '2018-11-04T03:00Z', 'midnight itself'],
	['America/Sao_Paulo', '2018-02-16T23:30-02:00', '1 days', '2018-02-18T01:30Z', 'overlap before midnight, first'],
	['America/Havana', '2026-03-07T00:30-05:00', '1 days', '2026-03-08T05:00Z', 'gap at midnight'],
	['America/Havana', '2026-10-31T00:30-04:00', '1 days', '2026-11-01T04:30Z', 'midnight twice, first'],
	['Pacific/Kwajalein', '1993-08-20T12:00-12:00', '1 days', '1993-08-21T12:00Z', 'skipped day'],
	['Europe/Dublin', '2026-03-28T01:30+00:00', '1 days', '2026-03-29T01:00Z', 'winter time is the exception there'],
	['Africa/Casablanca', '2026-02-14T02:30+01:00', '1 days', '2026-02-15T01:30Z', 'Ramadan: clocks go back'],
	['America/Caracas', '2016-04-30T02:45-04:30', '1 days', '2016-05-01T07:00Z', 'zone moved by half an hour'],
	['Asia/Pyongyang', '2018-05-03T23:45+08:30', '1 days', '2018-05-04T15:00Z', 'gap up to midnight'],
];

describe('addDuration', () => {
	test.each(ADDED)('%s: %s + %s = %s (%s)', (zone, from, duration, expected) => {
		expect(iso(addDuration(utc(from), length(duration), zone))).toBe(expected);
	});

	test('keeps seconds and milliseconds', () => {
		expect(addDuration(utc('2026-03-27T10:11:12.345Z'), length('3 days'), 'Europe/Berlin').toISOString()).toBe('2026-03-30T09:11:12.345Z');
	});

	test('a gap ends on the minute, whatever second was asked for', () => {
		expect(addDuration(utc('2026-03-28T01:30:12.345Z'), length('1 days'), 'Europe/Berlin').toISOString()).toBe('2026-03-29T01:00:00.000Z');
	});

	test('zero days from the second occurrence stay there', () => {
		expect(iso(addDuration(utc('2026-10-25T02:30+01:00'), length('0 days'), 'Europe/Berlin'))).toBe('2026-10-25T01:30Z');
	});

	test('does not change the date it is given', () => {
		const from = utc('2026-01-01T00:00Z');
		expect(addDuration(from, length('0 hours'), 'UTC')).not.toBe(from);
		expect(iso(from)).toBe('2026-01-01T00:00Z');
	});

	test('refuses to land beyond the year 9999', () => {
		expect(() => addDuration(utc('9950-01-01T00:00Z'), length('60 years'), 'UTC')).toThrow(/"60 years" lands beyond the year 9999/);
	});
});

const SUBTRACTED: Array<[string, string, string, string, string]> = [
	['UTC', '2026-03-31T10:00Z', '1 months', '2026-02-28T10:00Z', 'last day of a shorter month'],
	['UTC', '2026-01-01T00:30Z', '90 minutes', '2025-12-31T23:00Z', 'elapsed time'],
	['Europe/Berlin', '2026-03-30T02:30+02:00', '1 days', '2026-03-29T01:00Z', 'into the gap: first minute after it'],
	['Europe/Berlin', '2026-10-26T02:30+01:00', '1 days', '2026-10-25T00:30Z', 'into the overlap: first occurrence'],
	['Europe/Berlin', '2026-03-30T09:00+02:00', '24 hours', '2026-03-29T07:00Z', 'hours stay elapsed time'],
	['Pacific/Apia', '2011-12-31T14:00+14:00', '1 days', '2011-12-30T10:00Z', 'onto the skipped day'],
];

describe('subtractDuration', () => {
	test('refuses to land before the year 1', () => {
		expect(() => subtractDuration(utc('0050-01-01T00:00Z'), length('100 years'), 'America/New_York')).toThrow(/"100 years" lands before the year 1/);
	});

	test.each(SUBTRACTED)('%s: %s − %s = %s (%s)', (zone, from, duration, expected) => {
		expect(iso(subtractDuration(utc(from), length(duration), zone))).toBe(expected);
	});
});

/** zone · now · delay · time of day · expected, in UTC · why */
const DELAYED: Array<[string, string, string, string, string, string]> = [
	['UTC', '2026-11-20T14:01Z', '1 days', '14:00', '2026-11-22T14:00Z', 'a minute late: the day after tomorrow'],
	['UTC', '2026-11-20T14:00Z', '1 days', '14:00', '2026-11-21T14:00Z', 'exactly a day ahead'],
	['UTC', '2026-11-20T13:59Z', '1 days', '14:00', '2026-11-21T14:00Z', 'a day and a minute ahead'],
	['UTC', '2026-11-20T14:00:00.001Z', '1 days', '14:00', '2026-11-22T14:00Z', 'a millisecond late'],
	['UTC', '2026-11-20T00:00Z', '1 days', '00:00', '2026-11-21T00:00Z', 'midnight'],
	['UTC', '2026-11-20T23:59Z', '1 days', '00:00', '2026-11-22T00:00Z', 'midnight is the next day’s'],
	['UTC', '2026-11-20T09:00Z', '1 weeks', '08:00', '2026-11-28T08:00Z', 'weeks'],
	['UTC', '2026-01-31T09:00Z', '1 months', '08:00', '2026-03-01T08:00Z', 'months, then the next morning'],
	['Europe/Istanbul', '2026-11-20T14:01+03:00', '1 days', '14:00', '2026-11-22T11:00Z', 'in the zone'],
	['Europe/Berlin', '2026-03-28T14:00+01:00', '1 days', '14:00', '2026-03-29T12:00Z', 'a day of 23 hours counts as one'],
	['Europe/Berlin', '2026-03-28T02:10+01:00', '1 days', '02:30', '2026-03-29T01:00Z', 'both in the gap'],
	['Europe/Berlin', '2026-03-28T01:00+01:00', '1 days', '02:30', '2026-03-29T01:00Z', 'time in the gap'],
	['Europe/Berlin', '2026-03-28T02:30+01:00', '1 days', '02:15', '2026-03-29T01:00Z', 'gap: both are 03:00'],
	['Europe/Berlin', '2026-10-24T02:15+02:00', '1 days', '02:30', '2026-10-25T00:30Z', 'overlap: first occurrence'],
	['Europe/Berlin', '2026-10-24T02:45+02:00', '1 days', '02:30', '2026-10-26T01:30Z', 'overlap: the second is not taken'],
	['America/Sao_Paulo', '2018-11-03T00:00-03:00', '1 days', '00:00', '2018-11-04T03:00Z', 'day that begins at 01:00'],
	['Pacific/Apia', '2011-12-28T14:01-10:00', '1 days', '14:00', '2011-12-30T10:00Z', 'next 14:00 is skipped'],
	['Pacific/Apia', '2011-12-29T13:00-10:00', '1 days', '14:00', '2011-12-30T10:00Z', 'both on the skipped day'],
	['Pacific/Apia', '2011-12-29T15:00-10:00', '2 days', '14:00', '2012-01-01T00:00Z', 'over the skipped day'],
	['Asia/Kathmandu', '2026-06-01T08:01+05:45', '1 days', '08:00', '2026-06-03T02:15Z', 'odd offset'],
];

/** zone · now · weekdays · time of day · if passed · expected, in UTC · why. 2026-11-20 is a Friday. */
const WEEKDAYS: Array<[string, string, number[], string, 'nextWeek' | 'atOnce', string, string]> = [
	['UTC', '2026-11-20T10:00Z', [1], '09:00', 'nextWeek', '2026-11-23T09:00Z', 'next Monday'],
	['UTC', '2026-11-20T10:00Z', [5], '11:00', 'nextWeek', '2026-11-20T11:00Z', 'later today'],
	['UTC', '2026-11-20T10:00Z', [5], '10:00', 'nextWeek', '2026-11-20T10:00Z', 'this very minute'],
	['UTC', '2026-11-20T10:00:01Z', [5], '10:00', 'nextWeek', '2026-11-27T10:00Z', 'passed: a week on'],
	['UTC', '2026-11-20T10:01Z', [5], '10:00', 'atOnce', '2026-11-20T10:01Z', 'passed: at once'],
	['UTC', '2026-11-20T10:01Z', [4], '10:00', 'atOnce', '2026-11-26T10:00Z', 'yesterday is not today'],
	['UTC', '2026-11-20T10:01Z', [1, 5], '10:00', 'nextWeek', '2026-11-23T10:00Z', 'passed: the next chosen day'],
	['UTC', '2026-11-20T10:01Z', [1, 5], '10:00', 'atOnce', '2026-11-20T10:01Z', 'passed on a chosen day: at once'],
	['UTC', '2026-11-22T10:01Z', [7, 1], '10:00', 'nextWeek', '2026-11-23T10:00Z', 'Sunday to Monday'],
	['UTC', '2026-11-20T23:59Z', [6], '00:00', 'nextWeek', '2026-11-21T00:00Z', 'a minute to Saturday'],
	['Europe/Istanbul', '2026-11-22T22:00Z', [1], '09:00', 'nextWeek', '2026-11-23T06:00Z', 'already Monday there'],
	['America/New_York', '2026-11-23T02:00Z', [7], '22:00', 'nextWeek', '2026-11-23T03:00Z', 'still Sunday there'],
	['Europe/Berlin', '2026-03-23T09:00+01:00', [7], '02:30', 'nextWeek', '2026-03-29T01:00Z', 'gap'],
	['Europe/Berlin', '2026-03-29T03:00+02:00', [7], '02:30', 'nextWeek', '2026-03-29T01:00Z', 'end of the gap is the time'],
	['Europe/Berlin', '2026-10-25T02:15+02:00', [7], '02:30', 'nextWeek', '2026-10-25T00:30Z', 'overlap, before the first'],
	['Europe/Berlin', '2026-10-25T02:15+01:00', [7], '02:30', 'nextWeek', '2026-11-01T01:30Z', 'overlap, first has passed'],
	['Europe/Berlin', '2026-10-25T02:15+01:00', [7], '02:30', 'atOnce', '2026-10-25T01:15Z', 'overlap, passed: at once'],
	['Pacific/Apia', '2011-12-29T12:00-10:00', [5], '14:00', 'nextWeek', '2011-12-30T10:00Z', 'the Friday that was skipped'],
	['Pacific/Apia', '2011-12-29T12:00-10:00', [6], '14:00', 'nextWeek', '2011-12-31T00:00Z', 'the Saturday after it'],
	['Pacific/Apia', '2011-12-31T00:30+14:00', [5], '14:00', 'atOnce', '2012-01-06T00:00Z', 'Saturday is no Friday'],
];

/** zone · date · offset · expected, in UTC · why */
const DATES: Array<[string, unknown, string, string, string]> = [
	['Europe/Istanbul', '2026-11-22', '0 days after', '2026-11-21T21:00Z', 'midnight in the zone'],
	['Europe/Istanbul', '2026-11-22T14:00', '0 days after', '2026-11-22T11:00Z', 'no offset: in the zone'],
	['Europe/Istanbul', '2026-11-22T14:00+01:00', '0 days after', '2026-11-22T13:00Z', 'with an offset'],
	['Europe/Istanbul', '2026-11-22', '3 days before', '2026-11-18T21:00Z', 'before'],
	['Europe/Istanbul', '2026-11-22', '90 minutes before', '2026-11-21T19:30Z', 'minutes before'],
	['Europe/Berlin', '2026-03-30T02:30', '1 days before', '2026-03-29T01:00Z', 'offset into the gap'],
	['Europe/Berlin', '2026-03-29T02:30', '0 days after', '2026-03-29T01:00Z', 'date in the gap'],
	['Europe/Berlin', '2026-10-25T02:30', '0 days after', '2026-10-25T00:30Z', 'date in the overlap'],
	['Europe/Berlin', '2026-10-25T02:30+01:00', '0 days after', '2026-10-25T01:30Z', 'second occurrence by its offset'],
	['America/Sao_Paulo', '2018-11-04', '0 days after', '2018-11-04T03:00Z', 'day without midnight'],
	['Pacific/Apia', '2011-12-30', '0 days after', '2011-12-30T10:00Z', 'day that was skipped'],
	['Europe/Berlin', 1_795_356_000, '1 hours after', '2026-11-22T15:00Z', 'epoch seconds'],
	['Europe/Berlin', 1_795_356_000_000, '1 days after', '2026-11-23T14:00Z', 'epoch milliseconds'],
	['UTC', '2001-01-01', '1 years after', '2002-01-01T00:00Z', 'long past'],
	['UTC', '2024-02-29', '1 years after', '2025-02-28T00:00Z', 'leap day'],
];

describe('dueAt', () => {
	const now = utc('2026-11-20T10:00Z');

	test.each(DELAYED)('delay, %s: %s + %s at %s = %s (%s)', (zone, from, delay, atTime, expected) => {
		expect(iso(dueAt({ kind: 'delay', delay: length(delay), atTime }, utc(from), zone))).toBe(expected.replace('.000Z', 'Z'));
	});

	test.each(WEEKDAYS)('weekday, %s: %s until %j %s, %s = %s (%s)', (zone, from, weekdays, atTime, sameDayPassed, expected) => {
		expect(iso(dueAt({ kind: 'weekday', weekdays, atTime, sameDayPassed }, utc(from), zone))).toBe(expected);
	});

	test.each(DATES)('date, %s: %s, %s = %s (%s)', (zone, date, shift, expected) => {
		const offset = { ...length(shift), before: shift.endsWith('before') };
		expect(iso(dueAt({ kind: 'date', date, offset }, now, zone))).toBe(expected);
	});

	test('a delay without a time of day', () => {
		expect(iso(dueAt({ kind: 'delay', delay: length('2 days') }, now, 'Asia/Kathmandu'))).toBe('2026-11-22T10:00Z');
	});

	const REFUSED: Array<[string, unknown, RegExp]> = [
		['a time of day after hours', { kind: 'delay', delay: length('3 hours'), atTime: '14:00' }, /^At time: "14:00" cannot be reached by waiting hours/],
		['24:00', { kind: 'delay', delay: length('1 days'), atTime: '24:00' }, /^At time: "24:00" is not a time of day/],
		['9:00', { kind: 'delay', delay: length('1 days'), atTime: '9:00' }, /Use HH:mm/],
		['an empty time', { kind: 'delay', delay: length('1 days'), atTime: '' }, /^At time: nothing is not a time of day/],
		['zero days', { kind: 'delay', delay: length('0 days') }, /^Delay: "0 days" is too short/],
		['an unknown unit', { kind: 'delay', delay: length('1 fortnights') }, /^Delay: "fortnights" is not a unit of time/],
		['no weekday', { kind: 'weekday', weekdays: [], atTime: '09:00', sameDayPassed: 'nextWeek' }, /^Weekdays: nothing/],
		['weekday 0', { kind: 'weekday', weekdays: [1, 0], atTime: '09:00', sameDayPassed: 'nextWeek' }, /^Weekdays: "1, 0"/],
		['weekday at no time', { kind: 'weekday', weekdays: [1], atTime: 'nine', sameDayPassed: 'atOnce' }, /^At time: "nine"/],
		['an impossible date', { kind: 'date', date: '31/02', offset: { ...length('0 days'), before: false } }, /^Date: "31\/02"/],
		['an offset of unknown unit', { kind: 'date', date: '2026-01-01', offset: { ...length('1 moons'), before: true } }, /^Offset: "moons"/],
	];
	test.each(REFUSED)('refuses %s', (_what, until, message) => {
		expect(() => dueAt(until as Until, now, 'UTC')).toThrow(expect.objectContaining({ name: 'TimeRuleError', message: expect.stringMatching(message) }));
	});

	test('refuses an unknown zone', () => {
		expect(() => dueAt({ kind: 'delay', delay: length('1 days') }, now, 'Mars/Olympus')).toThrow(/"Mars\/Olympus" is not a time zone/);
	});
});

/** zone · entry · lock · free again, in UTC · why */
const LOCKS: Array<[string, string, string, string, string]> = [
	['UTC', '2026-11-20T10:00Z', '1 days', '2026-11-21T00:00Z', 'from the next day'],
	['UTC', '2026-11-20T00:00Z', '1 days', '2026-11-21T00:00Z', 'entered at midnight'],
	['UTC', '2026-11-20T23:59Z', '1 days', '2026-11-21T00:00Z', 'entered before midnight'],
	['UTC', '2026-11-20T10:00Z', '24 hours', '2026-11-21T10:00Z', 'hours are elapsed time'],
	['UTC', '2026-11-20T10:00Z', '90 minutes', '2026-11-20T11:30Z', 'minutes too'],
	['UTC', '2026-11-20T10:00Z', '1 weeks', '2026-11-27T00:00Z', 'weeks are seven days'],
	['UTC', '2026-01-31T10:00Z', '1 months', '2026-02-28T00:00Z', 'months end with the month'],
	['Europe/Berlin', '2026-03-23T09:00+01:00', '7 days', '2026-03-29T22:00Z', 'weekly 09:00 over 167 h is free'],
	['Europe/Berlin', '2026-10-19T09:00+02:00', '7 days', '2026-10-25T23:00Z', 'weekly 09:00 over 169 h'],
	['Europe/Istanbul', '2026-11-20T22:30Z', '1 days', '2026-11-21T21:00Z', 'already the 21st there'],
	['America/New_York', '2026-11-21T03:00Z', '1 days', '2026-11-21T05:00Z', 'still the 20th there'],
	['America/Sao_Paulo', '2018-11-03T10:00-03:00', '1 days', '2018-11-04T03:00Z', 'the day begins at 01:00'],
	['America/Havana', '2026-10-31T10:00-04:00', '1 days', '2026-11-01T04:00Z', 'midnight twice, first'],
	['Pacific/Apia', '2011-12-29T10:00-10:00', '1 days', '2011-12-30T10:00Z', 'the next day was skipped'],
	['Asia/Kathmandu', '2026-06-01T18:30Z', '1 days', '2026-06-02T18:15Z', 'odd offset'],
];

describe('lockEnds', () => {
	test.each(LOCKS)('%s: entered %s, locked for %s, free from %s (%s)', (zone, entry, lock, expected) => {
		expect(iso(lockEnds(utc(entry), length(lock), zone))).toBe(expected);
	});

	test('refuses a lock of zero days', () => {
		expect(() => lockEnds(utc('2026-01-01T00:00Z'), length('0 days'), 'UTC')).toThrow(/^Lock: "0 days" is too short/);
	});
});
