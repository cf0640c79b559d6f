import type { Redis } from 'ioredis';

import type { RedisSettings } from '../../store/types';
import { RequestRate } from '../collector/requestRate';
import { connect, nameOf, reporting } from './connect';

/** A Redis that does not answer is taken for one that is away. */
const ANSWERS_MS = 1_000;

type Log = { info(message: string): void; warn(message: string): void };

/** What processes tell each other through Redis: that something is due, and how many requests came. Only hints: nothing is lost with it. */
export class RedisLink {
	readonly rate: RequestRate;
	private subscriber?: Promise<Redis>;

	private constructor(
		readonly settings: RedisSettings,
		private readonly channel: string,
		private readonly client: Redis,
	) {
		this.rate = new RequestRate({ client, prefix: `${channel}:rate` });
	}

	/** @param name tells stores apart that share a Redis */
	static async open(settings: RedisSettings, name: string, log: Log): Promise<RedisLink> {
		const client = await connect(settings, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: ANSWERS_MS });
		endWhenFrozen(client);
		reporting(client, `Redis ${nameOf(settings)} cannot be reached`, log);
		return new RedisLink(settings, name, client);
	}

	/** Tells other processes that something is due. @returns whether Redis took it */
	async hint(): Promise<boolean> {
		return await this.client.publish(this.channel, '').then(() => true, () => false);
	}

	async onHint(listener: () => void): Promise<void> {
		// It subscribes again by itself when the connection comes back.
		this.subscriber ??= connect(this.settings, { maxRetriesPerRequest: null });
		const subscriber = await this.subscriber;
		subscriber.on('message', listener);
		await subscriber.subscribe(this.channel).catch(() => undefined);
	}

	/** Hears no more hints, until somebody listens again. */
	deafen(): void {
		void this.subscriber?.then((subscriber) => subscriber.disconnect());
		this.subscriber = undefined;
	}

	close(): void {
		this.client.disconnect();
		this.deafen();
	}
}

/**
 * A frozen Redis keeps its connections open. So the first command that it does not answer ends this one: what follows
 * fails at once, until it answers again, and no request waits for it.
 */
function endWhenFrozen(client: Redis): void {
	const send = client.sendCommand.bind(client);
	client.sendCommand = (command, stream) => {
		command.promise.catch(({ message }: Error) => {
			if (message === 'Command timed out' && client.status === 'ready') client.disconnect(true);
		});
		return send(command, stream);
	};
}
