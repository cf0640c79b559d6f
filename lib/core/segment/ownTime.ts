import { checkInstant, parseDate } from '../date-value';
import { Refusal } from './refusal';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FUTURE_MINUTES = 5;

/** The instants that a message and its envelope state, as sent. */
export interface StatedTimes {
	timestamp?: unknown;
	originalTimestamp?: unknown;
	sentAt?: unknown;
}

/**
 * When a message happened: received − (sentAt − timestamp), so that a client whose clock is wrong, or that was offline,
 * still counts from the right moment. Without `sentAt` the timestamp counts as it is; without both, the arrival.
 *
 * @param now when it is looked at
 * @throws Refusal more than 5 minutes in the future; TimeRuleError for what is no date
 */
export function ownTime(stated: StatedTimes, receivedAt: Date, now = receivedAt): Date {
	const field = isGiven(stated.timestamp) ? 'timestamp' : 'originalTimestamp';
	if (!isGiven(stated[field])) return receivedAt;
	const happened = parseDate(stated[field], 'UTC', field).getTime();
	const skew = isGiven(stated.sentAt) ? receivedAt.getTime() - parseDate(stated.sentAt, 'UTC', 'sentAt').getTime() : 0;
	const own = checkInstant(happened + skew, stated[field], field);
	checkFuture(own, now, field);
	return own;
}

/** Refuses what would happen more than 5 minutes after its arrival. @throws Refusal */
export function checkFuture(own: Date, receivedAt: Date, field: string): void {
	if (own.getTime() > receivedAt.getTime() + FUTURE_MINUTES * MINUTE_MS) {
		throw new Refusal(`${field} lies in the future (${own.toISOString()}, received ${receivedAt.toISOString()}): at most ${FUTURE_MINUTES} minutes are accepted, correct the sender's clock`);
	}
}

const COLLECTOR_ADVICE = 'raise the limit in the collector, or send it without timestamp to count it from now';

/** Refuses an event older than the lateness limit. @throws Refusal naming the limit, and saying what to do */
export function checkLateness(own: Date, receivedAt: Date, latenessDays: number, advice = COLLECTOR_ADVICE): void {
	if (receivedAt.getTime() - own.getTime() > latenessDays * DAY_MS) {
		throw new Refusal(`the event is from ${own.toISOString()}, older than the lateness limit of ${latenessDays} days: ${advice}`);
	}
}

function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null;
}
