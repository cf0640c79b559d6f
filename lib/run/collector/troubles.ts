const SAID_EVERY_MS = 60_000;
/** Most kinds that are remembered: one that carries an id or a moment is a kind of its own each time. */
const MOST_KINDS = 100;

/**
 * What goes wrong at a door, said once a minute for each kind, with how often it was kept back: while the store is
 * away a busy door refuses thousands of requests a second.
 */
export class Troubles {
	private readonly kinds = new Map<string, { since: number; unsaid: number }>();

	/**
	 * @param now milliseconds of a clock that only goes forward
	 * @returns what to say; undefined: the same was said within a minute
	 */
	line(message: string, now: number): string | undefined {
		const known = this.kinds.get(message);
		if (known && now - known.since < SAID_EVERY_MS) {
			known.unsaid++;
			return undefined;
		}
		if (this.kinds.size >= MOST_KINDS) this.kinds.clear();
		this.kinds.set(message, { since: now, unsaid: 0 });
		return known?.unsaid ? `${message} (${known.unsaid} more times since this was last said)` : message;
	}
}
