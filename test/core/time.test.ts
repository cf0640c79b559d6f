import { addDuration, dueAt, lockEnds, subtractDuration } from '../../lib/core/time';
import type { Until } from '../../lib/core/types';
import { ADDED, DATES, DELAYED, iso, length, LOCKS, SUBTRACTED, utc, WEEKDAYS, WINDOWS } from './time-cases';

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

describe('subtractDuration', () => {
	test('refuses to land before the year 1', () => {
		expect(() => subtractDuration(utc('0050-01-01T00:00Z'), length('100 years'), 'America/New_York')).toThrow(/"100 years" lands before the year 1/);
	});

	test.each(SUBTRACTED)('%s: %s − %s = %s (%s)', (zone, from, duration, expected) => {
		expect(iso(subtractDuration(utc(from), length(duration), zone))).toBe(expected);
	});
});

describe('dueAt', () => {
	const now = utc('2026-11-20T10:00Z');

	test.each(DELAYED)('delay, %s: %s + %s at %s = %s (%s)', (zone, from, delay, atTime, expected) => {
		expect(iso(dueAt({ kind: 'delay', delay: length(delay), atTime }, utc(from), zone))).toBe(expected.replace('.000Z', 'Z'));
	});

	test.each(WEEKDAYS)('weekday, %s: %s until %j %s, %s = %s (%s)', (zone, from, weekdays, atTime, sameDayPassed, expected) => {
		expect(iso(dueAt({ kind: 'weekday', weekdays, atTime, sameDayPassed }, utc(from), zone))).toBe(expected);
	});

	test.each(WINDOWS)('window, %s: %s within %j %s to %s = %s (%s)', (zone, from, weekdays, start, end, expected) => {
		expect(iso(dueAt({ kind: 'window', weekdays, from: start, to: end }, utc(from), zone))).toBe(expected);
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
		['a window without length', { kind: 'window', weekdays: [1], from: '09:00', to: '09:00' }, /^To: "09:00" is the same as From/],
		['a window of no day', { kind: 'window', weekdays: [], from: '09:00', to: '10:00' }, /^Weekdays: nothing/],
		['a window from nowhere', { kind: 'window', weekdays: [1], from: '9', to: '10:00' }, /^From: "9" is not a time of day/],
		['a window from 24:00', { kind: 'window', weekdays: [1], from: '24:00', to: '10:00' }, /^From: "24:00"/],
		['a window to nowhere', { kind: 'window', weekdays: [1], from: '09:00', to: '25:00' }, /^To: "25:00"/],
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

describe('lockEnds', () => {
	test.each(LOCKS)('%s: entered %s, locked for %s, free from %s (%s)', (zone, entry, lock, expected) => {
		expect(iso(lockEnds(utc(entry), length(lock), zone))).toBe(expected);
	});

	test('refuses a lock of zero days', () => {
		expect(() => lockEnds(utc('2026-01-01T00:00Z'), length('0 days'), 'UTC')).toThrow(/^Lock: "0 days" is too short/);
	});
});
