import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { folderWarnings, freeBytes } from './folder';
import { ownFolder, socketName } from './folderLock';
import { migrate } from './migrate';
import { ownerDoor, OwnerSession } from './ownerDoor';
import { diskFull, snapshot, transaction, type Session } from './transaction';
import { StoreError, type Connection, type Store, type StoreSettings } from './types';
import { WorkerSession } from './workerSession';

type EmbeddedSettings = StoreSettings & { folder: string };

const DATABASE = 'pg';
const COPY = 'copy-';
/** A database that opens writes a segment of its log, and then has no words for a full disk. */
const LEAST_FREE_BYTES = 16 * 1024 ** 2;

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
 * @throws FolderInUse when another process owns the folder
 * @throws StoreError when its files are of another Postgres major
 */
export async function openEmbedded(settings: EmbeddedSettings): Promise<Store> {
	const { folder, schema, clock } = settings;
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	let door: (connection: Socket) => void = (connection) => connection.end();
	const release = await ownFolder(folder, (connection) => door(connection));
	const session = new WorkerSession();
	// One session, so transactions queue up: nothing of one can fall between BEGIN and COMMIT of another.
	let last: Promise<unknown> = Promise.resolve();
	const inTurn = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
		const turn = last.then(async () => await work(session), async () => await work(session));
		last = turn.catch(() => undefined);
		return await turn;
	};
	const tx: Store['tx'] = async (work) => await inTurn(async () => await transaction(session, schema, clock, work));
	const copy = async () => await inTurn(async () => await copyDatabase(session, folder));

	const database = join(folder, DATABASE);
	try {
		for (const left of readdirSync(folder).filter((name) => name.startsWith(COPY))) rmSync(join(folder, left), { recursive: true, force: true });
		if (!existsSync(database)) await make(database);
		await session.open(database);
		await migrate(tx, schema, settings.upTo);
		door = ownerDoor(folder, { inTurn, copy });
	} catch (error) {
		await session.end();
		await release();
		const bytesLeft = freeBytes(folder);
		throw bytesLeft < LEAST_FREE_BYTES ? diskFull(`${folder}: ${bytesLeft} bytes are free`, error as Error) : error;
	}

	return {
		kind: 'embedded',
		name: folder,
		tx,
		snapshot: async (work) => await onCopy(await copy(), settings, work),
		// One process owns the folder, and it hears of its own writes directly.
		hint: async () => undefined,
		onHint: () => () => undefined,
		maintain: async () => {
			// No autovacuum here. Each in its own turn, so that people do not wait for all of them.
			for (const sql of ['VACUUM', 'ANALYZE', 'CHECKPOINT']) await inTurn(async () => await session.script(sql));
		},
		warnings: async () => await folderWarnings(folder),
		close: async () => {
			await inTurn(async () => await session.end());
			await release();
		},
	};
}

/** The embedded store that another process of this machine owns and keeps running: through its owner. */
export async function openThroughOwner(settings: EmbeddedSettings): Promise<Store> {
	const { folder, schema, clock } = settings;
	const asking = async <T>(work: (session: OwnerSession) => Promise<T>): Promise<T> => {
		const session = await OwnerSession.connect(folder, socketName(folder));
		try {
			return await work(session);
		} finally {
			session.end();
		}
	};
	return {
		kind: 'embedded',
		name: folder,
		tx: async (work) => await asking(async (session) => await transaction(session, schema, clock, work)),
		snapshot: async (work) => await asking(async (session) => await onCopy(await session.copy(), settings, work)),
		hint: async () => undefined,
		onHint: () => () => undefined,
		maintain: async () => undefined,
		warnings: async () => await folderWarnings(folder),
		close: async () => undefined,
	};
}

/**
 * Copies the database's files while no statement runs. The copy opens as after a crash, and the checkpoint makes that
 * quick. Whatever is to be read at length is read there: one connection cannot do both.
 */
async function copyDatabase(session: Session, folder: string): Promise<string> {
	await session.script('CHECKPOINT');
	const to = join(folder, `${COPY}${randomUUID()}`);
	try {
		await cp(join(folder, DATABASE), to, { recursive: true, mode: constants.COPYFILE_FICLONE });
	} catch (error) {
		await rm(to, { recursive: true, force: true });
		throw new StoreError(`Journey Store: ${folder} could not be copied: ${(error as Error).message}. A backup needs as much free space as the store has.`, { cause: error });
	}
	return to;
}

async function onCopy<T>(copied: string, { schema, clock }: EmbeddedSettings, work: (db: Connection) => Promise<T>): Promise<T> {
	const session = new WorkerSession();
	try {
		await session.open(copied);
		return await snapshot(session, schema, clock, work);
	} finally {
		await session.end();
		await rm(copied, { recursive: true, force: true });
	}
}
