import { LONGEST_ID } from './segment/message';

/** Of a message of a node, in characters: enough to see what went wrong, and no page that a server answered with. */
export const LONGEST_ERROR = 2_000;
/** From how many digits on a bare number is somebody's name: a shorter one may be anything, a status or a port. */
export const SHORTEST_NUMBER = 5;
const SOMEBODY = '(a customer)';

/** Who must not stand in a text, as `unwanted` has made it of their names. */
export interface Unwanted {
	folded: Set<string>;
	/** How long names are that begin so, longest first. */
	lengths: Map<string, number[]>;
}

/** Characters by which names of that many and more are looked for. */
const HEAD = 3;
const SHORTER = [2, 1];

/** Names to be found in many texts, in any case, as whole words. */
export function unwanted(names: string[]): Unwanted {
	const folded = new Set(names.map(fold).filter((name) => name !== '' && !(name.length < SHORTEST_NUMBER && /^\p{N}+$/u.test(name))));
	const lengths = new Map<string, Set<number>>();
	for (const name of folded) {
		const head = name.slice(0, HEAD);
		lengths.set(head, (lengths.get(head) ?? new Set()).add(name.length));
	}
	return { folded, lengths: new Map([...lengths].map(([head, some]) => [head, [...some].sort((a, b) => b - a)])) };
}

/** What is read of what a node said, so that a name that begins in what is kept is whole in it. Without what Postgres cannot hold. */
export function readError(message: string): string {
	return storable(firstOf(message, LONGEST_ERROR + LONGEST_ID));
}

/** What is kept of what a node said: so many characters, and none that Postgres cannot hold. */
export function keptError(message: string, names?: Unwanted): string {
	const text = readError(message);
	const first = firstOf(text, LONGEST_ERROR);
	const kept = names ? withoutNames(text, first.length, names) : first;
	const shown = firstOf(kept, LONGEST_ERROR);
	return first === text && shown === kept ? kept : `${firstOf(kept, LONGEST_ERROR - 1)}…`;
}

/** Text without what Postgres cannot hold. */
export function storable(text: string): string {
	return text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}

/** Looks up each stretch between two ends of words that is as long as a name: the effort is the text's, however many names there are. */
function withoutNames(text: string, end: number, { folded, lengths }: Unwanted): string {
	const said = fold(text);
	const inWord = new Uint8Array(text.length);
	for (const word of text.matchAll(/[\p{L}\p{N}]+/gu)) inWord.fill(1, word.index, word.index + word[0].length);
	const isNamed = (start: number) => (length: number) => start + length <= said.length && !inWord[start + length] && folded.has(said.slice(start, start + length));
	let [kept, done] = ['', 0];
	for (let start = 0; start < end; start++) {
		if (inWord[start - 1]) continue;
		const length = [...(lengths.get(said.slice(start, start + HEAD)) ?? []), ...SHORTER].find(isNamed(start));
		if (length === undefined) continue;
		// One that begins in another is gone with it.
		if (start >= done) kept += text.slice(done, start) + SOMEBODY;
		done = Math.max(done, start + length);
	}
	return kept + text.slice(done, Math.max(done, end));
}

/** As no case tells it from others. Each character keeps its length, so places in it are places in the text. */
function fold(text: string): string {
	return text.replace(/./gsu, (character) => {
		const folded = character.toUpperCase().toLowerCase();
		return folded.length === character.length ? folded : character;
	});
}

function firstOf(text: string, characters: number): string {
	return text.length <= characters ? text : [...text.slice(0, 2 * characters)].slice(0, characters).join('');
}
