/** A condition that cannot be compiled, or a person's value that cannot be compared. `field` is the condition's path. */
export class FilterError extends Error {
	override readonly name = 'FilterError';

	constructor(readonly field: string, reason: string) {
		super(`The condition on ${JSON.stringify(field)} cannot be used: ${reason}.`);
	}
}

const LONGEST_QUOTE = 80;

/** A value that was found, as an error message quotes it. */
export function quoted(value: unknown): string {
	const text = JSON.stringify(value) ?? String(value);
	return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

/** An operator as panels say it: `greaterOrEqual` is "greater or equal". */
export function operatorName(operator: string): string {
	return JSON.stringify(operator.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
}
