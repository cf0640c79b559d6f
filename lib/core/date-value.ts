import { DateTime } from 'luxon';

import { TimeRuleError } from './time-rule-error';
import { instantOf } from './zone';

const ISO =
	/^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
const EXAMPLES = 'Use ISO 8601, such as 2026-11-22, 2026-11-22T14:00 or 2026-11-22T14:00:00+03:00, or a number of epoch seconds or milliseconds.';

/** Below this, a number is epoch seconds (until the year 5138), from it on milliseconds (since March 1973). */
const FIRST_MILLISECONDS = 1e11;

const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads a date from a field, an attribute or an expression.
 *
 * - Text: ISO 8601 in the long form (`T` or a space before the time). With an offset it is that instant, without one it
 *   is clock time in `zone`, a date alone is its midnight there. Beyond milliseconds, digits are cut off.
 * - Number: below 1e11 epoch seconds, from 1e11 on epoch milliseconds; never negative.
 * - `Date` and luxon's `DateTime` (n8n's `$now`): that instant.
 *
 * @throws TimeRuleError for anything else, for days that do not exist and beyond the year 9999
 */
export function parseDate(value: unknown, zone: string, field: string): Date {
	return checkInstant(toMilliseconds(value, zone, field), value, field);
}

/** Refuses an instant that no year of four digits holds. `found` is what it was made from. */
export function checkInstant(ms: number, found: unknown, field: string): Date {
	if (ms > LAST_INSTANT) throw new TimeRuleError(field, found, 'lands beyond the year 9999. Enter an earlier date or a shorter time.');
	if (ms < FIRST_INSTANT) throw new TimeRuleError(field, found, 'lands before the year 1. Enter a later date or a shorter time.');
	if (Number.isNaN(ms)) throw new TimeRuleError(field, found, `is not a date. ${EXAMPLES}`);
	return new Date(ms);
}

function toMilliseconds(value: unknown, zone: string, field: string): number {
	if (typeof value === 'number') return fromEpoch(value, field);
	if (typeof value === 'string') return fromIso(value.trim(), zone, field);
	if (DateTime.isDateTime(value)) return value.toMillis();
	if (Object.prototype.toString.call(value) === '[object Date]') return (value as Date).getTime();
	throw new TimeRuleError(field, value, `is not a date. ${EXAMPLES}`);
}

function fromEpoch(value: number, field: string): number {
	if (!Number.isFinite(value) || value < 0) throw new TimeRuleError(field, value, `is not a date. ${EXAMPLES}`);
	const ms = Math.floor(value < FIRST_MILLISECONDS ? value * 1000 : value);
	if (ms > LAST_INSTANT) {
		throw new TimeRuleError(field, value, 'lands beyond the year 9999 (looks like microseconds or nanoseconds). Divide it down to epoch milliseconds.');
	}
	return ms;
}

function fromIso(text: string, zone: string, field: string): number {
	const parts = ISO.exec(text);
	if (!parts) throw new TimeRuleError(field, text, `is not a date that can be told without guessing. ${EXAMPLES}`);
	const number = (part: number) => Number(parts[part] ?? 0);
	const day = { year: number(1), month: number(2), day: number(3) };
	const time = { hour: number(4), minute: number(5), second: number(6), millisecond: Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0')) };
	const wall = DateTime.fromObject({ ...day, ...time }, { zone: 'utc' });
	if (!wall.isValid) throw new TimeRuleError(field, text, `does not exist: ${wall.invalidExplanation ?? 'no such day or time'}. Correct the date.`);
	return parts[8] === undefined ? instantOf(wall.toMillis(), zone) : wall.toMillis() - offsetOf(parts[8], text, field);
}

function offsetOf(offset: string, text: string, field: string): number {
	if (/^z$/i.test(offset)) return 0;
	const hours = Number(offset.slice(1, 3));
	const minutes = Number(offset.slice(3).replace(':', '') || 0);
	if (hours > 15 || minutes > 59) throw new TimeRuleError(field, text, `has an offset from UTC that does not exist (${offset}). Correct it.`);
	return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
