import { DateTime } from 'luxon';

import { addDuration, dueAt } from './time';
import type { Duration, Until } from './types';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/**
 * A wait in plain English, with the date on which someone who arrives at `now` goes on:
 * "Waits 1 day, then until 14:00. Someone who arrives now goes on Sun 22 Nov 2026, 14:00 (Europe/Istanbul)."
 *
 * @param until what the State waits for in time; absent if it waits for events
 * @param timeout how long it waits for events at most
 * @throws TimeRuleError as `dueAt` does; a date that is not there yet (undefined) only leaves out the example
 */
export function waitSentence(until: Until | undefined, timeout: Duration | undefined, now: Date, zone: string): string {
	const limit = timeout && addDuration(now, timeout, zone);
	const due = until && !(until.kind === 'date' && until.date === undefined) ? dueAt(until, now, zone) : undefined;
	const words = until ? untilWords(until) : 'Waits for an event';
	const most = timeout ? `, at most ${durationWords(timeout)}` : until ? '' : ', however long it takes';
	return `${words}${most}. ${example(earlier(due, limit), until === undefined, now, zone)}`.trim();
}

/** A duration in words: `1 day`, `90 minutes`. */
export function durationWords({ amount, unit }: Duration): string {
	return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

function untilWords(until: Until): string {
	switch (until.kind) {
		case 'delay':
			return `Waits ${durationWords(until.delay)}${until.atTime === undefined ? '' : `, then until ${until.atTime}`}`;
		case 'date': {
			const { amount, before } = until.offset;
			return amount === 0 ? 'Waits until the date' : `Waits until ${durationWords(until.offset)} ${before ? 'before' : 'after'} the date`;
		}
		case 'weekday': {
			const days = listWords([...until.weekdays].sort((a, b) => a - b).map((day) => WEEKDAYS[day - 1]!));
			const passed = until.sameDayPassed === 'atOnce' ? `, or not at all on such a day after ${until.atTime}` : '';
			return `Waits until ${days}, ${until.atTime}${passed}`;
		}
	}
}

function listWords(words: string[]): string {
	return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function example(due: Date | undefined, byEvent: boolean, now: Date, zone: string): string {
	if (!due) return '';
	const at = `${dateWords(due, zone)} (${zone})`;
	if (due < now) return `For someone who arrives now that is past: ${at}.`;
	if (byEvent) return `For someone who arrives now the time is up ${at}.`;
	return `Someone who arrives now goes on ${at}.`;
}

function dateWords(date: Date, zone: string): string {
	const local = DateTime.fromJSDate(date, { zone }).setLocale('en-US');
	return local.toFormat(local.second === 0 ? 'ccc d LLL yyyy, HH:mm' : 'ccc d LLL yyyy, HH:mm:ss');
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
	return a && b ? (a < b ? a : b) : (a ?? b);
}
