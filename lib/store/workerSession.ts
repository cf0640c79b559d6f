import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

import type { Session } from './transaction';
import { StoreError } from './types';

interface Reply {
	id: number;
	rows?: never[];
	error?: { message: string; code?: string };
}

// V8 13 (Node 24) can end the whole process with "Check failed: jit_page.has_value()" when it compiles a wrapper of a function
// that WebAssembly calls (Runtime_TierUpWasmToJSWrapper) while wrappers of a closed database are freed. It compiles them only
// after this many calls; PGlite is no slower without.
if (Number.parseInt(process.versions.v8, 10) >= 13) setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647');

/** A PGlite in a worker thread as one database session. Calls are answered in order; a dead worker fails them all. */
export class WorkerSession implements Session {
	private readonly worker = new Worker(join(__dirname, 'embedded.worker.js'));
	private readonly waiting = new Map<number, { resolve(rows: never[]): void; reject(error: Error): void }>();
	private nextId = 0;
	private dead?: Error;

	constructor() {
		this.worker.on('message', ({ id, rows, error }: Reply) => {
			const call = this.waiting.get(id);
			this.waiting.delete(id);
			if (error) call?.reject(Object.assign(new Error(error.message), { code: error.code }));
			else call?.resolve(rows!);
		});
		const died = (error: Error) => {
			this.dead = error;
			this.waiting.forEach((call) => call.reject(error));
			this.waiting.clear();
		};
		this.worker.on('error', died);
		this.worker.on('exit', () => died(new StoreError('Journey Store: the embedded database has stopped. Restart n8n.')));
		this.worker.unref();
	}

	/** Opens the database in this folder. */
	async open(folder: string): Promise<void> {
		await this.call('open', { folder });
	}

	rows = async <R extends object>(sql: string, params: unknown[] = []) => await this.call<R>('rows', { sql, params });
	script = async <R extends object>(sql: string) => await this.call<R>('script', { sql });

	async end(): Promise<void> {
		await this.call('close').catch(() => undefined);
		await this.worker.terminate();
	}

	private async call<R extends object>(op: string, input: object = {}): Promise<R[]> {
		if (this.dead) throw this.dead;
		const id = this.nextId++;
		return await new Promise((resolve, reject) => {
			this.waiting.set(id, { resolve, reject });
			this.worker.postMessage({ id, op, ...input });
		});
	}
}
