import moment from 'moment-timezone';

import { ADDED, DATES, DELAYED, iso, LOCKS, SUBTRACTED, utc, WEEKDAYS, WINDOWS } from './time-cases';
import { oracleInstantOf, oracleShift } from './zone-oracle';

/*
 * The table of the time rules once more, by moment-timezone: it brings its own copy of the time zone database, where the
 * code asks V8's. Only its conversion from an instant to wall time is used, and the rules are written anew, minute by
 * minute.
 */
const MINUTE = 60_000;
const wallText = (instant: number, zone: string) => moment(instant).tz(zone).format('YYYY-MM-DDTHH:mm');
const at = (wall: string, zone: string) => oracleInstantOf(wall, zone, wallText);
const midnight = (wall: string, days: number) => `${oracleShift(wall, days, 'days').slice(0, 10)}T00:00`;
const weekday = (day: string) => new Date(`${day.slice(0, 10)}T00:00Z`).getUTCDay() || 7;
const day = (wall: string, days: number) => midnight(wall, days).slice(0, 10);
const minute = (date: Date) => Math.floor(+date / MINUTE) * MINUTE;
/** Seconds and milliseconds, which the wall time here does not show, are carried over. */
const said = (instant: number) => iso(new Date(instant));

type Calendar = 'days' | 'weeks' | 'months' | 'years';
const ELAPSED: Record<string, number> = { seconds: 1_000, minutes: MINUTE, hours: 60 * MINUTE };

function shift(instant: number, duration: string, back: boolean, zone: string): number {
	const [amount, unit] = [Number(duration.split(' ')[0]), duration.split(' ')[1]!];
	const sign = back ? -1 : 1;
	if (amount === 0) return instant;
	if (ELAPSED[unit] !== undefined) return instant + sign * amount * ELAPSED[unit];
	const wall = oracleShift(wallText(instant, zone), sign * amount, unit as Calendar);
	const to = at(wall, zone);
	return wallText(to, zone) === wall ? to + (instant % MINUTE) : to;
}

test('there are at least 150 cases', () => {
	expect([ADDED, SUBTRACTED, DELAYED, WEEKDAYS, DATES, LOCKS, WINDOWS].flat().length).toBeGreaterThanOrEqual(150);
});

describe('moment-timezone agrees', () => {
	test.each(ADDED)('%s: %s + %s = %s (%s)', (zone, from, duration, expected) => {
		expect(said(shift(+utc(from), duration, false, zone))).toBe(expected);
	});

	test.each(SUBTRACTED)('%s: %s − %s = %s (%s)', (zone, from, duration, expected) => {
		expect(said(shift(+utc(from), duration, true, zone))).toBe(expected);
	});

	test.each(DELAYED)('delay, %s: %s + %s at %s = %s (%s)', (zone, from, delay, atTime, expected) => {
		const earliest = shift(+utc(from), delay, false, zone);
		const wall = wallText(earliest, zone);
		const times = [-2, -1, 0, 1, 2, 3].map((days) => at(`${day(wall, days)}T${atTime}`, zone));
		expect(said(times.find((time) => time >= earliest)!)).toBe(expected);
	});

	test.each(WEEKDAYS)('weekday, %s: %s until %j %s, %s = %s (%s)', (zone, from, weekdays, atTime, sameDayPassed, expected) => {
		const now = +utc(from);
		const wall = wallText(now, zone);
		const passed = weekdays.includes(weekday(wall)) && at(`${day(wall, 0)}T${atTime}`, zone) < now;
		const days = Array.from({ length: 12 }, (_, one) => day(wall, one - 2)).filter((one) => weekdays.includes(weekday(one)));
		const next = days.map((one) => at(`${one}T${atTime}`, zone)).find((time) => time >= now)!;
		expect(said(passed && sameDayPassed === 'atOnce' ? now : next)).toBe(expected);
	});

	test.each(WINDOWS)('window, %s: %s within %j %s to %s = %s (%s)', (zone, from, weekdays, start, end, expected) => {
		const now = utc(from);
		// Every minute of the next weeks: is it between a beginning and the end that belongs to it?
		const wall = wallText(+now, zone);
		const spans = Array.from({ length: 11 }, (_, one) => day(wall, one - 2)).filter((one) => weekdays.includes(weekday(one))).map((one) => {
			const next = end === '24:00' || end < start;
			return [at(`${one}T${start}`, zone), at(`${next ? day(one + 'T00:00', 1) : one}T${end === '24:00' ? '00:00' : end}`, zone)] as const;
		});
		const open = (time: number) => spans.some(([begins, ends]) => begins <= time && time < ends);
		let time = open(+now) ? +now : minute(now);
		while (!open(time)) time += MINUTE;
		expect(said(time)).toBe(expected);
	});

	test.each(DATES)('date, %s: %s, %s = %s (%s)', (zone, date, offset, expected) => {
		const absolute = typeof date === 'number' ? (date < 1e11 ? date * 1000 : date) : /[Z+]|-\d\d:\d\d$/.test(String(date)) ? Date.parse(String(date)) : undefined;
		const from = absolute ?? at(String(date).length === 10 ? `${String(date)}T00:00` : String(date), zone);
		expect(said(shift(from, offset, offset.endsWith('before'), zone))).toBe(expected);
	});

	test.each(LOCKS)('%s: entered %s, locked for %s, free from %s (%s)', (zone, entry, lock, expected) => {
		const [amount, unit] = [Number(lock.split(' ')[0]), lock.split(' ')[1]!];
		const elapsed = ELAPSED[unit];
		const free = elapsed === undefined ? at(`${oracleShift(wallText(+utc(entry), zone), amount, unit as Calendar).slice(0, 10)}T00:00`, zone) : +utc(entry) + amount * elapsed;
		expect(said(free)).toBe(expected);
	});
});
