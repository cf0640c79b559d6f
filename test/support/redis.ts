import { execFileSync } from 'node:child_process';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Child } from './child';
import { temporaryFolder } from './guard';
import { freePort } from './ports';

export interface RedisServer {
	port: number;
	url: string;
	/** ends it cleanly */
	stop(): Promise<void>;
	/** kill -9 */
	kill(): Promise<void>;
	/** SIGSTOP: its connections stay open, and nothing is answered */
	freeze(): void;
	/** goes on where it was frozen */
	thaw(): void;
	/** starts it again on the same port: empty, unless it `keeps` */
	start(): Promise<void>;
}

/**
 * Starts `redis-server` from the PATH, on loopback.
 * @param keeps whether what it has acknowledged survives kill -9; default: without persistence
 * @returns undefined, with a printed line, when it is not installed: skip what needs it
 * @throws in CI (CI=true), where nothing may be skipped
 */
export async function startRedis({ keeps = false } = {}): Promise<RedisServer | undefined> {
	if (!redisIsThere()) return undefined;
	const port = await freePort();
	const folder = temporaryFolder('journey-redis');
	const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', keeps ? 'yes' : 'no', '--appendfsync', 'always', '--dir', folder];
	let server: Child;

	async function start(): Promise<void> {
		server = new Child('redis-server', flags, { env: process.env, cwd: folder, log: join(folder, 'redis.log') });
		await server.until(async () => await listens(port), 10_000);
	}
	await start();
	return {
		port,
		url: `redis://127.0.0.1:${port}`,
		start,
		stop: async () => await server.finish('SIGTERM'),
		kill: async () => await server.finish('SIGKILL'),
		freeze: () => void process.kill(server.pid, 'SIGSTOP'),
		thaw: () => void process.kill(server.pid, 'SIGCONT'),
	};
}

/**
 * Whether `redis-server` is in the PATH. If not, a line says what is skipped.
 * @throws in CI (CI=true), where nothing may be skipped
 */
export function redisIsThere(): boolean {
	try {
		execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
		return true;
	} catch {
		const line = 'redis-server is not in the PATH';
		if (process.env.CI === 'true') throw new Error(`${line}; in CI these tests must run. Install Redis.`);
		console.warn(`SKIPPED: ${line}, so what needs Redis is not tested.`);
		return false;
	}
}

async function listens(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = createConnection(port, '127.0.0.1', () => socket.end(() => resolve(true)));
		socket.once('error', () => resolve(false));
	});
}
