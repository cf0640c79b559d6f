import { addDuration, lockEnds, subtractDuration } from './time';
import type { EntryRules, Json } from './types';

/** What is remembered of earlier entries with the same instance key, in one of its slots. */
export interface Enrolment {
	profile_id: number;
	correlation: string;
	/** Place of one of several instances of the key, from 0. */
	slot: number;
	entries: number;
	entry_times: Date[];
	first_entry: Date;
	last_entry: Date;
	last_exit: Date | null;
	/** The last entry was held out: nothing followed it, so it was left as it began. */
	held_out: boolean;
	/** Of the last entry. */
	entry_event_id: number | null;
	/** An instance is inside now. */
	inside: boolean;
	/** The latest date of a schedule, `YYYY-MM-DD`, for which they have entered; null: for none. */
	scheduled_for: string | null;
	/** Side of a holdout, for good. */
	arm: 'treated' | 'control' | 'global' | null;
}

/** The same of all slots together, as one admission goes on. */
export interface Past {
	entries: number;
	times: Date[];
	lastEntry: Date;
	lastExit: Date | null;
	/** Events that let somebody in. */
	events: Set<number>;
	/** Slots with an instance inside. */
	inside: Set<number>;
	/** The latest date of a schedule for which they have entered. */
	scheduledFor: string | null;
}

/** @param enrolments of one instance key, at least one */
export function pastOf(enrolments: Enrolment[]): Past {
	const latest = (dates: Date[]) => new Date(Math.max(...dates.map(Number)));
	// Both arms of a holdout use up the lock, also one that is measured from the exit.
	const exits = enrolments.flatMap(({ last_exit, held_out, last_entry }) => [...(last_exit ? [last_exit] : []), ...(held_out ? [last_entry] : [])]);
	return {
		entries: enrolments.reduce((sum, { entries }) => sum + entries, 0),
		times: enrolments.flatMap(({ entry_times }) => entry_times),
		lastEntry: latest(enrolments.map(({ last_entry }) => last_entry)),
		lastExit: exits.length > 0 ? latest(exits) : null,
		events: new Set(enrolments.flatMap(({ entry_event_id }) => entry_event_id ?? [])),
		inside: new Set(enrolments.filter(({ inside }) => inside).map(({ slot }) => slot)),
		scheduledFor: enrolments.map(({ scheduled_for }) => scheduled_for).reduce(laterDate, null),
	};
}

/** Dates as they are written sort by time. */
function laterDate(one: string | null, other: string | null): string | null {
	return one !== null && (other === null || one > other) ? one : other;
}

/** What let somebody in: an event, or a date of a schedule. */
type Trigger = { event_id: number | null; scheduled_for: string | null };

/** The past after one more entry. @param slot of its instance; null: it was held out */
export function withEntry(before: Past | undefined, at: Date, { event_id: event, scheduled_for }: Trigger, slot: number | null): Past {
	const inside = new Set(before?.inside);
	if (slot !== null) inside.add(slot);
	const exit = before?.lastExit ?? null;
	return {
		entries: (before?.entries ?? 0) + 1,
		times: [...(before?.times ?? []), at],
		lastEntry: before && before.lastEntry > at ? before.lastEntry : at,
		lastExit: slot === null && (!exit || exit < at) ? at : exit,
		events: new Set([...(before?.events ?? []), ...(event === null ? [] : [event])]),
		inside,
		scheduledFor: laterDate(before?.scheduledFor ?? null, scheduled_for),
	};
}

/** The first place that is free. */
export function freeSlot({ inside }: Past): number {
	let slot = 0;
	while (inside.has(slot)) slot++;
	return slot;
}

/** Why an event of this own time may not let them in again, with the values compared; undefined: it may. */
export function reentryRefusal(rules: EntryRules, before: Past, at: Date, zone: string): { reason: string; detail: Json } | undefined {
	const { reentry: rule, whileInside } = rules;
	if (rule.kind === 'once') return { reason: 'once', detail: { entered_at: before.lastEntry } };
	if (rule.kind === 'cap') {
		const { within, times } = rule;
		const counted = within ? before.times.filter((time) => addDuration(time, within, zone) > at).length : before.entries;
		return counted >= times ? { reason: 'cap', detail: { entries: counted, allowed: times, within } } : undefined;
	}
	// A restart is the same entry begun again: once and cap count it, a lock would make it impossible.
	if (before.inside.size > 0 && whileInside === 'restart') return undefined;
	const [anchor, name] = rule.from === 'exit' ? [before.lastExit, 'exited_at'] : [before.lastEntry, 'entered_at'];
	if (!anchor) return undefined;
	const free = lockEnds(anchor, rule.lock, zone);
	return at < free ? { reason: 'lock', detail: { [name]: anchor, free_at: free } } : undefined;
}

const KEPT_DAYS = 366;
/** Late events may be admitted days after they happened. */
const LATENESS_DAYS = 8;
const DAY_MS = 86_400_000;

/** Entries before this instant need not be remembered: a year back, or as far as the cap reaches. */
export function entriesCountFrom(rules: EntryRules, now: Date): Date {
	const year = new Date(+now - KEPT_DAYS * DAY_MS);
	if (rules.reentry.kind !== 'cap' || !rules.reentry.within) return year;
	const cap = subtractDuration(now, rules.reentry.within, 'UTC');
	return new Date(Math.min(+year, +cap - LATENESS_DAYS * DAY_MS));
}
