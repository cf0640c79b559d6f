import type { Capacity, Json } from './types';

/** How full a journey is, as whoever lets people in has counted it under its lock. */
export interface Fullness {
	/** Entries in this minute of the store's clock. */
	entered: number;
	inside: number;
	/** The last moment for which people were put back, and how many were for it; null: nobody waits to be let in. */
	tail: { at: Date; count: number } | null;
}

/** Why somebody finds no place, and when to come back. */
export interface NoPlace {
	reason: 'per_minute' | 'inside';
	detail: Json;
	/** The turn of who is delayed. */
	turn: () => Date;
}

const MINUTE_MS = 60_000;
/** A place inside may become free at any time; it is given away at the next of these. */
const LOOK_AGAIN_MS = 15_000;

/** The places of a journey during one admission. */
export class Places {
	/** Taken in this admission. */
	entered = 0;
	inside = 0;
	private queue: { at: number; count: number } | undefined;

	constructor(
		private readonly capacity: Capacity,
		private readonly before: Fullness,
		private readonly now: Date,
	) {}

	/**
	 * Takes a place. Who begins again has one inside already; who is held out needs what the others need, and leaves
	 * the place inside to them.
	 * @returns why there is none
	 */
	take(who: 'new' | 'again' | 'heldOut'): NoPlace | undefined {
		const { perMinute, inside: most } = this.capacity;
		const entered = this.before.entered + this.entered;
		const within = this.before.inside + this.inside;
		const turn = () => this.nextTurn();
		if (perMinute !== undefined && entered >= perMinute) return { reason: 'per_minute', detail: { entered, allowed: perMinute }, turn };
		if (who !== 'again' && most !== undefined && within >= most) return { reason: 'inside', detail: { inside: within, allowed: most }, turn };
		this.entered++;
		if (who === 'new') this.inside++;
		return undefined;
	}

	/**
	 * When the next who is put back comes again: behind those who were before, and not more at a time than are let in.
	 * A turn is no promise: who comes then is counted like everybody else.
	 */
	private nextTurn(): Date {
		const { perMinute, inside } = this.capacity;
		const step = perMinute === undefined ? LOOK_AGAIN_MS : MINUTE_MS;
		const first = (Math.floor(+this.now / step) + 1) * step;
		const tail = this.before.tail && { at: Math.ceil(+this.before.tail.at / step) * step, count: this.before.tail.count };
		this.queue ??= tail && tail.at >= first ? tail : { at: first, count: 0 };
		if (this.queue.count >= (perMinute ?? inside!)) this.queue = { at: this.queue.at + step, count: 0 };
		this.queue.count++;
		return new Date(this.queue.at);
	}
}
