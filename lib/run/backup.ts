import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { PassThrough, type Readable } from 'node:stream';

import { readFrame, readRows, storeVersion, type Frame, type Rows } from '../store/archive';
import { StoreError, type Store } from '../store/types';

/**
 * A backup is one gzip'd file of JSON lines: what it is; some rows of one table a line; at the end how many rows each
 * table has. Without the last line it was cut off, and is refused.
 */
export interface BackupHeader extends Frame {
	format: 'n8n-nodes-journey backup';
	/** By the clock of the store. */
	takenAt: string;
	store: Store['kind'];
}

/** Rows of each table. */
export type Counts = Record<string, number>;

export interface BackupSummary {
	takenAt: Date;
	counts: Counts;
}

const FORMAT = 'n8n-nodes-journey backup';
const NEW_LINE = 0x0a;
const ROWS_LINE = /^\{"table":"(\w+)","count":(\d+),"rows":/;

/**
 * Writes everything in the store as it is at one moment, while it is in use. Memory is bounded, whatever the size.
 *
 * @param out is ended; when this throws, what it got is no backup
 */
export async function backup(store: Store, out: Writable): Promise<BackupSummary> {
	const lines = new PassThrough();
	const cut = new AbortController();
	const written = pipeline(lines, createGzip({ level: 4 }), out).catch((error: Error) => {
		// Whoever waits for it to take more would wait for ever.
		cut.abort();
		throw error;
	});
	const write = async (line: string) => {
		if (!lines.write(`${line}\n`)) await once(lines, 'drain', { signal: cut.signal });
	};
	const [end, read] = await Promise.allSettled([
		written,
		store.snapshot(async (db) => {
			cut.signal.throwIfAborted();
			if ((await storeVersion(db)) === 0) throw new StoreError(`Journey Store: there is no store in ${store.name}.`);
			const header: BackupHeader = { format: FORMAT, takenAt: db.now.toISOString(), store: store.kind, ...(await readFrame(db)) };
			await write(JSON.stringify(header));
			const counts: Counts = {};
			for await (const { table, count, json } of readRows(db)) {
				counts[table] = (counts[table] ?? 0) + count;
				await write(`{"table":"${table}","count":${count},"rows":${json}}`);
			}
			await write(JSON.stringify({ end: true, counts }));
			return { takenAt: db.now, counts };
		}).then((done) => (lines.end(), done), (error: Error) => {
			lines.destroy(error);
			throw error;
		}),
	]);
	if (end.status === 'rejected') throw end.reason;
	if (read.status === 'rejected') throw read.reason;
	return read.value;
}

/** A backup as it is read: the header first, then rows. */
export interface BackupReader {
	header: BackupHeader;
	/** Checked against the counts of the last line as they come. */
	rows: AsyncGenerator<Rows>;
}

/** @throws StoreError when it is no backup; `rows` throws when it is damaged or was cut off */
export async function readBackup(file: Readable): Promise<BackupReader> {
	const unzipped = file.pipe(createGunzip());
	file.once('error', (error) => unzipped.destroy(error));
	const lines = linesOf(unzipped);
	const next = async (): Promise<string | undefined> => {
		const { value, done } = await lines.next().catch((error: Error) => {
			throw damaged(error.message);
		});
		return done ? undefined : value;
	};
	const first = await next();
	const header = first === undefined ? undefined : parsed<BackupHeader | null>(first);
	if (header?.format !== FORMAT) throw new StoreError('Journey Store: this is not a backup made by n8n-nodes-journey.');
	return { header, rows: rowsOf(next) };
}

function parsed<T>(line: string): T | undefined {
	try {
		return JSON.parse(line) as T;
	} catch {
		return undefined;
	}
}

/** Not by node's readline: it also ends lines at U+2028, which customers' texts may contain. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
	let parts: Buffer[] = [];
	for await (const chunk of chunks) {
		let from = 0;
		for (let end = chunk.indexOf(NEW_LINE); end >= 0; end = chunk.indexOf(NEW_LINE, from)) {
			yield Buffer.concat([...parts, chunk.subarray(from, end)]).toString();
			[parts, from] = [[], end + 1];
		}
		parts.push(chunk.subarray(from));
	}
	const rest = Buffer.concat(parts).toString();
	if (rest !== '') yield rest;
	return undefined;
}

async function* rowsOf(next: () => Promise<string | undefined>): AsyncGenerator<Rows> {
	const counted: Counts = {};
	for (let line = await next(); line !== undefined; line = await next()) {
		const start = ROWS_LINE.exec(line);
		if (!start) {
			const end = parsed<{ counts?: Counts }>(line);
			if (!end) throw damaged('a line cannot be read');
			return compare(counted, end.counts, 'the backup');
		}
		const [head, table, count] = start as unknown as [string, string, string];
		counted[table] = (counted[table] ?? 0) + Number(count);
		yield { table, count: Number(count), json: line.slice(head.length, -1) };
	}
	throw damaged('its end is missing');
}

function damaged(why: string): StoreError {
	return new StoreError(`Journey Store: the backup is damaged or was cut off (${why}). Nothing was restored.`);
}

/** @throws StoreError naming the tables whose numbers differ */
export function compare(found: Counts, expected: Counts = {}, where: string): void {
	const tables = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
	const wrong = tables.filter((table) => (found[table] ?? 0) !== (expected[table] ?? 0));
	if (wrong.length === 0) return;
	const said = wrong.map((table) => `${table}: ${found[table] ?? 0} instead of ${expected[table] ?? 0}`).join(', ');
	throw new StoreError(`Journey Store: rows are missing in ${where} (${said}). Nothing was written.`);
}
