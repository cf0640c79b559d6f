import { DateTime } from 'luxon';

import { TimeRuleError } from './time-rule-error';
import { atClockTime, checkWeekdays } from './wall';

/** On which dates a schedule falls. Dates are `YYYY-MM-DD`, by the calendar of whoever it is for. */
export type Recurrence =
	| { kind: 'once'; date: string }
	/** `first`: it counts from there, and falls on nothing before. Absent: every day, week or month. */
	| { kind: 'days'; every: number; first?: string }
	| { kind: 'weeks'; every: number; /** 1 = Monday … 7 = Sunday */ weekdays: number[]; first?: string }
	| { kind: 'months'; every: number; /** 29 to 31: the last day of a shorter month */ day: number | 'last'; first?: string };

export interface Schedule {
	recurrence: Recurrence;
	/** `HH:mm` */
	atTime: string;
}

/** One date of a schedule, and when it is there. */
export interface Occasion {
	date: string;
	at: Date;
}

const MOST = { days: 36_525, weeks: 5_217, months: 1_200 };
const ONE = { days: 'day', weeks: 'week', months: 'month' };

/** Checks a schedule as a person entered it. @throws TimeRuleError naming the field */
export function validateSchedule({ recurrence, atTime }: Schedule): Schedule {
	atClockTime(DateTime.utc(2000), atTime, 'UTC', 'At Time');
	if (recurrence.kind === 'once') {
		dayOf(recurrence.date, 'Date');
		return { recurrence, atTime };
	}
	const { kind, every, first } = recurrence;
	if (!Number.isInteger(every) || every < 1 || every > MOST[kind]) {
		throw new TimeRuleError('Every', `${String(every)}`, `is not a number of ${kind}. Enter a whole number from 1 to ${MOST[kind]}.`);
	}
	if (first !== undefined) dayOf(first, 'Starting On');
	else if (every > 1) throw new TimeRuleError('Starting On', '', `is needed to know which ${ONE[kind]} is the first of every ${every}. Enter a date.`);
	if (kind === 'weeks') checkWeekdays(recurrence.weekdays);
	if (kind === 'months' && recurrence.day !== 'last' && !(Number.isInteger(recurrence.day) && recurrence.day >= 1 && recurrence.day <= 31)) {
		throw new TimeRuleError('Day of Month', String(recurrence.day), 'is not a day of a month. Enter a whole number from 1 to 31.');
	}
	return { recurrence, atTime };
}

/** What falls after `from` and until `to`, oldest first. */
export function occasionsBetween(schedule: Schedule, zone: string, from: Date, to: Date): Occasion[] {
	const found: Occasion[] = [];
	// A date begins at most 14 h before it does in UTC, and ends at most 12 h after.
	const last = utcDay(to).plus({ days: 1 });
	for (let day = utcDay(from).minus({ days: 2 }); day <= last; day = day.plus({ days: 1 })) {
		if (!fallsOn(schedule.recurrence, day)) continue;
		const at = atClockTime(day, schedule.atTime, zone);
		if (at > from && at <= to) found.push({ date: day.toISODate()!, at });
	}
	return found;
}

/** The next ones after `after`, at most `count`. */
export function nextOccasions(schedule: Schedule, zone: string, after: Date, count: number): Occasion[] {
	const found: Occasion[] = [];
	const { recurrence, atTime } = schedule;
	const start = recurrence.kind === 'once' ? recurrence.date : recurrence.first;
	const earliest = utcDay(after).minus({ days: 2 });
	const first = start === undefined ? earliest : DateTime.max(earliest, dayOf(start, 'Starting On'));
	for (let day: DateTime | undefined = first; day && found.length < count; day = nextDay(recurrence, day)) {
		if (!fallsOn(recurrence, day)) continue;
		const at = atClockTime(day, atTime, zone);
		if (at > after) found.push({ date: day.toISODate()!, at });
	}
	return found;
}

/** The day on which to look next; a schedule of every hundred months is not found day by day. */
function nextDay(recurrence: Recurrence, day: DateTime): DateTime | undefined {
	if (recurrence.kind === 'once') return undefined;
	const isHit = fallsOn(recurrence, day);
	if (recurrence.kind === 'days' && isHit) return day.plus({ days: recurrence.every });
	if (recurrence.kind === 'months' && isHit) return day.startOf('month').plus({ months: recurrence.every });
	return day.plus({ days: 1 });
}

