import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StoreError } from './types';

/**
 * A lock that dies with its process: a bound local socket. A pid file would outlive a crash and name a stranger.
 * Linux has socket names without a file; Windows has pipes; elsewhere the file of a dead owner refuses connections
 * and is removed.
 */
function socketName(folder: string): string {
	const name = `n8n-nodes-journey-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24)}`;
	if (process.platform === 'linux') return `\0${name}`;
	return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

async function bind(socket: string): Promise<() => Promise<void>> {
	const server = createServer((connection) => connection.end());
	await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
	server.unref();
	return async () => await new Promise((resolve) => server.close(() => resolve()));
}

async function answers(socket: string): Promise<boolean> {
	return await new Promise((resolve) => {
		const connection = createConnection(socket, () => resolve(true)).on('error', () => resolve(false));
		connection.unref();
	});
}

/**
 * Makes this process the only owner of the folder.
 *
 * @returns releases the folder
 * @throws StoreError when another process owns it
 */
export async function ownFolder(folder: string): Promise<() => Promise<void>> {
	const socket = socketName(folder);
	for (let tries = 0; ; tries++) {
		try {
			return await bind(socket);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
			if (tries > 0 || process.platform !== 'darwin' || (await answers(socket))) {
				throw new StoreError(
					`Journey Store: another n8n process already uses the embedded store in ${folder}. Stop it, or give both a Journey Store credential for one Postgres.`,
				);
			}
			rmSync(socket, { force: true });
		}
	}
}
