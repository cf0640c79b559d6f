import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { ownFolder } from './folderLock';
import { migrate } from './migrate';
import { transaction, type Session } from './transaction';
import { StoreError, type Store, type StoreSettings } from './types';

interface Reply {
	id: number;
	rows?: never[];
	error?: { message: string; code?: string };
}

/** The worker thread as one database session. Calls are answered in order; a dead worker fails them all. */
class WorkerSession implements Session {
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

	async call<R extends object>(op: string, input: object = {}): Promise<R[]> {
		if (this.dead) throw this.dead;
		const id = this.nextId++;
		return await new Promise((resolve, reject) => {
			this.waiting.set(id, { resolve, reject });
			this.worker.postMessage({ id, op, ...input });
		});
	}

	rows = async <R extends object>(sql: string, params: unknown[] = []) => await this.call<R>('rows', { sql, params });
	script = async <R extends object>(sql: string) => await this.call<R>('script', { sql });

	async end(): Promise<void> {
		await this.call('close').catch(() => undefined);
		await this.worker.terminate();
	}
}

/** Makes the database of a new store beside its place first: one that was cut off in the middle could never be opened. */
async function make(database: string): Promise<void> {
	const unfinished = `${database}.new`;
	rmSync(unfinished, { recursive: true, force: true });
	try {
		await promisify(execFile)(process.execPath, [join(__dirname, 'embedded.create.js'), unfinished]);
	} catch (error) {
		const { stderr, message } = error as Error & { stderr?: string };
		throw new StoreError(`Journey Store: no database could be made in ${database}: ${stderr?.trim() || message}`, { cause: error });
	}
	renameSync(unfinished, database);
}

/**
 * Opens the embedded store: Postgres compiled to WebAssembly (PGlite) in a folder, owned by one process.
 * It runs with fsync off: what is committed survives the death of the process, not a loss of power.
 *
 * @throws StoreError when another process owns the folder, or its files are of another Postgres major
 */
export async function openEmbedded(settings: StoreSettings & { folder: string }): Promise<Store> {
	mkdirSync(settings.folder, { recursive: true, mode: 0o700 });
	const release = await ownFolder(settings.folder);
	const session = new WorkerSession();
	// One session, so transactions queue up: nothing of one can fall between BEGIN and COMMIT of another.
	let last: Promise<unknown> = Promise.resolve();
	const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
		const turn = last.then(work, work);
		last = turn.catch(() => undefined);
		return await turn;
	};
	const tx: Store['tx'] = async (work) =>
		await inTurn(async () => await transaction(session, settings.schema, settings.clock, work));

	const database = join(settings.folder, 'pg');
	try {
		if (!existsSync(database)) await make(database);
		await session.call('open', { folder: database });
		await migrate(tx, settings.schema);
	} catch (error) {
		await session.end();
		await release();
		throw error;
	}

	return {
		kind: 'embedded',
		name: settings.folder,
		tx,
		// One process owns the folder, and it hears of its own writes directly.
		hint: async () => undefined,
		onHint: () => undefined,
		maintain: async () => {
			// No autovacuum here. Each in its own turn, so that people do not wait for all of them.
			for (const sql of ['VACUUM', 'ANALYZE', 'CHECKPOINT']) await inTurn(async () => await session.script(sql));
		},
		close: async () => {
			await inTurn(async () => await session.end());
			await release();
		},
	};
}
