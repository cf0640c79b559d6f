import { listJourneys } from '../store/journeys';
import { lastEventAt, missedRuns, peopleAtSteps, sendingShares, troubles, type AtStep, type SendingShare } from '../store/overview';
import { countRejected } from '../store/rejected';
import { storeBytes } from '../store/status';
import type { Connection, Store } from '../store/types';

/** From when on something is worth a warning. */
export interface Limits {
	latenessMinutes: number;
	/** 0: never warns of it. */
	hoursWithoutEvents: number;
	/** Of the messages of a journey in the last 24 hours, if there were 20 or more. 0: never. */
	skippedPercent: number;
	/** In the last 24 hours. 0: never. */
	rejectedEvents: number;
}

/** How everything is, in numbers, with a sentence for each that somebody should look at. */
export interface Health {
	/** How long the longest overdue person has been due, in journeys that are not paused. */
	latenessSeconds: number;
	overdue: number;
	/** Given up after repeated errors, in the last 24 hours. */
	failed: number;
	unknownMessages: number;
	/** Null: none is on record. */
	lastEventAt: Date | null;
	/** Of journeys that were about to send messages in the last 24 hours: how many, and how many of them were skipped, by reason. */
	skipped: Array<{ journey: string; asked: number; skipped: number; percent: number; reasons: Record<string, number> }>;
	/** Dates of schedules that were passed over, found in the last 24 hours. */
	missedRuns: Array<{ journey: string; date: string; dueAt: string; zones: number }>;
	/** Input that was refused in the last 24 hours. */
	rejectedEvents: number;
	megabytes: number;
	warnings: string[];
}

/** Of fewer messages a share says nothing. */
const LEAST_ASKED = 20;
const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;

function shareOf({ journey, passed, skipped, reasons }: SendingShare): Health['skipped'][0] {
	const asked = passed + skipped;
	return { journey, asked, skipped, percent: Math.round((100 * skipped) / asked), reasons };
}

/** The most frequent first. */
function inWords(reasons: Record<string, number>): string {
	return Object.entries(reasons).sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason.replaceAll('_', ' ')} (${count})`).join(', ');
}

/** How everything is at this moment. */
export async function health(store: Store, limits: Limits): Promise<Health> {
	return await store.tx(async (db) => await healthOf(db, limits, await peopleAtSteps(db, null)));
}

/** The same, of everybody who was counted at the steps of the store. */
export async function healthOf(db: Connection, limits: Limits, at: AtStep[]): Promise<Health> {
	const held = new Set((await listJourneys(db)).filter(({ paused_at, off_since }) => paused_at ?? off_since).map(({ key }) => key));
	const late = at.filter(({ overdue, journey, off_since }) => overdue > 0 && !held.has(journey) && !off_since);
	const yesterday = new Date(+db.now - DAY_MS);
	const trouble = await troubles(db, null, yesterday);
	const skipped = (await sendingShares(db, yesterday)).map(shareOf);
	const missed = await missedRuns(db, yesterday);
	const rejected = await countRejected(db, yesterday);
	const last = await lastEventAt(db);
	const bytes = await storeBytes(db);
	const latenessSeconds = Math.round(Math.max(0, ...late.map(({ oldest_due }) => +db.now - +oldest_due!)) / 1_000);
	const named = (which: 'failed' | 'unknown') => trouble.filter((one) => one[which] > 0).map((one) => `${one.journey} (${one[which]})`).join(', ');
	const quiet = last === null ? Infinity : (+db.now - +last) / HOUR_MS;
	const skipping = skipped.filter(({ asked, percent }) => limits.skippedPercent > 0 && asked >= LEAST_ASKED && percent >= limits.skippedPercent);
	const warnings = [
		latenessSeconds > limits.latenessMinutes * 60 && `People are late: at ${late.map(({ journey, name, overdue }) => `'${name}' of ${journey} (${overdue})`).join(', ')}, the longest by ${Math.round(latenessSeconds / 60)} minutes.`,
		named('failed') && `People were given up in the last 24 hours after repeated errors: ${named('failed')}. Journey Control → Journey → Send Failed On lets them go on.`,
		named('unknown') && `Nobody knows whether these messages were sent: ${named('unknown')}. Journey Control → Message → List Unknown.`,
		limits.hoursWithoutEvents > 0 && quiet >= limits.hoursWithoutEvents && (last === null ? 'No event has come in.' : `No event has come in for ${Math.floor(quiet)} hours.`),
		...skipping.map(({ journey, asked, percent, reasons }) => `${journey} has skipped ${percent} % of its ${asked} messages in the last 24 hours: ${inWords(reasons)}.`),
		...missed.map(({ journey, date, zones }) => `The run of ${journey} on ${date}${zones > 1 ? ` in ${zones} time zones` : ''} was missed: nobody entered by it.`),
		limits.rejectedEvents > 0 && rejected >= limits.rejectedEvents && `${rejected} events were refused in the last 24 hours. Journey Control → Rejected Event → List says why, and sends them in again.`,
	].filter((one) => typeof one === 'string' && one !== '');
	return {
		latenessSeconds, overdue: late.reduce((sum, { overdue }) => sum + overdue, 0), failed: trouble.reduce((sum, one) => sum + one.failed, 0),
		unknownMessages: trouble.reduce((sum, one) => sum + one.unknown, 0), lastEventAt: last,
		skipped, missedRuns: missed.map(({ due_at, ...one }) => ({ ...one, dueAt: due_at.toISOString() })), rejectedEvents: rejected, megabytes: Math.round(bytes / 1024 ** 2), warnings: warnings as string[],
	};
}
