import { readFileSync, realpathSync, statfsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The most that the embedded store is meant for. Measured (docs/benchmarks.md, *Backup and restore*): what holds
 * everybody up, VACUUM every hour and the copy of a backup, then stays well below a lease.
 */
export const EMBEDDED_LIMIT_BYTES = 1024 ** 3;
const WARN_AT = 0.8;

/** File systems that end with their container or machine, and in whose words. */
const FLEETING: Record<string, string> = {
	overlay: 'the file system of the container: with the container it is gone',
	aufs: 'the file system of the container: with the container it is gone',
	tmpfs: 'memory: with the next restart of the machine or container it is gone',
	ramfs: 'memory: with the next restart of the machine it is gone',
};

/** What a folder takes on the disk, in bytes. Files may go while it is counted. */
export async function folderBytes(folder: string): Promise<number> {
	const entries = await readdir(folder, { withFileTypes: true, recursive: true });
	const sizes = entries.filter((entry) => entry.isFile())
		.map(async (entry) => await stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0));
	return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** What is left on the disk of a folder for us. */
export function freeBytes(folder: string): number {
	const { bavail, bsize } = statfsSync(folder);
	return bavail * bsize;
}

/** What is wrong, or soon will be, with the place and the size of an embedded store. */
export async function folderWarnings(folder: string): Promise<string[]> {
	return [fleetingWarning(folder, mountTable()), sizeWarning(folder, await folderBytes(join(folder, 'pg')))].filter((one) => one !== undefined);
}

/** @returns the sentence for a store of 80 % of its limit and more */
export function sizeWarning(folder: string, bytes: number): string | undefined {
	if (bytes < WARN_AT * EMBEDDED_LIMIT_BYTES) return undefined;
	const gigabytes = (size: number) => (size / 1024 ** 3).toFixed(1);
	return `The embedded store in ${folder} has ${gigabytes(bytes)} GB, ${Math.round((100 * bytes) / EMBEDDED_LIMIT_BYTES)} % of the ${gigabytes(EMBEDDED_LIMIT_BYTES)} GB that it is meant for. Move it to a Postgres: "n8n-nodes-journey move" (docs/backup.md).`;
}

/**
 * @param mounts Linux's /proc/self/mountinfo; '' where there is none
 * @returns the sentence for a folder that is not on a volume
 */
export function fleetingWarning(folder: string, mounts: string): string | undefined {
	const type = fileSystemOf(realpathSync(folder), mounts);
	const where = type === undefined ? undefined : FLEETING[type];
	return where && `The embedded store in ${folder} is on ${where}, and with it everybody who waits. Mount a volume there (Docker: -v n8n_data:/home/node/.n8n), or use a Postgres.`;
}

/** The type of the file system that a path is on: of the longest mount point above it, the last one mounted there. */
function fileSystemOf(path: string, mounts: string): string | undefined {
	const above = mounts.split('\n').flatMap((line) => {
		const [mount, system] = line.split(' - ');
		const point = mount?.split(' ')[4]?.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
		const type = system?.split(' ')[0];
		if (point === undefined || type === undefined) return [];
		return path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`) ? [{ point, type }] : [];
	});
	return above.reduce<{ point: string; type?: string }>((best, one) => (one.point.length >= best.point.length ? one : best), { point: '' }).type;
}

function mountTable(): string {
	try {
		return readFileSync('/proc/self/mountinfo', 'utf8');
	} catch {
		return '';
	}
}
