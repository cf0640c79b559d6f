/** Of a message of a node, in characters: enough to see what went wrong, and no page that a server answered with. */
export const LONGEST_ERROR = 2_000;
const SOMEBODY = '(a customer)';

/**
 * What is kept of what a node said: so many characters, and none that Postgres cannot hold.
 *
 * @param names who must not stand in it, in any case, as whole words
 */
export function keptError(message: string, names: string[] = []): string {
	const nameless = [...names].sort((a, b) => b.length - a.length).reduce((text, name) => text.replace(wholly(name), SOMEBODY), storable(message));
	const characters = [...nameless];
	return characters.length <= LONGEST_ERROR ? nameless : `${characters.slice(0, LONGEST_ERROR - 1).join('')}…`;
}

/** Text without what Postgres cannot hold. */
export function storable(text: string): string {
	return text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}

function wholly(name: string): RegExp {
	return new RegExp(`(?<![\\p{L}\\p{N}])${name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'giu');
}