function fallsOn(recurrence: Recurrence, day: DateTime): boolean {
	if (recurrence.kind === 'once') return day.toISODate() === recurrence.date;
	const { every, first } = recurrence;
	const start = first === undefined ? undefined : dayOf(first, 'Starting On');
	if (start && day < start) return false;
	switch (recurrence.kind) {
		case 'days':
			return !start || Math.round(day.diff(start, 'days').days) % every === 0;
		case 'weeks':
			return recurrence.weekdays.includes(day.weekday)
				&& (!start || Math.round(day.startOf('week').diff(start.startOf('week'), 'weeks').weeks) % every === 0);
		case 'months': {
			const wanted = recurrence.day === 'last' ? 31 : recurrence.day;
			return day.day === Math.min(wanted, day.daysInMonth!) && (!start || (day.year * 12 + day.month - start.year * 12 - start.month) % every === 0);
		}
	}
}

function utcDay(instant: Date): DateTime {
	return DateTime.fromJSDate(instant, { zone: 'utc' }).startOf('day');
}

/** Days are counted in UTC, which knows no summer time. */
function dayOf(date: string, field: string): DateTime {
	const day = DateTime.fromISO(date, { zone: 'utc' });
	if (/^\d{4}-\d\d-\d\d$/.test(date) && day.isValid) return day;
	throw new TimeRuleError(field, date, 'is not a date. Choose one, or write it as 2026-01-31.');
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/**
 * A schedule in plain English, with its next three dates:
 * "On Monday and Thursday of every 2nd week at 09:00 (Europe/Istanbul). Next: Mon 23 Nov 2026, Thu 26 Nov 2026, …"
 *
 * @param options.ownZone it goes by each customer's own clock, and by the zone for who has none
 * @param options.start nobody enters before. @param options.end or from then on
 */
export function scheduleSentence(
	schedule: Schedule, now: Date, zone: string, { ownZone, start, end }: { ownZone: boolean; start?: Date; end?: Date },
): string {
	const where = ownZone ? `by each customer’s own clock, by that of ${zone} where their zone is not known` : zone;
	const after = start && start > now ? new Date(+start - 1) : now;
	const next = nextOccasions(schedule, zone, after, 3).filter(({ at }) => !end || at < end);
	const dates = next.map(({ date }) => dayOf(date, 'Date').setLocale('en-US').toFormat('ccc d LLL yyyy'));
	const ahead = dates.length > 0 ? `Next: ${dates.join(', ')}.` : 'There is no date ahead.';
	return `${recurrenceWords(schedule.recurrence)} at ${schedule.atTime}${ownZone ? ', ' : ' ('}${where}${ownZone ? '' : ')'}. ${ahead}`;
}

function recurrenceWords(recurrence: Recurrence): string {
	if (recurrence.kind === 'once') return `Once, on ${dayOf(recurrence.date, 'Date').setLocale('en-US').toFormat('ccc d LLL yyyy')}`;
	const { every, first } = recurrence;
	const begins = first === undefined ? '' : `, counted from ${dayOf(first, 'Starting On').setLocale('en-US').toFormat('d LLL yyyy')},`;
	switch (recurrence.kind) {
		case 'days':
			return `${every === 1 ? 'Every day' : `Every ${every} days`}${begins}`;
		case 'weeks': {
			const days = [...recurrence.weekdays].sort((a, b) => a - b).map((day) => WEEKDAYS[day - 1]!);
			const list = days.length === 7 ? 'every day' : days.length > 1 ? `${days.slice(0, -1).join(', ')} and ${days.at(-1)}` : days.join('');
			return `On ${list} of every ${every === 1 ? 'week' : `${nth(every)} week`}${begins}`;
		}
		case 'months': {
			const { day } = recurrence;
			const which = day === 'last' ? 'the last day' : `day ${day}`;
			const short = typeof day === 'number' && day > 28 ? ' (the last day of a shorter one)' : '';
			return `On ${which} of every ${every === 1 ? 'month' : `${nth(every)} month`}${short}${begins}`;
		}
	}
}

function nth(count: number): string {
	const tens = count % 100;
	const ending = tens > 10 && tens < 14 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' } as Record<number, string>)[count % 10] ?? 'th';
	return `${count}${ending}`;
}
