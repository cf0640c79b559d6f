import { readMessage, type Read } from './intake';

/** The field of a stream entry that holds the message. */
export const MESSAGE_FIELD = 'message';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A day less than message ids are remembered, so that a repetition of what is read now is known for long enough. */
const OLDEST_DAYS = 29;
/** Ids that producers choose themselves are no times. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);

/** One entry, accepted or not, and what is kept of it if it is refused. */
export type StreamRead = Read & {
	body: string;
	/** When Redis took it; absent: its id is no time. */
	arrivedAt?: Date;
	/** Of a message that has no id of its own. */
	messageId: string;
};

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
export function readStreamEntry(id: string, fields: string[], { stream, index, now, latenessDays }: StreamReading): StreamRead {
	const arrivedAt = arrivalOf(id, now);
	const messageId = `${stream} ${id}`;
	const { body, read } = readFields(fields, { stream, index, now, latenessDays, receivedAt: arrivedAt ?? now });
	if ('entry' in read) read.entry.messageId ??= messageId;
	return { ...read, body, messageId, ...(arrivedAt && { arrivedAt }) };
}

function readFields(fields: string[], { stream, index, now, latenessDays, receivedAt }: StreamReading & { receivedAt: Date }): { body: string; read: Read } {
	const at = fields.findIndex((name, place) => place % 2 === 0 && name === MESSAGE_FIELD);
	const message = at === -1 ? '' : fields[at + 1]!;
	// A text that is empty is one that was erased.
	const body = message === '' ? JSON.stringify(fields) : message;
	if (at === -1) return { body, read: { reason: `the entry has no field named ${MESSAGE_FIELD}: write XADD ${stream} * ${MESSAGE_FIELD} '{"type":"track", … }'` } };
	let raw: unknown;
	try {
		raw = JSON.parse(message);
	} catch (error) {
		return { body, read: { reason: `${MESSAGE_FIELD} is not valid JSON: ${(error as Error).message}` } };
	}
	const reason = waitedTooLong(receivedAt, now);
	return { body, read: reason === undefined ? readMessage(raw, { index, receivedAt, latenessDays }) : { reason } };
}

/** Why what came then cannot be taken now, if that is so. */
export function waitedTooLong(arrivedAt: Date, now: Date): string | undefined {
	if (+arrivedAt >= +now - OLDEST_DAYS * DAY_MS) return undefined;
	return `it has waited in Redis since ${arrivedAt.toISOString()}: after ${OLDEST_DAYS} days nobody knows whether it was read before. Load it as history`;
}

function arrivalOf(id: string, now: Date): Date | undefined {
	const ms = Number(id.split('-')[0]);
	return ms >= EARLIEST_MS && ms <= +now + MINUTE_MS ? new Date(ms) : undefined;
}
