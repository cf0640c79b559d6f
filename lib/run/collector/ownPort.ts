import type { FastifyInstance } from 'fastify';

import { StoreError } from '../../store/types';
import { collect, type CollectorSettings } from '../collector';
import type { Outcome, Part } from '../takeInParts';
import { Arriving } from './arriving';
import { readBody } from './body';
import { GroupCommit } from './groupCommit';
import type { RequestRate } from './requestRate';

export interface OwnPortOptions {
	/** An IP address of this machine, or `localhost`. */
	address: string;
	/** 1 to 65,535; 0 in tests: any free one. */
	port: number;
	/** Asked for each request: keys and limits may change while it listens. */
	settings: () => CollectorSettings;
	rate: () => RequestRate;
	/** Commits parts together. */
	store: (parts: Part[]) => Promise<Outcome[]>;
	/** Called for each request that is not stored, and each connection that is refused. */
	onTrouble: (cause: unknown) => void;
}

/** A request that is still on its way after this time is given up. */
const REQUEST_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** Beyond them a connection is closed as it opens: each costs memory, and a file of the process's. */
const MOST_CONNECTIONS = 5_000;
/** How long stopping waits for slow senders; what has arrived is answered before. */
const DRAIN_MS = 10_000;
const SWEEP_MS = 20;

const CORS = { 'Access-Control-Allow-Origin': '*' };
const PREFLIGHT = { 'Access-Control-Allow-Methods': 'POST', 'Access-Control-Allow-Headers': 'Authorization, Content-Type, Content-Encoding', 'Access-Control-Max-Age': '86400' };

/** The collector on a port of its own: the same API, with many requests in one commit. */
export class OwnPort {
	private constructor(
		private readonly app: FastifyInstance,
		/** Where it listens. */
		readonly port: number,
	) {}

	/** Begins to listen. @throws StoreError naming the field when the address or the port cannot be had */
	static async open(options: OwnPortOptions): Promise<OwnPort> {
		const { address, port } = options;
		// Loaded by the one process that listens.
		const { fastify } = await import('fastify');
		const app = fastify({ requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS, forceCloseConnections: 'idle' });
		const commits = new GroupCommit(options.store);
		app.server.maxConnections = MOST_CONNECTIONS;
		app.server.on('drop', () => options.onTrouble(new StoreError(`Port: ${port} has ${MOST_CONNECTIONS} connections open, and closes further ones. Let a proxy in front of it keep fewer.`)));
		answerAll(app, options, commits);
		try {
			await app.listen({ host: address, port });
		} catch (error) {
			await app.close();
			throw refusedBySystem(address, port, error as NodeJS.ErrnoException);
		}
		return new OwnPort(app, (app.server.address() as { port: number }).port);
	}

	/** Ends listening at once; resolves when every request that had arrived is answered. */
	async close(): Promise<void> {
		// A connection that was busy when listening ended is idle afterwards, and would be kept alive.
		const sweep = setInterval(() => this.app.server.closeIdleConnections(), SWEEP_MS);
		const late = setTimeout(() => this.app.server.closeAllConnections(), DRAIN_MS);
		await this.app.close();
		clearInterval(sweep);
		clearTimeout(late);
	}
}

function answerAll(app: FastifyInstance, { settings, rate, onTrouble }: OwnPortOptions, commits: GroupCommit): void {
	app.removeAllContentTypeParsers();
	// No body is read before its head has been looked at.
	app.addContentTypeParser('*', (_request, body, done) => done(null, body));
	// What fastify itself refuses, and faults.
	app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
		const status = error.statusCode ?? 500;
		if (status >= 500) onTrouble(error);
		const message = status < 500 ? error.message : 'Something went wrong here: nothing was kept, send the same again.';
		void reply.code(status).headers(CORS).send({ error: message });
	});
	const arriving = new Arriving();
	app.all('*', async ({ method, headers, url, raw }, reply) => {
		if (method === 'OPTIONS') return await reply.code(204).headers({ ...CORS, ...PREFLIGHT }).send();
		// A key in the header has turned out right by the time the body is asked for.
		const room = arriving.room(headers.authorization === undefined ? 'unknown' : 'known');
		const body = async () => await readBody(raw, settings().bodyLimitBytes, room.take);
		try {
			const answered = await collect({ method, headers, path: url.split('?')[0]!, body }, settings(), rate(), () => new Date(), async (part, size) => {
				// From here on it is the commit that holds it, and says how much it can.
				room.leave();
				return await commits.add(part, size);
			});
			if (answered.cause !== undefined) onTrouble(answered.cause);
			return await reply.code(answered.status).headers({ ...CORS, ...answered.headers }).send(answered.body);
		} finally {
			room.leave();
		}
	});
}

function refusedBySystem(address: string, port: number, error: NodeJS.ErrnoException): StoreError {
	const reasons: Record<string, string> = {
		EADDRINUSE: `Port: ${port} is taken on ${address} by another process or another collector. Enter a free one.`,
		EACCES: `Port: ${port} may not be opened by n8n's user. Enter one above 1023.`,
		EADDRNOTAVAIL: `Address: ${address} is not an address of this machine. Enter 127.0.0.1 for this machine only, or 0.0.0.0 for all its networks.`,
	};
	return new StoreError(reasons[error.code ?? ''] ?? `Port: ${port} on ${address} cannot be opened (${error.message}). Enter another address or port.`, { cause: error });
}
