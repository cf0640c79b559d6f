import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

import type { DatabaseError, Session } from './transaction';
import { StoreError } from './types';

/**
 * The owner of an embedded store does for other processes of the same user what only it can: run their transactions,
 * one connection each, and copy the folder. The local socket is open to everyone on the machine, so whoever knocks
 * first says what is written in a file that only readers of the folder can read.
 */
export interface Owner {
	/** Runs `work` with nothing else in between. */
	inTurn<T>(work: (session: Session) => Promise<T>): Promise<T>;
	/** @returns the folder of the copy */
	copy(): Promise<string>;
}

interface Call {
	op: 'rows' | 'script' | 'copy';
	sql?: string;
	params?: unknown[];
}

interface Reply {
	rows?: object[];
	error?: { message: string; code?: string };
}

const KEY_FILE = 'owner.key';
const KEY_BYTES = 32;
const LENGTH_BYTES = 4;
/** Whoever holds the turn and says nothing holds up everybody. */
const SILENT_MS = 30_000;

/** Writes a new key. @returns serves one connection */
export function ownerDoor(folder: string, owner: Owner): (socket: Socket) => void {
	const key = randomBytes(KEY_BYTES);
	writeFileSync(join(folder, KEY_FILE), key, { mode: 0o600 });
	return (socket) => {
		socket.unref();
		socket.setTimeout(SILENT_MS, () => socket.destroy());
		socket.on('error', () => socket.destroy());
		void serve(socket, key, owner).catch(() => undefined).finally(() => socket.destroy());
	};
}

async function serve(socket: Socket, key: Buffer, owner: Owner): Promise<void> {
	const incoming = new Incoming(socket);
	const said = await incoming.take(KEY_BYTES);
	if (!said || !timingSafeEqual(said, key)) return;
	const first = await incoming.frame<Call>();
	if (!first) return;
	if (first.op === 'copy') {
		// Copying takes as long as it takes.
		socket.setTimeout(0);
		return await lend(socket, incoming, owner);
	}
	await owner.inTurn(async (session) => {
		try {
			for (let call: Call | undefined = first; call; call = await incoming.frame<Call>()) {
				const { op, sql, params } = call;
				await answer(socket, async () => await (op === 'rows' ? session.rows(sql!, params) : session.script(sql!)));
			}
		} finally {
			// Whoever went away in the middle has not committed.
			await session.script('ROLLBACK').catch(() => undefined);
		}
	});
}

/** Has a copy made. It is theirs for as long as they stay on the line: whoever was killed cannot remove it. */
async function lend(socket: Socket, incoming: Incoming, owner: Owner): Promise<void> {
	let copied: string | undefined;
	await answer(socket, async () => [{ folder: (copied = await owner.copy()) }]);
	await incoming.frame<Call>();
	// When this process ends the conversation, it closes the store, and they may read on.
	const left = socket.readableEnded || socket.errored !== null;
	if (copied !== undefined && left) await rm(copied, { recursive: true, force: true });
}

async function answer(socket: Socket, work: () => Promise<object[]>): Promise<void> {
	const reply: Reply = await work().then((rows) => ({ rows }), ({ message, code }: DatabaseError) => ({ error: { message, code } }));
	send(socket, reply);
}

/** A session of the embedded store that another process owns: for one transaction, then `end` it. */
export class OwnerSession implements Session {
	private readonly incoming: Incoming;

	private constructor(private readonly socket: Socket) {
		this.incoming = new Incoming(socket);
	}

	/** @throws StoreError when nobody answers */
	static async connect(folder: string, socketName: string): Promise<OwnerSession> {
		const socket = await new Promise<Socket>((resolve, reject) => {
			const connection: Socket = createConnection(socketName, () => resolve(connection)).once('error', reject);
		}).catch((error: Error) => {
			throw new StoreError(`Journey Store: the process that uses ${folder} cannot be asked (${error.message}).`, { cause: error });
		});
		socket.on('error', () => socket.destroy());
		socket.write(keyOf(folder));
		return new OwnerSession(socket);
	}

	rows = async <R extends object>(sql: string, params?: unknown[]) => (await this.call({ op: 'rows', sql, params })) as R[];
	script = async <R extends object>(sql: string) => (await this.call({ op: 'script', sql })) as R[];

	/** Has the folder copied. @returns where to */
	async copy(): Promise<string> {
		const [copied] = (await this.call({ op: 'copy' })) as Array<{ folder: string }>;
		return copied!.folder;
	}

	end(): void {
		this.socket.destroy();
	}

	private async call(call: Call): Promise<object[]> {
		send(this.socket, call);
		const reply = await this.incoming.frame<Reply>();
		if (!reply) throw new StoreError('Journey Store: n8n, which uses the embedded store, has ended the conversation. Look at its log, and try again.');
		if (reply.error) throw Object.assign(new Error(reply.error.message), { code: reply.error.code });
		return reply.rows!;
	}
}

function keyOf(folder: string): Buffer {
	try {
		return readFileSync(join(folder, KEY_FILE));
	} catch (error) {
		throw new StoreError(`Journey Store: the process that uses ${folder} has not opened it yet, or you may not read it (${(error as Error).message}). Try again in a moment, as the user that n8n runs as.`, { cause: error });
	}
}

function send(socket: Socket, message: object): void {
	const body = serialize(message);
	const length = Buffer.alloc(LENGTH_BYTES);
	length.writeUInt32BE(body.length);
	socket.write(Buffer.concat([length, body]));
}

/** What comes in, by length. */
class Incoming {
	private readonly chunks: AsyncIterator<Buffer>;
	private held: Buffer = Buffer.alloc(0);

	constructor(socket: Socket) {
		this.chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
	}

	/** @returns undefined when the other side has gone */
	async take(bytes: number): Promise<Buffer | undefined> {
		const parts = [this.held];
		let length = this.held.length;
		while (length < bytes) {
			const next = await this.chunks.next().catch(() => ({ done: true, value: undefined }) as const);
			if (next.done) return undefined;
			parts.push(next.value);
			length += next.value.length;
		}
		const all = Buffer.concat(parts);
		this.held = all.subarray(bytes);
		return all.subarray(0, bytes);
	}

	async frame<T>(): Promise<T | undefined> {
		const length = await this.take(LENGTH_BYTES);
		const body = length && (await this.take(length.readUInt32BE()));
		return body && (deserialize(body) as T);
	}
}
