import { readMessage, type Read } from './intake';

/** The field of a stream entry that holds the message. */
export const MESSAGE_FIELD = 'message';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A day less than message ids are remembered, so that a repetition of what is read now is known for long enough. */
const OLDEST_DAYS = 29;
/** Ids that producers choose themselves are no times. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);

/** Where and when an entry of a Redis stream is read. */
export interface StreamReading {
	stream: string;
	index: number;
	now: Date;
	latenessDays: number;
}

/**
 * Reads one entry of a Redis stream: `message` is one message of Segment's tracking API as JSON. It arrived when Redis
 * took it, however long it waited there; without a `messageId` the entry's own id tells it from others.
 *
 * @param id of the entry, `<milliseconds>-<n>`
 * @param fields name, value, name, value, …
 * @returns the entry or why it is refused, and what was sent
 */
export function readStreamEntry(id: string, fields: string[], { stream, index, now, latenessDays }: StreamReading): Read & { body: string } {
	const at = fields.findIndex((name, place) => place % 2 === 0 && name === MESSAGE_FIELD);
	const body = at === -1 ? JSON.stringify(fields) : fields[at + 1]!;
	if (at === -1) return { reason: `the entry has no field named ${MESSAGE_FIELD}: write XADD ${stream} * ${MESSAGE_FIELD} '{"type":"track", … }'`, body };
	let raw: unknown;
	try {
		raw = JSON.parse(body);
	} catch (error) {
		return { reason: `${MESSAGE_FIELD} is not valid JSON: ${(error as Error).message}`, body };
	}
	const receivedAt = arrivalOf(id, now);
	if (+receivedAt < +now - OLDEST_DAYS * DAY_MS) {
		return { reason: `it has waited in Redis since ${receivedAt.toISOString()}: after ${OLDEST_DAYS} days nobody knows whether it was read before. Load it as history`, body };
	}
	const read = readMessage(raw, { index, receivedAt, latenessDays });
	if ('entry' in read) read.entry.messageId ??= `${stream} ${id}`;
	return { ...read, body };
}

function arrivalOf(id: string, now: Date): Date {
	const ms = Number(id.split('-')[0]);
	return ms >= EARLIEST_MS && ms <= +now + MINUTE_MS ? new Date(ms) : now;
}
