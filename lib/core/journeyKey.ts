/** How many journeys a message names when the one asked for is not there. */
export const KEYS_NAMED = 10;

/** What is wrong with a key that no journey has. @param keys some that there are */
export function noJourney(key: string, keys: string[]): string {
	const others = keys.length > 0 ? `use one of: ${keys.join(', ')}` : 'no journey has been published on this store yet';
	return `no journey has the key "${key}": ${others}`;
}
