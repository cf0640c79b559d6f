import { TimeRuleError } from './time-rule-error';
import { atClockTime, checkWeekdays, wallDay } from './wall';

/** Hours of the week, such as business hours. One that crosses midnight belongs to the day it starts on. */
export interface Window {
	/** 1 = Monday … 7 = Sunday */
	weekdays: number[];
	/** `HH:mm` */
	from: string;
	/** `HH:mm`, or 24:00 for the end of the day. Before `from`: on the next day. */
	to: string;
}

/**
 * The first moment from `now` on that lies in the window: `now` itself when it does. Its end is not in it. A window whose
 * hours all fall into a gap (clocks go forward) does not take place that day.
 *
 * @throws TimeRuleError naming the part that cannot be understood
 */
export function inWindow({ weekdays, from, to }: Window, now: Date, zone: string): Date {
	checkWeekdays(weekdays);
	if (from === to) throw new TimeRuleError('To', to, 'is the same as From. For the whole day, enter 00:00 to 24:00.');
	const endsNextDay = to === '24:00' || to < from;
	// The day before yesterday's window may still be open, where a whole day was skipped.
	let day = wallDay(now, zone).minus({ days: 2 });
	for (;;) {
		if (weekdays.includes(day.weekday)) {
			const start = atClockTime(day, from, zone, 'From');
			const end = atClockTime(endsNextDay ? day.plus({ days: 1 }) : day, to === '24:00' ? '00:00' : to, zone, 'To');
			if (start < end && end > now) return start > now ? start : new Date(now);
		}
		day = day.plus({ days: 1 });
	}
}
