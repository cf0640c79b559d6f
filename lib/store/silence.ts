import { Client, DatabaseError, type ClientConfig, type PoolClient } from 'pg';

import type { Session, Underway } from './transaction';
import { StoreError } from './types';

/** How long nothing may come until the server is asked: longer than it waits for a lock, and with the asking below a lease. */
const PATIENCE_MS = 25_000;
const ASKING_MS = 10_000;

/*
 * A connection can go silent without having ended: after a failover, or where a machine or a firewall drops its packets. The
 * kernel gives up on it after a quarter of an hour, and until then whoever waits for an answer waits: nobody moves on, and
 * senders of events hang. A limit of time would be no way out, since some statements take long by right, as when a trait
 * counts years of events. So a server from which nothing has come for a while is asked over a new connection what it is
 * doing. If it is at work on this transaction, it is waited for, and asked again. If its answer was lost or stays unsent,
 * its side of the transaction is ended too, so that nobody waits for the locks. If it does not know of the transaction, or
 * cannot be reached, the connection is of no use. What a commit has done whose answer was lost is as unknown as after any
 * broken connection, and found out in the same way.
 *
 * An answer that has come while n8n was too busy to read it is read before the server has been reached.
 */
const ASK = `
	SELECT at_work, CASE WHEN NOT at_work THEN pg_terminate_backend(pid) END FROM (
		SELECT pid, state NOT LIKE 'idle%' AND wait_event IS DISTINCT FROM 'ClientWrite' AS at_work
		FROM pg_stat_activity WHERE pid = $1 AND date_trunc('milliseconds', xact_start) = $2
	) own`;

/** Nothing comes from the server, and it is not at work either. */
export class SilentServer extends StoreError {
	constructor(where: string) {
		super(`Journey Store: nothing comes from ${where} any more, though the connection has not ended. Its work is tried again over a new one. If this happens often, look for a firewall or proxy between n8n and the server that drops connections.`);
	}
}

/** The driver's socket, which it does not show. */
const socketOf = (client: Client | PoolClient) => (client as unknown as { connection: { stream: { bytesRead: number; destroy(): void } } }).connection.stream;

/** Ends a connection at once: on a silent one the driver would wait for the other side to say goodbye. */
export function cutOff(client: Client | PoolClient): void {
	socketOf(client).destroy();
}

/**
 * Waits for an answer for as long as the server is at work on it.
 *
 * @param session whose transaction it is, once the server has said which
 * @param where what to call the server
 * @throws SilentServer and ends the connection
 */
export async function heard<T>(answer: Promise<T>, client: PoolClient, config: ClientConfig, session: Pick<Session, 'underway'>, where: string): Promise<T> {
	const socket = socketOf(client);
	let timer: NodeJS.Timeout | undefined;
	let answered = false;
	const silence = new Promise<never>((_, reject) => {
		const wait = (): void => {
			const read = socket.bytesRead;
			const silent = () => !answered && socket.bytesRead === read;
			const look = async () => {
				if (silent() && !(await atWork(config, session.underway, silent))) {
					reject(new SilentServer(where));
					cutOff(client);
				} else if (!answered) wait();
			};
			timer = setTimeout(() => void look(), PATIENCE_MS).unref();
		};
		wait();
	});
	try {
		return await Promise.race([answer, silence]);
	} finally {
		answered = true;
		clearTimeout(timer);
	}
}

/** Whether the server says so, or says something else than yes or no, such as that it has no room for one more who asks. */
async function atWork(config: ClientConfig, underway: Underway | undefined, silent: () => boolean): Promise<boolean> {
	const client = new Client({ ...config, connectionTimeoutMillis: ASKING_MS, query_timeout: ASKING_MS });
	client.on('error', () => undefined);
	try {
		await client.connect();
		if (!silent()) return true;
		const { rows } = await client.query<{ at_work: boolean }>(ASK, [underway?.backend, underway?.since]);
		return rows[0]?.at_work ?? !silent();
	} catch (error) {
		cutOff(client);
		return error instanceof DatabaseError || !silent();
	} finally {
		client.end().catch(() => undefined);
	}
}
