import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child';
import { temporaryFolder } from './guard';
import type { RunAs } from './postgresProgram';

export interface SmallDisk {
	/** its folder, for every process of its user */
	folder: string;
	/** where it is for a command that `nsenter` starts */
	mountedAt: string;
	/** for `nsenter`: where the disk is mounted */
	inside: string[];
}

/**
 * A disk of its own that is soon full, in memory; gone with this process.
 * @param user who may write there
 * @returns undefined, with a printed line, where none can be mounted: skip what needs it
 */
export async function smallDisk(megabytes: number, user: RunAs = {}): Promise<SmallDisk | undefined> {
	const mountedAt = temporaryFolder('journey-disk');
	const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs "$1" && touch "$1/mounted" && exec sleep infinity`;
	const holder = new Child('unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, 'sh', mountedAt], { ...user, env: process.env, cwd: '/', log: `${temporaryFolder('journey-disk-log')}/log` });
	const folder = join('/proc', String(holder.pid), 'root', mountedAt);
	try {
		await holder.until(async () => existsSync(join(folder, 'mounted')), 10_000);
	} catch (error) {
		console.warn(`SKIPPED: no disk of its own can be mounted here, so a full one is not tested. ${(error as Error).message}`);
		return undefined;
	}
	return { folder, mountedAt, inside: ['--user', '--mount', '--preserve-credentials', `--target=${holder.pid}`] };
}
