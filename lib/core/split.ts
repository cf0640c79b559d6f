import { hash } from 'node:crypto';

/** One side of a weighted split. People keep their side by its name. */
export interface Variant {
	name: string;
	/** Share of the sum of all weights; a whole number from 1. */
	weight: number;
}

const MOST_WEIGHT = 1_000_000;

/**
 * Checks the sides of a split as a person entered them.
 * @throws Error that says which one, what was found and what to do
 */
export function validateVariants(variants: Variant[]): void {
	if (variants.length === 0) throw new Error('there is none. Add the sides to split customers between.');
	variants.forEach(({ name, weight }, at) => {
		if (typeof name !== 'string' || name.trim() === '') throw new Error(`number ${at + 1} has no name. Give it one.`);
		if (variants.findIndex((other) => other.name === name) < at) throw new Error(`"${name}" is there twice. Give each its own name.`);
		if (Number.isInteger(weight) && weight >= 1 && weight <= MOST_WEIGHT) return;
		throw new Error(`"${name}" has the weight ${JSON.stringify(weight) ?? 'undefined'}. Enter a whole number from 1 to ${MOST_WEIGHT}; to send nobody there, remove it.`);
	});
}

/**
 * The side of one profile: always the same for the same salt, names and weights, whatever their order.
 *
 * A race: each side gets an exponential time, from the hash of (salt, side, profile) and faster by its weight, and the
 * first one wins. A side whose weight does not change keeps its time. So when one weight changes, people move only to
 * or from that side, no more of them than its share changes; when many do, at most 2d / (1 + d) of all people move,
 * d being the part that must, which is the least possible for a rule without memory.
 *
 * @returns position in `variants`, and how probable it was
 */
export function pickVariant(variants: Variant[], salt: string, profile: number): { index: number; probability: number } {
	let index = 0;
	let first = Infinity;
	let sum = 0;
	variants.forEach(({ name, weight }, at) => {
		const time = -Math.log(uniform(JSON.stringify([salt, name, profile]))) / weight;
		if (time < first) [index, first] = [at, time];
		sum += weight;
	});
	return { index, probability: variants[index]!.weight / sum };
}

/** Whether a profile is among so many percent. Of a share that grows everybody stays inside, one that shrinks lets nobody new in. */
export function inShare(salt: string, profile: number, percent: number): boolean {
	return uniform(JSON.stringify([salt, profile])) * 100 < percent;
}

/** Where a profile stands between 0 and 100, as `inShare` compares it; rounded, to be told. */
export function placeIn(salt: string, profile: number): number {
	return Math.round(uniform(JSON.stringify([salt, profile])) * 10_000) / 100;
}

/** A number between 0 and 1, neither included, evenly spread over texts. */
function uniform(text: string): number {
	return (hash('sha256', text, 'buffer').readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
