import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';

const MINUTE_SECONDS = 60;

/**
 * Counts requests per sender and minute: in this process, or in Redis for all processes together. While Redis is away
 * each process counts for itself.
 */
export class RequestRate {
	private readonly limiters = new Map<number, RateLimiterAbstract>();

	/** @param shared a client that fails at once while Redis is away, and what its keys begin with */
	constructor(private readonly shared?: { client: Redis; prefix: string; beforeUse(): void }) {}

	/**
	 * Takes one request.
	 * @param sender must come from a bounded set, and is no secret: it is remembered, in Redis too
	 * @returns 0 if it may go on, otherwise after how many seconds to come back
	 */
	async take(sender: string, perMinute: number): Promise<number> {
		this.shared?.beforeUse();
		try {
			await this.limiter(perMinute).consume(sender);
			return 0;
		} catch (refused) {
			if (!(refused instanceof RateLimiterRes)) throw refused;
			return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
		}
	}

	private limiter(perMinute: number): RateLimiterAbstract {
		let limiter = this.limiters.get(perMinute);
		if (!limiter) this.limiters.set(perMinute, (limiter = this.make(perMinute)));
		return limiter;
	}

	private make(points: number): RateLimiterAbstract {
		const own = { points, duration: MINUTE_SECONDS };
		if (!this.shared) return new RateLimiterMemory(own);
		return new RateLimiterRedis({
			...own, storeClient: this.shared.client, keyPrefix: `${this.shared.prefix}:${points}`, rejectIfRedisNotReady: true,
			// Above the limit there is nothing to ask until the minute is over.
			inMemoryBlockOnConsumed: points,
			insuranceLimiter: new RateLimiterMemory(own),
		});
	}
}
