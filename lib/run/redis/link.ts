import type { Redis } from 'ioredis';

import type { RedisSettings } from '../../store/types';
import { RequestRate } from '../collector/requestRate';
import { connect, nameOf, reporting } from './connect';

/** A Redis that does not answer is taken for one that is away. */
const ANSWERS_MS = 1_000;
/** As long as Postgres' connections stay. */
const LET_GO_AFTER_MS = 60_000;

type Log = { info(message: string): void; warn(message: string): void };

/**
 * What processes tell each other through Redis: that something is due, and how many requests came. Only hints: nothing is lost with it.
 *
 * Its connection is let go when nobody uses it, and so is the attempt to get one back: a store that a credential does not
 * name any more is used by nobody. The next use asks for it again, and does without meanwhile.
 */
export class RedisLink {
	readonly rate: RequestRate;
	private subscriber?: Promise<Redis>;
	private closed = false;
	private letGo = false;
	private readonly idle = setTimeout(() => {
		this.letGo = true;
		this.client.disconnect();
	}, LET_GO_AFTER_MS).unref();

	private constructor(
		readonly settings: RedisSettings,
		private readonly channel: string,
		private readonly client: Redis,
	) {
		this.rate = new RequestRate({ client, prefix: `${channel}:rate`, beforeUse: () => this.use() });
	}

	/** @param name tells stores apart that share a Redis */
	static async open(settings: RedisSettings, name: string, log: Log): Promise<RedisLink> {
		const client = await connect(settings, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: ANSWERS_MS });
		endWhenFrozen(client);
		reporting(client, `Redis ${nameOf(settings)} cannot be reached`, log);
		return new RedisLink(settings, name, client);
	}

	private use(): void {
		if (this.closed) return;
		this.idle.refresh();
		const { status } = this.client;
		// Let go between two attempts, it stays in between.
		if (status !== 'end' && !(this.letGo && status === 'reconnecting')) return;
		this.letGo = false;
		void this.client.connect().catch(() => undefined);
	}

	/** Tells other processes that something is due. @returns whether Redis took it */
	async hint(): Promise<boolean> {
		this.use();
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
		this.closed = true;
		clearTimeout(this.idle);
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
