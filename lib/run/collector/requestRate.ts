const MINUTE_MS = 60_000;

interface Bucket {
	tokens: number;
	at: number;
}

/** Counts requests per sender in this process. A sender may use up a minute's worth at once. */
export class RequestRate {
	private readonly buckets = new Map<string, Bucket>();

	/**
	 * Takes one request.
	 * @param sender must come from a bounded set: it is remembered
	 * @returns 0 if it may go on, otherwise after how many seconds to come back
	 */
	take(sender: string, perMinute: number, now: Date): number {
		const last = this.buckets.get(sender) ?? { tokens: perMinute, at: now.getTime() };
		const refilled = last.tokens + ((now.getTime() - last.at) * perMinute) / MINUTE_MS;
		const tokens = Math.min(perMinute, Math.max(last.tokens, refilled));
		const allowed = tokens >= 1;
		this.buckets.set(sender, { tokens: allowed ? tokens - 1 : tokens, at: now.getTime() });
		return allowed ? 0 : Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute / 1000);
	}
}
