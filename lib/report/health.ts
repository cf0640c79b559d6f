import { listJourneys } from '../store/journeys';
import { lastEventAt, peopleAtSteps, troubles } from '../store/overview';
import { loadNumbers } from '../store/status';
import type { Store } from '../store/types';

/** From when on something is worth a warning. */
export interface Limits {
	latenessMinutes: number;
	/** 0: never warns of it. */
	hoursWithoutEvents: number;
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
	megabytes: number;
	warnings: string[];
}

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;

/** How everything is at this moment. */
export async function health(store: Store, limits: Limits): Promise<Health> {
	return await store.tx(async (db) => {
		const held = new Set((await listJourneys(db)).filter(({ paused_at, off_since }) => paused_at ?? off_since).map(({ key }) => key));
		const late = (await peopleAtSteps(db, null)).filter(({ overdue, journey, off_since }) => overdue > 0 && !held.has(journey) && !off_since);
		const trouble = await troubles(db, null, new Date(+db.now - DAY_MS));
		const last = await lastEventAt(db);
		const { bytes } = await loadNumbers(db);
		const latenessSeconds = Math.round(Math.max(0, ...late.map(({ oldest_due }) => +db.now - +oldest_due!)) / 1_000);
		const named = (which: 'failed' | 'unknown') => trouble.filter((one) => one[which] > 0).map((one) => `${one.journey} (${one[which]})`).join(', ');
		const quiet = last === null ? Infinity : (+db.now - +last) / HOUR_MS;
		const warnings = [
			latenessSeconds > limits.latenessMinutes * 60 && `People are late: at ${late.map(({ journey, name, overdue }) => `'${name}' of ${journey} (${overdue})`).join(', ')}, the longest by ${Math.round(latenessSeconds / 60)} minutes.`,
			named('failed') && `People were given up in the last 24 hours after repeated errors: ${named('failed')}. Journey Control → Journey → Send Failed On lets them go on.`,
			named('unknown') && `Nobody knows whether these messages were sent: ${named('unknown')}. Journey Control → Message → List Unknown.`,
			limits.hoursWithoutEvents > 0 && quiet >= limits.hoursWithoutEvents && (last === null ? 'No event has come in.' : `No event has come in for ${Math.floor(quiet)} hours.`),
		].filter((one) => typeof one === 'string' && one !== '');
		return {
			latenessSeconds, overdue: late.reduce((sum, { overdue }) => sum + overdue, 0), failed: trouble.reduce((sum, one) => sum + one.failed, 0),
			unknownMessages: trouble.reduce((sum, one) => sum + one.unknown, 0), lastEventAt: last, megabytes: Math.round(bytes / 1024 ** 2), warnings: warnings as string[],
		};
	});
}
