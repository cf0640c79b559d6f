import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StoreError } from './types';

/** Another process owns the folder of an embedded store. */
export class FolderInUse extends StoreError {}

/**
 * A lock that dies with its process: a bound local socket. A pid file would outlive a crash and name a stranger.
 * Linux has socket names without a file; Windows has pipes; elsewhere the file of a dead owner refuses connections
 * and is removed.
 */
export function socketName(folder: string): string {
	const name = `n8n-nodes-journey-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24)}`;
	if (process.platform === 'linux') return `\0${name}`;
	return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

async function bind(socket: string, onConnection: (connection: Socket) => void): Promise<() => Promise<void>> {
	const open = new Set<Socket>();
	const server = createServer((connection) => {
		open.add(connection.once('close', () => open.delete(connection)));
		onConnection(connection);
	});
	await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
	server.unref();
	return async () => {
		open.forEach((connection) => connection.destroy());
		await new Promise<void>((resolve) => server.close(() => resolve()));
	};
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
 * @param onConnection what is done when another process knocks
 * @returns releases the folder
 * @throws FolderInUse when another process owns it
 */
export async function ownFolder(folder: string, onConnection: (connection: Socket) => void): Promise<() => Promise<void>> {
	const socket = socketName(folder);
	for (let tries = 0; ; tries++) {
		try {
			return await bind(socket, onConnection);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
			if (tries > 0 || process.platform !== 'darwin' || (await answers(socket))) {
				throw new FolderInUse(
					`Journey Store: another n8n process already uses the embedded store in ${folder}. Stop it, or give both a Journey Store credential for one Postgres.`,
				);
			}
			rmSync(socket, { force: true });
		}
	}
}
