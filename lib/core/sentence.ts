import { DateTime } from 'luxon';

import { dueAt } from './time';
import type { Duration, Until } from './types';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** A State's wait, as far as words can say it. */
export interface WaitWords {
	/** When the time is up; absent: never. */
	until?: Until;
	/** Names of the events that it waits for; absent: it waits for the time only. */
	events?: string[];
	/** The best of the events decides, when the time is up. */
	best?: boolean;
	/** Names of the events that start the delay again. */
	resets?: string[];
}

/**
 * A wait in plain English, with the date on which someone who arrives at `now` goes on:
 * "Waits 1 day, then until 14:00. Someone who arrives now goes on Sun 22 Nov 2026, 14:00 (Europe/Istanbul)."
 *
 * A date that is not there yet (undefined) is shown with one a month ahead.
 *
 * @throws TimeRuleError as `dueAt` does
 */
export function waitSentence({ until, events, best = false, resets = [] }: WaitWords, now: Date, zone: string): string {
	const again = resets.length > 0 ? `, again from the start with each ${listWords(resets)}` : '';
	const words = best && events && until ? `Waits ${untilWords(until)}, then goes by the first in this list that has happened: ${events.join(', ')}`
		: events ? `Waits for ${listWords(events)}${limitWords(until)}` : `Waits ${until ? untilWords(until) : 'for ever'}${again}`;
	return `${words}. ${until ? example(until, events !== undefined, now, zone) : ''}`.trim();
}

/** A duration in words: `1 day`, `90 minutes`. */
export function durationWords({ amount, unit }: Duration): string {
	return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

function limitWords(until: Until | undefined): string {
	return until ? `, at most ${untilWords(until)}` : ', however long it takes';
}

function untilWords(until: Until): string {
	switch (until.kind) {
		case 'delay':
			return `${durationWords(until.delay)}${until.atTime === undefined ? '' : `, then until ${until.atTime}`}`;
		case 'date': {
			const { amount, before } = until.offset;
			return amount === 0 ? 'until the date' : `until ${durationWords(until.offset)} ${before ? 'before' : 'after'} the date`;
		}
		case 'weekday': {
			const days = listWords([...until.weekdays].sort((a, b) => a - b).map((day) => WEEKDAYS[day - 1]!));
			const passed = until.sameDayPassed === 'atOnce' ? `, or not at all on such a day after ${until.atTime}` : '';
			return `until ${days}, ${until.atTime}${passed}`;
		}
		case 'window':
			return `until a time from ${until.from} to ${until.to} ${windowDays(until.weekdays)}`;
	}
}

/** Days that follow each other are said as a span: `on Monday to Friday`. */
function windowDays(weekdays: number[]): string {
	const days = [...weekdays].sort((a, b) => a - b);
	if (days.length === 7) return 'on any day';
	const inRow = days.length > 2 && days.every((day, at) => day === days[0]! + at);
	return `on ${inRow ? `${WEEKDAYS[days[0]! - 1]} to ${WEEKDAYS[days.at(-1)! - 1]}` : listWords(days.map((day) => WEEKDAYS[day - 1]!))}`;
}

function listWords(words: string[]): string {
	return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function example(until: Until, byEvent: boolean, now: Date, zone: string): string {
	if (until.kind === 'date' && until.date === undefined) return madeUpExample(until, byEvent, now, zone);
	const due = dueAt(until, now, zone);
	const at = `${dateWords(due, zone, +due - +now)} (${zone})`;
	if (until.kind === 'window' && +due === +now) return `Now is such a time (${zone}): ${byEvent ? 'the time is up at once' : 'they go on at once'}.`;
	if (due < now) return `For someone who arrives now that is past: ${at}.`;
	if (byEvent) return `For someone who arrives now the time is up ${at}.`;
	return `Someone who arrives now goes on ${at}.`;
}

function madeUpExample(until: Extract<Until, { kind: 'date' }>, byEvent: boolean, now: Date, zone: string): string {
	const day = DateTime.fromJSDate(now, { zone }).plus({ days: 30 }).setLocale('en-US');
	const due = dueAt({ ...until, date: day.toISODate() }, now, zone);
	return `If the date is ${day.toFormat('ccc d LLL yyyy')}, ${byEvent ? 'the time is up' : 'they go on'} ${dateWords(due, zone, Infinity)} (${zone}).`;
}

/** Seconds are only worth saying of what is very near. */
function dateWords(date: Date, zone: string, aheadMs: number): string {
	const local = DateTime.fromJSDate(date, { zone }).setLocale('en-US');
	return local.toFormat(local.second === 0 || aheadMs >= 120_000 ? 'ccc d LLL yyyy, HH:mm' : 'ccc d LLL yyyy, HH:mm:ss');
}
