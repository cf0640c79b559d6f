/**
 * A duration, date, time of day or zone that the time rules refuse. The message names the field, what was found and
 * what to do; a caller that knows the node or the person puts that in front.
 */
export class TimeRuleError extends Error {
	override readonly name = 'TimeRuleError';

	constructor(
		readonly field: string,
		readonly found: unknown,
		advice: string,
	) {
		super(`${field}: ${inQuotes(found)} ${advice}`);
	}
}

const LONGEST_QUOTE = 80;

function inQuotes(value: unknown): string {
	if (value === undefined || value === null || value === '') return 'nothing';
	const text = typeof value === 'object' ? `a value of type ${Array.isArray(value) ? 'list' : 'object'}` : `"${String(value)}"`;
	return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…"` : text;
}
