import { endpointOf, type Call } from '../core/segment/calls';
import { readMessage, standAlone, type Envelope } from '../core/segment/intake';
import { storableText } from '../core/segment/refusal';
import type { IntakeEntry, Rejection } from '../core/types';
import type { Refused } from '../store/events';
import type { Outcome, Part } from './takeInParts';
import { readJson } from './collector/body';
import { HttpRefusal } from './collector/httpRefusal';
import type { RequestRate } from './collector/requestRate';
import { basicAuthUser, senderOf } from './collector/writeKeys';

/** An HTTP request whose head has arrived. Header names are in lower case. */
export interface CollectorRequest {
	method: string;
	path: string;
	headers: Record<string, string | string[] | undefined>;
	/** Reads the body, unpacked. Asked for when the path is right, and the write key if the header has one. @throws HttpRefusal */
	body: () => Promise<Buffer>;
}

export interface CollectorSettings {
	/** All of them are valid at once. */
	writeKeys: string[];
	bodyLimitBytes: number;
	batchLimit: number;
	requestsPerMinute: number;
	latenessDays: number;
}

export interface CollectorAnswer {
	status: number;
	headers: Record<string, string>;
	body: { rejected: Rejection[] } | { error: string };
	/** What made it a 503, for the log. */
	cause?: unknown;
}

/** Keeps entries and refusals of a body of so many bytes: resolves after the commit. @throws HttpRefusal, or whatever keeps the store away: a 503 */
export type Accept = (part: Part, size: number) => Promise<Outcome>;

const LONGEST_KEPT = 32_768;
const RETRY_AFTER_SECONDS = '5';

/**
 * Answers one request to Segment's tracking API, after its events are committed.
 *
 * 200 with the messages that were refused · 400 unreadable body · 401 write key · 404 and 405 not this API ·
 * 413 body or batch too large · 415 encoding · 429 too many requests · 503 when `accept` could not. After 429 and 503 the
 * libraries send again, so they carry Retry-After. CORS is left to whoever owns the socket.
 *
 * @param now asked when the body has arrived
 */
export async function collect(request: CollectorRequest, settings: CollectorSettings, rate: RequestRate, now: () => Date, accept: Accept): Promise<CollectorAnswer> {
	try {
		const { part, size } = await read(request, settings, rate, now);
		const refused = [...part.refused, ...(await tryToAccept(accept, part, size))].sort((a, b) => a.position - b.position);
		return { status: 200, headers: {}, body: { rejected: refused.map(({ position, reason }) => ({ index: position, reason })) } };
	} catch (error) {
		if (!(error instanceof HttpRefusal)) throw error;
		const { status, headers, message, cause } = error;
		return { status, headers, body: { error: message }, ...(cause !== undefined && { cause }) };
	}
}

async function read(request: CollectorRequest, settings: CollectorSettings, rate: RequestRate, now: () => Date): Promise<{ part: Part; size: number }> {
	const { endpoint, sender } = checkHead(request, settings);
	if (sender !== undefined) await admitSender(sender, settings, rate);
	const bytes = await request.body();
	const body = readJson(bytes, settings.bodyLimitBytes);
	if (sender === undefined) await admitSender(knownSender((body as { writeKey?: unknown } | null)?.writeKey, settings), settings, rate);
	return { part: readMessages(body, endpoint, settings, now()), size: bytes.length };
}

/**
 * What is known of a request before its body is read.
 * @returns whose write key its header shows; undefined: it has none, and the key is in the body
 * @throws HttpRefusal 401, 404 or 405
 */
function checkHead(request: CollectorRequest, settings: CollectorSettings): { endpoint: Call | 'batch'; sender?: string } {
	const endpoint = endpointOf(request.path);
	if (endpoint === undefined) throw new HttpRefusal(404, `There is no ${request.path} here: use /v1/batch, /v1/track, /v1/identify, /v1/page, /v1/screen, /v1/group or /v1/alias.`);
	if (request.method !== 'POST') throw new HttpRefusal(405, `${request.method} is not supported: use POST.`, { Allow: 'POST' });
	const header = headerOf(request, 'authorization');
	return { endpoint, ...(header !== undefined && { sender: knownSender(basicAuthUser(header), settings) }) };
}

