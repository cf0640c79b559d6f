import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';

import { readStreamEntry } from '../../core/segment/streamEntry';
import type { RedisSettings } from '../../store/types';
import { keptText } from '../collector';
import type { Outcome, Part } from '../takeInParts';
import { connect, nameOf, reasonOf } from './connect';

const FEWEST_AT_FIRST = 64;
const MOST_AT_ONCE = 1_000;
/** Redis counts entries, not bytes: so many are asked for as have this together, as large as the last ones were. */
const CHARACTERS_AT_ONCE = 8 * 2 ** 20;
const BLOCK_MS = 1_000;
/** A connection that says nothing for so long is dead, though nobody closed it. */
const ANSWERS_MS = 10_000;
/** What somebody has read and not acknowledged for so long, they never will. */
const DEAD_AFTER_MS = 60_000;
const RECLAIM_EVERY_MS = 30_000;
/** A consumer that nobody has been for so long was of a process that was killed. */
const LEFT_BEHIND_MS = 24 * 60 * 60_000;
const LATENESS_DAYS = 7;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

type Log = { info(message: string): void; warn(message: string): void };
type Entry = [id: string, fields: string[]];

/** An entry as it is handed over. If it is refused, its arrival and id are kept: sent in again, it is the same as now. */
export function partOf([id, fields]: Entry, stream: string, now: Date): Part {
	const { body, arrivedAt, messageId, ...read } = readStreamEntry(id, fields, { stream, index: 0, now, latenessDays: LATENESS_DAYS });
	const kept = { body: keptText(body), arrivedAt, messageId };
	if ('entry' in read) return { entries: [read.entry], refused: [], keptOf: () => kept };
	return { entries: [], refused: [{ position: 0, reason: `${read.reason} (entry ${id})`, ...kept }], keptOf: () => kept };
}

/**
 * Reads events from a Redis stream, as one consumer of a group, and acknowledges them after they are committed.
 *
 * Whatever breaks in between leaves entries pending: this process or, if it is dead, another one takes them again, and
 * those that were committed already are known by their message ids. While the store is away nothing more is read, and
 * Redis keeps what comes.
 */
export class StreamReader {
	private readonly consumer = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
	private redis?: Redis;
	private loop?: Promise<void>;
	private stopped = false;
	private wake?: () => void;
	private hasGroup = false;
	private reclaimAt = 0;
	private atOnce = FEWEST_AT_FIRST;
	private said = '';

	/** @param take commits parts. @returns what became of each */
	constructor(
		private readonly settings: RedisSettings & { stream: string },
		private readonly take: (parts: Part[]) => Promise<Outcome[]>,
		private readonly log: Log,
		private readonly leftBehindMs = LEFT_BEHIND_MS,
	) {}

	start(): void {
		this.loop ??= this.run();
	}

	/** Resolves when what was read is committed and acknowledged, as far as store and Redis allow. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.wake?.();
		// What waits for a Redis that is away would hold this up.
		if (this.redis?.status !== 'ready') this.redis?.disconnect();
		await this.loop;
		// One that is left behind with nothing pending is taken out by whoever reads a day later.
		await this.retire().catch(() => undefined);
		this.redis?.disconnect();
	}

	/** Takes this consumer out of the group, if it leaves nothing pending: Redis would forget that with it. */
	private async retire(): Promise<void> {
		const { stream, group } = this.settings;
		if (this.redis?.status !== 'ready') return;
		const [pending] = await this.redis.xpending(stream, group, '-', '+', 1, this.consumer);
		if (!pending) await this.redis.xgroup('DELCONSUMER', stream, group, this.consumer);
	}

	private async run(): Promise<void> {
		for (let failures = 0; !this.stopped; ) {
			try {
				this.redis ??= await connect(this.settings, { maxRetriesPerRequest: null, commandTimeout: ANSWERS_MS });
				await this.turn(this.redis);
				if (this.said) this.log.info(`Journey: events from ${this.name} are read again.`);
				this.said = '';
				failures = 0;
			} catch (error) {
				const reason = reasonOf(error as Error);
				// Redis came back empty, or somebody deleted the stream.
				if (reason.startsWith('NOGROUP')) this.hasGroup = false;
				// Others on this connection would wait in vain, too.
				else if (reason.includes('timed out') && !this.stopped) this.redis?.disconnect(true);
				this.say(`no events can be read (${reason})`);
				await this.pause(++failures);
			}
		}
	}

