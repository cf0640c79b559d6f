import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs a shell command when this process ends, however it ends (SIGKILL too). A shell waits on a pipe that only we
 * hold: end of file means we are gone; a line means the command is not needed any more.
 * @returns a function that calls the command off
 */
function whenWeAreGone(command: string, ...args: string[]): () => void {
	const guard = spawn('sh', ['-c', `read -r _ || { ${command}; }`, 'guard', ...args], {
		detached: true,
		stdio: ['pipe', 'ignore', 'ignore'],
	});
	guard.on('error', (error) => console.error(`No guard for ${args.join(' ')}: ${error.message}`));
	guard.stdin.on('error', () => {});
	guard.unref();
	(guard.stdin as unknown as { unref(): void }).unref();
	return () => guard.stdin.end('off\n');
}

/** Sends `signal` (KILL, QUIT, …) to the process group `pid` when this process ends. @returns calls it off */
export function endWithUs(pid: number, signal: string): () => void {
	return whenWeAreGone('kill -s "$1" -- "-$2"', signal, String(pid));
}

/** A new folder in the system's temporary folder, removed two seconds after this process has ended. */
export function temporaryFolder(name: string): string {
	const folder = mkdtempSync(join(tmpdir(), `${name}-`));
	whenWeAreGone('sleep 2; rm -rf -- "$1"', folder);
	return folder;
}
