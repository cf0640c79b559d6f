import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

const STREAM = 'journey:events';
const GROUP = 'journey';
const ANSWERS_MS = 2_000;
const COMES_BACK_MS = 100;
/** What a reader does not acknowledge for so long is taken over by another one, or by itself. */
const DEAD_AFTER_MS = 60_000;
const MOST = 1_000;

/** The Redis stream as its producers see it, and what is left of it to be read. */
export class Stream {
	private readonly redis: Redis;

	constructor(url: string) {
		this.redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: ANSWERS_MS, retryStrategy: () => COMES_BACK_MS });
		this.redis.on('error', () => undefined);
	}

	/** Redis answers again. */
	async back(): Promise<void> {
		while (this.redis.status !== 'ready') await sleep(20);
	}

	/** @throws unless Redis says that it has all of them: some may be there nevertheless */
	async write(messages: object[]): Promise<void> {
		await Promise.all(messages.map(async (message) => await this.redis.xadd(STREAM, '*', 'message', JSON.stringify(message))));
	}

	/** Whether everything that was written is acknowledged by its reader. */
	async isRead(): Promise<boolean> {
		if ((await this.redis.exists(STREAM)) === 0) return true;
		const [whole, groups] = [fieldsOf(await this.redis.xinfo('STREAM', STREAM)), (await this.redis.xinfo('GROUPS', STREAM)) as unknown[]];
		const group = groups.map(fieldsOf).find((one) => one.get('name') === GROUP);
		if (!group) return whole.get('length') === 0;
		return group.get('pending') === 0 && group.get('last-delivered-id') === whole.get('last-generated-id');
	}

	/** A minute passes at once for what was read and not acknowledged for `idleMs`: whoever looks next takes it over. */
	async age(idleMs: number): Promise<void> {
		const pending = (await this.redis.xpending(STREAM, GROUP, 'IDLE', idleMs, '-', '+', MOST).catch(noGroup)) as Array<[id: string, consumer: string]>;
		for (const [consumer, ids] of Map.groupBy(pending, ([, reader]) => reader)) {
			await this.redis.xclaim(STREAM, GROUP, consumer, idleMs, ...ids.map(([id]) => id), 'IDLE', DEAD_AFTER_MS, 'JUSTID');
		}
	}

	/** Forgets all entries and who reads them. Nobody may be reading. */
	async forget(): Promise<void> {
		await this.redis.del(STREAM);
	}

	stop(): void {
		this.redis.disconnect();
	}
}

/** Redis came back without it, or nobody has read yet. */
function noGroup(error: Error): [] {
	if (error.message.startsWith('NOGROUP')) return [];
	throw error;
}

/** Redis answers name, value, name, value, … */
function fieldsOf(flat: unknown): Map<unknown, unknown> {
	const words = flat as unknown[];
	return new Map(words.flatMap((name, at) => (at % 2 === 0 ? [[name, words[at + 1]] as const] : [])));
}