function knownSender(key: unknown, settings: CollectorSettings): string {
	const sender = typeof key === 'string' ? senderOf(key, settings.writeKeys) : undefined;
	if (sender !== undefined) return sender;
	// Without WWW-Authenticate: it would ask a shop's visitors for a password.
	throw new HttpRefusal(401, 'The write key is missing or wrong: send it as the user name of basic authentication, or as writeKey in the body.');
}

async function admitSender(sender: string, settings: CollectorSettings, rate: RequestRate): Promise<void> {
	const seconds = await rate.take(sender, settings.requestsPerMinute);
	if (seconds > 0) {
		throw new HttpRefusal(429, `More than ${settings.requestsPerMinute} requests a minute with this write key: send larger batches.`, { 'Retry-After': String(seconds) });
	}
}

function readMessages(body: unknown, endpoint: Call | 'batch', settings: CollectorSettings, now: Date): Part {
	const shared = { receivedAt: now, latenessDays: settings.latenessDays };
	const entries: IntakeEntry[] = [];
	const refused: Refused[] = [];
	const { messages, envelope }: { messages: unknown[]; envelope: Omit<Envelope, 'index' | keyof typeof shared> } =
		endpoint === 'batch' ? batchOf(body, settings.batchLimit) : { messages: [body], envelope: { call: endpoint } };
	const bodyOf = (raw: unknown) => keptBody(standAlone(raw, envelope));
	messages.forEach((raw, index) => {
		const result = readMessage(raw, { ...envelope, ...shared, index });
		if ('entry' in result) entries.push(result.entry);
		else refused.push({ position: index, reason: result.reason, body: bodyOf(raw) });
	});
	return { entries, refused, keptOf: ({ index }) => ({ body: bodyOf(messages[index]) }) };
}

function batchOf(body: unknown, limit: number) {
	const { batch, sentAt, context } = (body ?? {}) as { batch?: unknown; sentAt?: unknown; context?: unknown };
	if (!Array.isArray(batch)) throw new HttpRefusal(400, 'The body has no list named batch: send { "batch": [ … ] }, or one message to its own path.');
	if (batch.length > limit) throw new HttpRefusal(413, `The batch has ${batch.length} messages, at most ${limit} are taken at once: send smaller batches.`);
	return { messages: batch as unknown[], envelope: { sentAt, context } };
}

/** @returns what the store refused on top */
async function tryToAccept(accept: Accept, part: Part, size: number): Promise<Refused[]> {
	if (part.entries.length + part.refused.length === 0) return [];
	const outcome = await accept(part, size).catch((error: Error): Outcome => ({ stored: false, error }));
	if (outcome.stored) return outcome.refused;
	if (outcome.error instanceof HttpRefusal) throw outcome.error;
	const message = 'The store cannot be reached at the moment: nothing was kept, send the same again.';
	throw new HttpRefusal(503, message, { 'Retry-After': RETRY_AFTER_SECONDS }, { cause: outcome.error });
}

/** What was refused, as text that can be kept. */
export function keptBody(raw: unknown): string {
	let text: string;
	try {
		text = JSON.stringify(raw);
	} catch {
		return '(nested too deeply to keep)';
	}
	return keptText(text);
}

/** The same of text. */
export function keptText(text: string): string {
	return storableText(text.length > LONGEST_KEPT ? `${text.slice(0, LONGEST_KEPT)}… (cut off, ${text.length} characters)` : text);
}

function headerOf({ headers }: Pick<CollectorRequest, 'headers'>, name: string): string | undefined {
	const value = headers[name];
	return Array.isArray(value) ? value[0] : value;
}
