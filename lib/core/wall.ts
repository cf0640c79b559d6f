import { DateTime } from 'luxon';

import { checkInstant } from './date-value';
import { TimeRuleError } from './time-rule-error';
import { instantOf, wallTime } from './zone';

/** Clock and calendar in the zone, as a luxon value in UTC: calendar arithmetic on it knows no summer time. */
export function wall(instant: Date, zone: string): DateTime {
	return DateTime.fromMillis(wallTime(instant.getTime(), zone), { zone: 'utc' });
}

/** The day that the calendar in the zone shows. */
export function wallDay(instant: Date, zone: string): DateTime {
	return wall(instant, zone).startOf('day');
}

/** When clocks in the zone show a time of day on a day. @throws TimeRuleError naming `field` */
export function atClockTime(day: DateTime, atTime: string, zone: string, field = 'At time'): Date {
	const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(atTime) ?? [];
	if (hour === undefined) throw new TimeRuleError(field, atTime, 'is not a time of day. Use HH:mm from 00:00 to 23:59.');
	const at = day.plus({ hours: Number(hour), minutes: Number(minute) });
	return checkInstant(instantOf(at.toMillis(), zone), atTime, field);
}

/** @throws TimeRuleError when these are not weekdays from 1 (Monday) to 7 (Sunday), at least one */
export function checkWeekdays(weekdays: number[]): void {
	if (weekdays.length > 0 && weekdays.every((day) => Number.isInteger(day) && day >= 1 && day <= 7)) return;
	throw new TimeRuleError('Weekdays', weekdays.join(', '), 'chooses no weekday. Choose at least one, from 1 (Monday) to 7 (Sunday).');
}
