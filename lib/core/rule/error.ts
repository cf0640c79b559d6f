/** A rule that cannot be compiled. The message says which part, what was found and what to do. */
export class RuleError extends Error {
	override readonly name = 'RuleError';
}
