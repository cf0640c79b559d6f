import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child } from './child';
import { temporaryFolder } from './guard';
import { n8nEnvironment, n8nProgram, node24, type Database } from './n8nEnvironment';
import { installPack } from './n8nPack';
import { N8nRest } from './n8nRest';
import { freePort } from './ports';

const bootMs = 120_000;

export interface N8nOptions {
	/** default: a new temporary folder, removed after the tests */
	userFolder?: string;
	database: Database;
	/** more environment variables, e.g. JOURNEY_STORE_URL */
	env?: Record<string, string>;
	/** 'link': this repository as built; a path: a tarball of `npm pack`; undefined: n8n without the pack */
	pack?: string;
	/** whether the editor is served; default false, which starts a third quicker */
	editor?: boolean;
	/** queue mode; needs Postgres and at least one `worker()` */
	queue?: { redisPort: number };
}

/** A real n8n in processes of its own. `start()` first; ports, folder and log-in stay the same through every restart. */
export class N8n extends N8nRest {
	/** how long the last start took, in milliseconds */
	bootedInMs = 0;
	private main: Child | undefined;
	private workers = 0;
	/** Workers and webhook processes. */
	private helpers: Child[] = [];

	private constructor(readonly userFolder: string, private readonly environment: NodeJS.ProcessEnv) {
		super(`http://127.0.0.1:${environment.N8N_PORT}`);
	}

	/** Prepares the folder and starts n8n. */
	static async start(options: N8nOptions): Promise<N8n> {
		const userFolder = options.userFolder ?? temporaryFolder('journey-n8n');
		if (options.pack !== undefined) installPack(userFolder, options.pack);
		const n8n = new N8n(userFolder, n8nEnvironment({ ...options, userFolder }, await freePort(), await freePort()));
		await n8n.start();
		return n8n;
	}

	/** Starts the main process and waits until it is ready. */
	async start(): Promise<void> {
		if (this.main !== undefined && this.main.ended === undefined) throw new Error('n8n runs already.');
		const began = Date.now();
		this.main = this.spawn(['start'], this.environment, 'n8n.log');
		await this.main.until(() => answers(`${this.url}/healthz/readiness`), bootMs);
		this.bootedInMs = Date.now() - began;
	}

	/** Starts a queue worker with the same folder, database and pack; `kill` it or let `stop` end it. */
	async worker(concurrency = 10): Promise<Child> {
		const health = await freePort();
		const env = {
			...this.environment,
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(health),
			N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
		};
		const worker = this.spawn(['worker', `--concurrency=${concurrency}`], env, `worker-${++this.workers}.log`);
		this.helpers.push(worker);
		await worker.until(() => answers(`http://127.0.0.1:${health}/healthz/readiness`), bootMs);
		return worker;
	}

	/** Starts a process that answers production webhooks and does nothing else; `kill` it or let `stop` end it. */
	async webhookProcess(): Promise<{ process: Child; url: string }> {
		const url = `http://127.0.0.1:${await freePort()}`;
		const env = { ...this.environment, N8N_PORT: new URL(url).port, N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
		const process = this.spawn(['webhook'], env, 'webhook.log');
		this.helpers.push(process);
		await process.until(async () => await answers(`${url}/healthz/readiness`), bootMs);
		return { process, url };
	}

	private spawn(args: string[], env: NodeJS.ProcessEnv, log: string): Child {
		return new Child(node24, [n8nProgram, ...args], { env, cwd: this.userFolder, log: join(this.userFolder, log) });
	}

	private get running(): Child {
		if (this.main === undefined || this.main.ended !== undefined) throw new Error(`n8n does not run (${this.main?.ended ?? 'never started'}).`);
		return this.main;
	}

	get pid(): number {
		return this.running.pid;
	}

	/** kill -9 of the main process and its task runner. Other processes live on. */
	async kill(): Promise<void> {
		await this.running.finish('SIGKILL');
	}

	/** Ends all processes the way a deploy does (SIGTERM), and waits. */
	async stop(): Promise<void> {
		const children = [...this.helpers, ...(this.main ? [this.main] : [])];
		await Promise.all(children.map(async (child) => await child.finish('SIGTERM', { group: false, withinMs: 90_000 })));
		this.helpers = [];
	}

	/** Ends the main process alone, the way a deploy does (SIGTERM), and waits. */
	async stopMain(): Promise<void> {
		await this.running.finish('SIGTERM', { group: false, withinMs: 90_000 });
	}

	/** Stops the main process (SIGTERM) and starts it again; other processes live on. */
	async restart(): Promise<void> {
		await this.stopMain();
		await this.start();
	}

	/** What the main process has printed, through all restarts. */
	logs(): string {
		return readFileSync(join(this.userFolder, 'n8n.log'), 'utf8');
	}

	/** Resident memory of the main process, in bytes. */
	rss(): number {
		const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
		if (kilobytes === undefined) throw new Error(`No VmRSS in /proc/${this.pid}/status.`);
		return Number(kilobytes) * 1024;
	}

	/** Runs an n8n command beside the server, e.g. `cli('import:workflow', '--input=…')`. @returns what it printed */
	async cli(...args: string[]): Promise<string> {
		const env = { ...this.environment, N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
		const { stdout, stderr } = await promisify(execFile)(node24, [n8nProgram, ...args], { env, cwd: this.userFolder, timeout: bootMs });
		return stdout + stderr;
	}
}

async function answers(url: string): Promise<boolean> {
	return await fetch(url).then((response) => response.ok, () => false);
}
