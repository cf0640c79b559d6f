import { readPath } from './path';
import { addDuration, lockEnds, subtractDuration } from './time';
import type { EntryRules, Json } from './types';

/** Someone who may enter, with what the rules need to know of them. */
export interface Candidate {
	id: number;
	profile_id: number;
	/** The profile's own zone, or null. */
	zone: string | null;
	event_id: number;
	event_received_at: Date;
	/** Own time of the entry event: the moment of entry. */
	occurred_at: Date;
	properties: Json;
	/** Value of the journey's correlation property, as the store compares it; null when the event has none. */
	correlation: string | null;
}

/** What is remembered of earlier entries with the same instance key. */
export interface Enrolment {
	profile_id: number;
	correlation: string;
	entries: number;
	entry_times: Date[];
	last_entry: Date;
	/** Of the last entry. */
	entry_event_id: number | null;
	/** An instance is inside now. */
	inside: boolean;
}

export type Verdict = { candidate: Candidate; correlation: string } & (
	| { enters: true; restarts: boolean; context: Json }
	| { enters: false; reason: string; detail: Json }
);

/** It is part of an index key, and one that does not fit would fail its whole batch. */
const LONGEST_CORRELATION = 255;

/**
 * Decides who enters, in the order of their events' own time; each sees what the one before it did. The first rule
 * that fails decides, in this order: journey open, duplicate, already inside, once / lock / cap.
 *
 * @param known earlier entries of these profiles in this journey
 */
export function decideAdmission(rules: EntryRules, candidates: Candidate[], known: Enrolment[]): Verdict[] {
	const enrolments = new Map(known.map((one) => [`${one.profile_id} ${one.correlation}`, { ...one }]));
	const inOrder = [...candidates].sort((a, b) => +a.occurred_at - +b.occurred_at || a.event_id - b.event_id);

	return inOrder.map((candidate): Verdict => {
		const at = candidate.occurred_at;
		const refuse = (reason: string, detail: Json = {}): Verdict => ({
			candidate, correlation, enters: false, reason, detail: { ...detail, event_at: at },
		});
		const correlation = rules.correlation === undefined ? '' : (candidate.correlation ?? '');
		if (rules.correlation !== undefined && correlation === '') return refuse('no_correlation', { property: rules.correlation });
		if (correlation.length > LONGEST_CORRELATION) return refuse('correlation_too_long', { property: rules.correlation, length: correlation.length });
		if (rules.closed) return refuse('entries_closed', { closed_at: rules.closed });
		if (rules.start && at < rules.start) return refuse('not_open_yet', { start: rules.start });
		if (rules.end && at >= rules.end) return refuse('closed', { end: rules.end });

		const key = `${candidate.profile_id} ${correlation}`;
		const before = enrolments.get(key);
		// A listener that was away looks back, and may find what let somebody in.
		if (before?.entry_event_id === candidate.event_id) return refuse('duplicate', { event_id: candidate.event_id });
		if (before?.inside && rules.whileInside === 'refuse') return refuse('already_inside', { entered_at: before.last_entry });
		if (before) {
			const refusal = reentry(rules, before, at, candidate.zone ?? rules.zone);
			if (refusal) return refuse(refusal.reason, refusal.detail);
		}
		const entry_times = [...keepTimes(rules, before, at, candidate.zone ?? rules.zone), at];
		enrolments.set(key, {
			profile_id: candidate.profile_id, correlation, entries: (before?.entries ?? 0) + 1, entry_times, last_entry: at,
			entry_event_id: candidate.event_id, inside: true,
		});
		const context = Object.fromEntries(
			Object.entries(rules.values).map(([name, path]) => [name, readPath(candidate.properties, path) ?? null]),
		);
		return { candidate, correlation, enters: true, restarts: before?.inside ?? false, context };
	});
}

function reentry(rules: EntryRules, before: Enrolment, at: Date, zone: string): { reason: string; detail: Json } | undefined {
	// A restart is the same entry begun again; once and cap still count it, a lock would make it impossible.
	const { reentry: rule } = rules;
	if (rule.kind === 'once') return { reason: 'once', detail: { entered_at: before.last_entry } };
	if (rule.kind === 'lock') {
		if (before.inside) return undefined;
		const free = lockEnds(before.last_entry, rule.lock, zone);
		return at < free ? { reason: 'lock', detail: { entered_at: before.last_entry, free_at: free } } : undefined;
	}
	const counted = rule.within ? keepTimes(rules, before, at, zone).length : before.entries;
	return counted >= rule.times ? { reason: 'cap', detail: { entries: counted, allowed: rule.times } } : undefined;
}

/** The earlier entries that still count towards a rolling cap. */
function keepTimes(rules: EntryRules, before: Enrolment | undefined, at: Date, zone: string): Date[] {
	const { reentry: rule } = rules;
	if (!before || rule.kind !== 'cap' || !rule.within) return [];
	const within = rule.within;
	return before.entry_times.filter((time) => addDuration(time, within, zone) > at);
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
