/** Mulberry32: small, well known, and the same everywhere. The same seed always draws the same numbers. */
export class Random {
	private state: number;

	constructor(seed: number) {
		this.state = seed | 0;
	}

	/** @returns from 0, below 1 */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	/** A whole number from `from` to `to`, both possible. */
	int(from: number, to: number): number {
		return from + Math.floor(this.next() * (to - from + 1));
	}

	pick<T>(of: readonly T[]): T {
		return of[this.int(0, of.length - 1)]!;
	}

	/** One of the keys, as often as its weight says. */
	weighted<K extends string>(weights: Partial<Record<K, number>>): K {
		const entries = Object.entries(weights) as Array<[K, number]>;
		let at = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
		return (entries.find(([, weight]) => (at -= weight) < 0) ?? entries.at(-1)!)[0];
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}
}
