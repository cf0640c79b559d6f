import { canonical } from './canonical';
import { addDuration, dueAt } from './time';
import type { Until } from './types';

/** Who waits, by the rule before: since when, or since which event started the delay again. */
export interface Rescheduled {
	due_at: Date;
	parked_at: Date;
	reset_at: Date | null;
	zone: string;
}

/** Who would have gone on already by a shortened wait follows at this distance: 5,000 people a minute. */
const APART_MS = 60_000 / 5_000;

/**
 * When people go on whose wait was changed while they waited: as if it had been so when they came. Whom that leaves
 * overdue are spread, 5,000 a minute, in the order given, but nobody goes on later than before the change.
 *
 * @param overdue how many before these were overdue
 * @returns their new deadlines, how many were overdue by now, and how many of these people therefore go on at once
 */
export function reschedule(rule: Until, people: Rescheduled[], now: Date, overdue: number): { due: Date[]; overdue: number; atOnce: number } {
	const known = new Map<string, Date>();
	let [late, atOnce] = [overdue, 0];
	const due = people.map(({ due_at, parked_at, reset_at, zone }) => {
		const key = `${zone} ${+(reset_at ?? parked_at)} ${reset_at !== null}`;
		const at = known.get(key) ?? (reset_at && rule.kind === 'delay' ? addDuration(reset_at, rule.delay, zone) : dueAt(rule, parked_at, zone));
		known.set(key, at);
		if (at > now) return at;
		const turn = +now + Math.round(APART_MS * late++);
		if (turn < +due_at) atOnce++;
		return new Date(Math.min(+due_at, turn));
	});
	return { due, overdue: late, atOnce };
}

/** Over how many minutes so many overdue people are spread. */
export function spreadMinutes(overdue: number): number {
	return Math.ceil((overdue * APART_MS) / 60_000);
}

/**
 * What a wait that says something else now means for those who are in it. `kept`: it differs from person to person, or
 * did, and they go on at the time that they were told.
 */
export function waitChange(before: Until | undefined, now: Until | undefined): 'none' | 'followed' | 'kept' {
	if (canonical(before ?? null) === canonical(now ?? null)) return 'none';
	return before && now ? 'followed' : 'kept';
}