	private async turn(redis: Redis): Promise<void> {
		const { stream, group } = this.settings;
		if (!this.hasGroup) await this.makeGroup(redis);
		if (Date.now() >= this.reclaimAt) {
			const entries = await this.reclaim(redis);
			// There may be more of them.
			if (entries.length > 0) return await this.settle(redis, entries);
			this.reclaimAt = Date.now() + RECLAIM_EVERY_MS;
			// A user who may not do this leaves them there: they harm nobody.
			await this.forgetTheDead(redis).catch((error: Error) => {
				if (!error.message.startsWith('NOPERM')) throw error;
			});
		}
		const read = (await redis.xreadgroup('GROUP', group, this.consumer, 'COUNT', this.atOnce, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>')) as Array<[string, Entry[]]> | null;
		if (read) await this.settle(redis, read[0]![1]);
	}

	/** Takes over what the dead have read. */
	private async reclaim(redis: Redis): Promise<Entry[]> {
		const { stream, group } = this.settings;
		for (let from = '0-0'; !this.stopped; ) {
			const [next, left] = (await redis.xautoclaim(stream, group, this.consumer, DEAD_AFTER_MS, from, 'COUNT', this.atOnce)) as [string, Array<Entry | null>];
			const entries = left.filter((one) => one !== null);
			// It looks at a few times as many as it is asked for, and what the living have read may come first.
			if (entries.length > 0 || next === '0-0') return entries;
			from = next;
		}
		return [];
	}

	/** Takes consumers out of the group that were killed, when what they had pending was taken over. A living one asks every half minute. */
	private async forgetTheDead(redis: Redis): Promise<void> {
		const { stream, group } = this.settings;
		for (const flat of (await redis.xinfo('CONSUMERS', stream, group)) as unknown[][]) {
			const of = (field: string) => flat[flat.indexOf(field) + 1];
			if (of('pending') === 0 && (of('idle') as number) >= this.leftBehindMs && of('name') !== this.consumer) {
				await redis.xgroup('DELCONSUMER', stream, group, of('name') as string);
			}
		}
	}

	private async makeGroup(redis: Redis): Promise<void> {
		const { stream, group } = this.settings;
		// From its beginning: what producers wrote before anybody read counts.
		await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error: Error) => {
			if (!error.message.startsWith('BUSYGROUP')) throw error;
		});
		this.hasGroup = true;
	}

	/** Commits and acknowledges, again and again until nothing is left. */
	private async settle(redis: Redis, entries: Entry[]): Promise<void> {
		this.measure(entries);
		let open = entries;
		for (let failures = 0; !this.stopped || failures === 0; ) {
			const outcomes = await this.take(open.map((entry) => partOf(entry, this.settings.stream, new Date())));
			const done = open.filter((_, at) => outcomes[at]!.stored);
			if (done.length > 0) await redis.xack(this.settings.stream, this.settings.group, ...done.map(([id]) => id));
			open = open.filter((_, at) => !outcomes[at]!.stored);
			if (open.length === 0) return;
			const failed = outcomes.find((one) => !one.stored) as { error: Error };
			this.say(`${open.length} events cannot be stored now, and wait there (${failed.error.message})`);
			await this.pause(++failures);
		}
	}

	/** Twice as many next time, if they are not too large. A process that has just been killed by their size begins with few. */
	private measure(entries: Entry[]): void {
		const characters = entries.reduce((sum, [, fields]) => sum + fields.reduce((all, text) => all + text.length, 0), 0);
		const fit = Math.floor((CHARACTERS_AT_ONCE * entries.length) / Math.max(1, characters));
		const wanted = entries.length < this.atOnce ? this.atOnce : this.atOnce * 2;
		this.atOnce = Math.max(1, Math.min(MOST_AT_ONCE, wanted, fit));
	}

	private get name(): string {
		return `Redis ${nameOf(this.settings)}, stream ${this.settings.stream}`;
	}

	private say(problem: string): void {
		if (!this.said) this.log.warn(`Journey: ${this.name}: ${problem}. It is tried again.`);
		this.said = problem;
	}

	private async pause(failures: number): Promise<void> {
		if (this.stopped) return;
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10))).unref();
			this.wake = () => (clearTimeout(timer), resolve());
		});
	}
}
