import type { DateTime } from 'luxon';

import { checkInstant, parseDate } from './date-value';
import { elapsedMs, validateDuration, validateOffset } from './duration';
import { TimeRuleError } from './time-rule-error';
import type { Duration, Until } from './types';
import { atClockTime, checkWeekdays, wall, wallDay } from './wall';
import { inWindow } from './window';
import { instantOf } from './zone';

/**
 * `from` plus a duration: hours and below as elapsed time, days and above as calendar time in the zone, so that the
 * clock there shows the same. A month later than 31 January is the last day of February. A clock time that is skipped
 * gives the first minute after the gap, one that comes twice its first occurrence.
 *
 * @throws TimeRuleError for a duration or zone that is none, or a result beyond the year 9999
 */
export function addDuration(from: Date, duration: Duration, zone: string): Date {
	return shift(from, duration, 1, zone);
}

/** `from` minus a duration, by the same rules as `addDuration`. */
export function subtractDuration(from: Date, duration: Duration, zone: string): Date {
	return shift(from, duration, -1, zone);
}

/**
 * When a wait that begins at `now` is over. For a date this may lie before `now`: what a past date means is the
 * caller's to decide.
 *
 * - delay: `now` plus the delay; with a time of day the first such time that is at least the delay ahead
 * - date: that date plus or minus its offset (see `parseDate` for what is read as a date)
 * - weekday: the first chosen weekday whose time is not before `now`; on a chosen weekday whose time has passed, with
 *   *at once*, `now` itself
 * - window: the first moment from `now` on that lies in it
 *
 * @throws TimeRuleError naming the part of the wait that cannot be understood
 */
export function dueAt(until: Until, now: Date, zone: string): Date {
	switch (until.kind) {
		case 'delay':
			return afterDelay(until, now, zone);
		case 'date': {
			const { before, ...offset } = until.offset;
			const date = parseDate(until.date, zone, 'Date');
			return shift(date, validateOffset(offset, 'Offset'), before ? -1 : 1, zone);
		}
		case 'weekday':
			return onWeekday(until, now, zone);
		case 'window':
			return inWindow(until, now, zone);
	}
}

/**
 * When someone who entered at `entry` may enter again. A lock in days and above compares calendar days in the zone: it
 * ends as the day begins that is so many days after the day of entry. A lock in hours and below is elapsed time.
 */
export function lockEnds(entry: Date, lock: Duration, zone: string): Date {
	const duration = validateDuration(lock, 'Lock');
	if (elapsedMs(duration) !== undefined) return addDuration(entry, duration, zone);
	const day = wallDay(entry, zone).plus({ [duration.unit]: duration.amount });
	return checkInstant(instantOf(day.toMillis(), zone), `${duration.amount} ${duration.unit}`, 'Lock');
}

function shift(from: Date, duration: Duration, sign: 1 | -1, zone: string): Date {
	const { amount, unit } = validateOffset(duration, 'Duration');
	if (amount === 0) return new Date(from);
	const elapsed = elapsedMs(duration);
	const to =
		elapsed === undefined
			? instantOf(wall(from, zone).plus({ [unit]: sign * amount }).toMillis(), zone)
			: from.getTime() + sign * elapsed;
	return checkInstant(to, `${amount} ${unit}`, 'Duration');
}

function afterDelay({ delay, atTime }: Extract<Until, { kind: 'delay' }>, now: Date, zone: string): Date {
	const earliest = addDuration(now, validateDuration(delay, 'Delay'), zone);
	if (atTime === undefined) return earliest;
	if (elapsedMs(delay) !== undefined) {
		throw new TimeRuleError('At time', atTime, `cannot be reached by waiting ${delay.unit}. Choose days or a longer unit, or leave the time empty.`);
	}
	return firstAtTime(atTime, earliest, zone, () => true);
}

function onWeekday({ weekdays, atTime, sameDayPassed }: Extract<Until, { kind: 'weekday' }>, now: Date, zone: string): Date {
	checkWeekdays(weekdays);
	const today = wallDay(now, zone);
	const passed = atClockTime(today, atTime, zone) < now;
	if (passed && sameDayPassed === 'atOnce' && weekdays.includes(today.weekday)) return new Date(now);
	return firstAtTime(atTime, now, zone, (day) => weekdays.includes(day.weekday));
}

/** The first time of day on a day that `isDay` accepts, not before `earliest`. */
function firstAtTime(atTime: string, earliest: Date, zone: string, isDay: (day: DateTime) => boolean): Date {
	// Yesterday's time can be ahead as well, if it was skipped together with the rest of that day.
	let day = wallDay(earliest, zone).minus({ days: 1 });
	for (;;) {
		const at = isDay(day) ? atClockTime(day, atTime, zone) : undefined;
		if (at && at >= earliest) return at;
		day = day.plus({ days: 1 });
	}
}
