interface Kept {
	from: Date;
	until: number;
	value: Promise<unknown>;
}

const MOST_KEPT = 200;
/** Loading takes at most this part of the time, however many look, and at however many pages. */
const SHARE = 20;
/** But however long it took, nobody is shown what is older: the store may have been slow for a moment. */
const MOST_KEPT_MS = 60_000;

/** What was loaded a moment ago, for everybody who asks for it meanwhile. */
export class Lately {
	private readonly kept = new Map<string, Kept>();

	constructor(private readonly leastMs: number) {}

	/** @param now the store's clock; what failed is not kept */
	async get<T>(name: string, now: Date, load: () => Promise<T>): Promise<T> {
		const known = this.kept.get(name);
		if (known && known.from <= now && known.until > +now) return await (known.value as Promise<T>);
		if (this.kept.size >= MOST_KEPT) this.kept.clear();
		const began = performance.now();
		const value = load();
		const kept: Kept = { from: now, until: Infinity, value };
		this.kept.set(name, kept);
		try {
			const loaded = await value;
			const took = performance.now() - began;
			const pages = [...this.kept.values()].filter(({ until }) => until > +now).length;
			kept.until = +now + took + Math.min(MOST_KEPT_MS, Math.max(this.leastMs, took * SHARE * pages));
			return loaded;
		} catch (error) {
			this.kept.delete(name);
			throw error;
		}
	}
}
