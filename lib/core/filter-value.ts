import { parseDate } from './date-value';
import { FilterError, quoted } from './filter-error';
import { isStorable } from './path';
import { TimeRuleError } from './time-rule-error';

export type Scalar = string | number | boolean;

/** Postgres compares one after the other, and its parser is recursive. */
const LONGEST_LIST = 1_000;

/**
 * The one value that a condition compares with. Dates (JavaScript's and n8n's) become their ISO text.
 * @returns undefined for "no value": null, undefined and the empty text
 * @throws FilterError for objects, lists and text that Postgres cannot hold
 */
export function readOne(found: unknown, field: string): Scalar | undefined {
	const value = hasJson(found) ? found.toJSON() : found;
	if (value === undefined || value === null || value === '') return undefined;
	if (typeof value === 'bigint') return String(value);
	if (typeof value === 'boolean' || Number.isFinite(value)) return value as boolean | number;
	if (typeof value !== 'string') throw new FilterError(field, `it compares with one text, number or boolean, found ${quoted(value)}`);
	if (!isStorable(value)) throw new FilterError(field, `its value ${quoted(value)} has a character that Postgres cannot hold in JSON`);
	return value;
}

/**
 * The values of *is one of* as a fixed value has them: a list, or text with commas between.
 * @returns undefined for "no value"
 * @throws FilterError for an empty entry and for more than 1,000, and as `readOne`
 */
export function readList(found: unknown, field: string): Scalar[] | undefined {
	const entries = readEntries(found, field);
	if (entries.every((entry) => entry === undefined)) return undefined;
	if (entries.length > LONGEST_LIST) throw new FilterError(field, `its list has ${entries.length} values, and at most ${LONGEST_LIST} can be compared. Mark these customers with a tag or an attribute instead`);
	return entries.map((entry, index) => {
		if (entry !== undefined) return entry;
		throw new FilterError(field, `entry ${index + 1} of its list of values is empty. Remove it, or the comma too many`);
	});
}

/** The entries of a list, or of text with commas between, without outer spaces; undefined for those that are empty. */
export function readEntries(found: unknown, field: string): Array<Scalar | undefined> {
	const entries: unknown[] = Array.isArray(found) ? found : String(readOne(found, field) ?? '').split(',').map((entry) => entry.trim());
	return entries.map((entry) => readOne(entry, field));
}

/** The text and, where it reads as one, the number or boolean: `"5"` and `5` are the same to whoever fills in a panel. */
export function equalForms(value: Scalar): Scalar[] {
	const text = String(value);
	if (text === 'true' || text === 'false') return [text, text === 'true'];
	const number = readNumber(value);
	return number === undefined ? [text] : [text, number];
}

/** A number, or text that is one in JSON's notation: `49.90`, not `49,90`, `+5` or `007`. */
export function readNumber(value: Scalar): number | undefined {
	const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(String(value));
	return isNumber && Number.isFinite(Number(value)) ? Number(value) : undefined;
}

/** The instant of a date, as UTC text like `2026-01-31T09:00:00.000Z`. Without an offset it is read as UTC. */
export function readInstant(value: Scalar): string | undefined {
	try {
		return parseDate(value, 'UTC', 'value').toISOString();
	} catch (error) {
		if (error instanceof TimeRuleError) return undefined;
		throw error;
	}
}

function hasJson(value: unknown): value is { toJSON(): unknown } {
	return typeof (value as { toJSON?: unknown } | null | undefined)?.toJSON === 'function';
}
