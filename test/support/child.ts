import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from './guard';

export interface ChildOptions {
	/** file that stdout and stderr are appended to */
	log: string;
	env?: NodeJS.ProcessEnv;
	cwd?: string;
	uid?: number;
	gid?: number;
	/** what it gets when this process dies before it; default KILL */
	lastSignal?: string;
}

/** A server process under test: its own process group, its output in a file, ended with this process at the latest. */
export class Child {
	readonly pid: number;
	/** how it ended, e.g. "code 1" or "signal SIGKILL"; undefined while it runs */
	ended: string | undefined;
	private readonly process: ChildProcess;
	private readonly end: Promise<void>;

	constructor(private readonly command: string, args: string[], private readonly options: ChildOptions) {
		const log = openSync(options.log, 'a');
		const { env, cwd, uid, gid } = options;
		this.process = spawn(command, args, { env, cwd, uid, gid, detached: true, stdio: ['ignore', log, log] });
		closeSync(log);
		const guard = this.process.pid === undefined ? () => {} : endWithUs(this.process.pid, options.lastSignal ?? 'KILL');
		this.end = new Promise((resolve) => {
			const finish = (how: string) => {
				this.ended ??= how;
				guard();
				this.endGroup();
				resolve();
			};
			this.process.once('exit', (code, signal) => finish(signal ? `signal ${signal}` : `code ${code}`));
			this.process.once('error', (error) => finish(error.message));
		});
		this.pid = this.process.pid ?? 0;
		this.process.unref();
	}

	/** Ends what the process started and left behind, such as n8n's task runner after a crash. */
	private endGroup(): void {
		if (this.process.pid === undefined) return;
		try {
			process.kill(-this.process.pid, 'SIGKILL');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // nothing left
		}
	}

	/** Everything it has printed. */
	logs(): string {
		return readFileSync(this.options.log, 'utf8');
	}

	/** Sends a signal to the whole group (`group`, default) or the process alone, and waits for the process to end. */
	async finish(signal: NodeJS.Signals, { group = true, withinMs = 60_000 } = {}): Promise<void> {
		if (this.ended !== undefined) return;
		this.process.ref();
		process.kill(group ? -this.pid : this.pid, signal);
		const timeout = new AbortController();
		const late = sleep(withinMs, true, { signal: timeout.signal }).catch(() => false);
		const tooLate = await Promise.race([this.end.then(() => false), late]);
		timeout.abort();
		if (tooLate) throw new Error(`${this.command} (pid ${this.pid}) still runs ${withinMs} ms after ${signal}.\n${this.tail()}`);
	}

	/** Asks `ready` again and again until it says true. @throws with the end of the log when it exits or takes too long */
	async until(ready: () => Promise<boolean>, withinMs: number): Promise<void> {
		const limit = Date.now() + withinMs;
		while (!(await ready())) {
			if (this.ended !== undefined) throw new Error(`${this.command} ended with ${this.ended} before it was ready.\n${this.tail()}`);
			if (Date.now() > limit) throw new Error(`${this.command} was not ready within ${withinMs} ms.\n${this.tail()}`);
			await sleep(50);
		}
	}

	private tail(): string {
		return this.logs().slice(-4000);
	}
}
