import { TimeRuleError } from '../time-rule-error';

/** Why one message is not taken: the field, what was found and what to do. */
export class Refusal extends Error {
	override readonly name = 'Refusal';
}

const LONGEST_QUOTE = 80;

/** A value as a reason shows it: text in quotes, everything else by its type. */
export function found(value: unknown): string {
	if (value === undefined || value === null) return 'nothing';
	if (Array.isArray(value)) return 'a list';
	if (typeof value === 'object') return 'an object';
	const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
	return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

/** The reason in an error that refuses a message; any other error is thrown on. */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Refusal) && !(error instanceof TimeRuleError)) throw error;
	return storableText(error.message);
}

/** Text that quotes what a sender wrote, without the characters that Postgres cannot hold. */
export function storableText(text: string): string {
	return text.replace(/[\0\p{Surrogate}]/gu, '\uFFFD');
}
