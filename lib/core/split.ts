import { hash } from 'node:crypto';

/** One side of a weighted split. People keep their side by its name. */
export interface Variant {
	name: string;
	/** Share of the sum of all weights; a whole number from 1. */
	weight: number;
	/** Who is here stays untouched, for comparison. */
	control?: boolean;
}

/** A split that people come through already cannot become this one. */
export class SplitError extends Error {
	override readonly name = 'SplitError';
}

/** Control → its share, 0 to 1, as people were last put there. */
export type ControlShares = Record<string, number>;

const MOST_WEIGHT = 1_000_000;

/**
 * Checks the sides of a split as a person entered them.
 * @throws Error that says which one, what was found and what to do
 */
export function validateVariants(variants: Variant[]): void {
	if (variants.length === 0) throw new Error('there is none. Add the sides to split customers between.');
	if (variants.every(({ control }) => control)) throw new Error('every side is a control. Add a side to compare them with.');
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
 * Controls come first: each takes those of the people left whose number, from the hash of (salt, side, profile), is below
 * its share of what is left. A smaller share is a part of the larger one, so nobody who has been on another side comes
 * into a control, whatever becomes of the other weights.
 *
 * Then a race: each side gets an exponential time, from the hash and faster by its weight, and the first one wins. A side
 * whose weight does not change keeps its time. So when one weight changes, people move only to or from that side, no more
 * of them than its share changes; when many do, at most 2d / (1 + d) of all people move, d being the part that must, which
 * is the least possible for a rule without memory.
 *
 * @returns position in `variants`, and how probable it was
 */
export function pickVariant(variants: Variant[], salt: string, profile: number): { index: number; probability: number } {
	const number = ({ name }: Variant) => uniform(JSON.stringify([salt, name, profile]));
	const sum = sumOf(variants);
	let left = sum;
	for (const index of controlsOf(variants)) {
		const { weight } = variants[index]!;
		if (number(variants[index]!) < weight / left) return { index, probability: weight / sum };
		left -= weight;
	}
	let index = 0;
	let first = Infinity;
	variants.forEach((variant, at) => {
		if (variant.control) return;
		const time = -Math.log(number(variant)) / variant.weight;
		if (time < first) [index, first] = [at, time];
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

/** The controls of a split, with their shares. */
export function controlShares(variants: Variant[]): ControlShares {
	return Object.fromEntries(controlsOf(variants).map((at) => [variants[at]!.name, variants[at]!.weight / sumOf(variants)]));
}

const ROUNDING = 1e-9;

/**
 * Checks that no control grows while people come through the split: whoever came into it would have been treated before.
 * @param before of the split as people were last put on its sides; absent: nobody was yet
 * @throws SplitError that says which control, what was found and what to do
 */
export function checkControls(variants: Variant[], before: ControlShares | undefined): void {
	if (!before) return;
	const percent = (share: number) => `${Number((100 * share).toFixed(2))} %`;
	for (const [name, share] of Object.entries(controlShares(variants))) {
		const known = Object.hasOwn(before, name) ? before[name]! : 0;
		if (share <= known + ROUNDING) continue;
		throw new SplitError(
			`the control "${name}" would grow from ${percent(known)} to ${percent(share)}. People come through this split already, so a control may only shrink: who came into it now has been on another side. Make it no larger, or deal everybody anew with another Split Key.`,
		);
	}
}

/** Positions of the controls, by name: their order in the panel means nothing. */
function controlsOf(variants: Variant[]): number[] {
	const controls = variants.flatMap(({ control }, at) => (control ? [at] : []));
	return controls.length < 2 ? controls : controls.sort((a, b) => (variants[a]!.name < variants[b]!.name ? -1 : 1));
}

function sumOf(variants: Variant[]): number {
	return variants.reduce((sum, { weight }) => sum + weight, 0);
}

/** A number between 0 and 1, neither included, evenly spread over texts. */
function uniform(text: string): number {
	// As hex: measured twice as quick as a buffer.
	return (Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16) + 0.5) / 2 ** 48;
}
