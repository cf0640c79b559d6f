import type { Redis, RedisOptions } from 'ioredis';

import { StoreError, type RedisSettings } from '../../store/types';

const CONNECT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Where it is, without a password. */
export function nameOf({ url }: RedisSettings): string {
	const { hostname, port, pathname } = new URL(url);
	return `${hostname}:${port || 6379}${pathname.length > 1 ? `, database ${pathname.slice(1)}` : ''}`;
}

/** A connection that comes back by itself, for ever. `options` decide what happens to commands while it is away. */
export async function connect(settings: RedisSettings, options: RedisOptions): Promise<Redis> {
	// Loaded by processes that use it.
	const { Redis } = await import('ioredis');
	const redis = new Redis(settings.url, {
		connectTimeout: CONNECT_MS, keepAlive: CONNECT_MS, connectionName: 'n8n-nodes-journey',
		retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(times, 10)),
		...(settings.tls && { tls: settings.tls === true ? {} : settings.tls }),
		...options,
	});
	// Without a listener ioredis prints each failure; who uses the connection says what is the matter.
	redis.on('error', () => undefined);
	return redis;
}

/** Logs once that a connection is away, and once that it is back. */
export function reporting(redis: Redis, what: string, log: { info(message: string): void; warn(message: string): void }): void {
	let away = false;
	const lost = (reason: string) => {
		if (away) return;
		away = true;
		log.warn(`Journey: ${what} (${reason}). Everything else goes on; it is tried again.`);
	};
	redis.on('error', (error: Error) => lost(reasonOf(error)));
	redis.on('reconnecting', () => lost('the connection was closed'));
	redis.on('ready', () => {
		if (away) log.info('Journey: Redis is back.');
		away = false;
	});
}

/** A driver says nothing at all of a host with several addresses. */
export function reasonOf(error: Error): string {
	const reasons = error instanceof AggregateError ? error.errors.map((one: Error) => one.message) : [error.message];
	return reasons.join('; ') || ((error as NodeJS.ErrnoException).code ?? 'no reason given');
}

/** XAUTOCLAIM came with it. */
const OLDEST = [6, 2] as const;

/**
 * Connects, asks for the version and the stream, and leaves again: the credential's *Test* button.
 * @returns the server's version @throws StoreError saying what is wrong
 */
export async function testRedis(settings: RedisSettings): Promise<string> {
	const redis = await connect(settings, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
	const refuse = (problem: string) => new StoreError(`Redis ${nameOf(settings)} ${problem}`);
	let reason: Error | undefined;
	redis.once('error', (error: Error) => (reason = error));
	const unusable = (error: Error) => refuse(`cannot be used (${reasonOf(error)}). Check Redis Host, Port, User, Password, Database and SSL.`);
	try {
		await redis.connect().catch((error: Error) => {
			throw unusable(reason ?? error);
		});
		// A refused user or database is only reported: the connection goes on as somebody else, or somewhere else.
		await redis.ping();
		if (reason) throw unusable(reason);
		const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '0';
		const [major, minor] = version.split('.').map(Number) as [number, number];
		if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) throw refuse(`is version ${version}. Use ${OLDEST.join('.')} or newer.`);
		const kind = settings.stream ? await redis.type(settings.stream) : 'none';
		if (kind !== 'none' && kind !== 'stream') throw refuse(`has a ${kind} under "${settings.stream}". Enter another Event Stream.`);
		return version;
	} catch (error) {
		if (error instanceof StoreError) throw error;
		throw reason ? unusable(reason) : refuse(`refuses: ${reasonOf(error as Error)}. Check Redis User and what it may do.`);
	} finally {
		redis.disconnect();
	}
}
