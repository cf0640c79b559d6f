import type { NoPlace, Places } from './capacity';
import { addDuration, subtractDuration } from './time';
import { readPath } from './path';
import { freeSlot, pastOf, reentryRefusal, withEntry, type Enrolment, type Past } from './reentry';
import { inShare, placeIn } from './split';
import type { EntryRules, Json } from './types';

/** Someone who may enter, with what the rules need to know of them. */
export interface Candidate {
	id: number;
	profile_id: number;
	/** The profile's own zone, or null. */
	zone: string | null;
	/** Null: a schedule has selected them, or the people of a segment. */
	event_id: number | null;
	event_received_at: Date | null;
	/** The date of the schedule, `YYYY-MM-DD`. */
	scheduled_for: string | null;
	/** The segment whose people the journey begins with, if that selected them. */
	segment?: string | null;
	/** Own time of the entry event, or when the schedule selected them: the moment of entry. */
	occurred_at: Date;
	properties: Json;
	/** Value of the journey's correlation property, as the store compares it; null when the event has none. */
	correlation: string | null;
	/** When an earlier trigger of the same person is due that is not in this batch; null: there is none. */
	behind: Date | null;
}

/** What one admission knows besides its candidates and their past. */
export interface Circumstances {
	now: Date;
	/** The journey's id: what shares are drawn by. */
	journey: number;
	/** Who is not in the audience that is a condition of entry, by candidate, with the values compared. */
	outside: Map<number, Json>;
	/** Percent of all profiles that enter no journey. */
	globalHoldout: number;
	/** Absent: there is no capacity. */
	places?: Places;
}

export type Verdict = { candidate: Candidate; correlation: string } & (
	| { becomes: 'instance'; slot: number; restarts: boolean; context: Json }
	| { becomes: 'heldOut'; slot: number; arm: 'control' | 'global'; percent: number }
	| { becomes: 'delayed'; reason: 'order' | NoPlace['reason']; until: Date; detail: Json }
	| { becomes: 'refused'; reason: string; detail: Json }
);
type Outcome = Verdict extends infer One ? (One extends Verdict ? Omit<One, 'candidate' | 'correlation'> : never) : never;

/** It is part of an index key, and one that does not fit would fail its whole batch. */
const LONGEST_CORRELATION = 255;
/** How soon to look again whether an earlier trigger of the same person has been decided. */
const IN_ORDER_MS = 1_000;

/**
 * Decides who enters, in the order of their events' own time; each sees what the one before it did. The first rule
 * that fails decides, in this order: journey open, duplicate trigger, already inside, once / lock / cap, audience,
 * roll-out, global holdout, capacity, journey holdout. Who is put back holds up their own later triggers, and nobody's
 * else.
 *
 * @param known earlier entries of these profiles in this journey
 */
export function decideAdmission(rules: EntryRules, candidates: Candidate[], known: Enrolment[], around: Circumstances): Verdict[] {
	const keyOf = (one: { profile_id: number; correlation: string }) => `${one.profile_id} ${one.correlation}`;
	const pasts = pastsOf(known, keyOf);
	const arms = armsOf(known);
	const waiting = new Map<number, Date>();
	const inOrder = [...candidates].sort((a, b) => +a.occurred_at - +b.occurred_at || (a.event_id ?? a.id) - (b.event_id ?? b.id));

	return inOrder.map((candidate): Verdict => {
		const { profile_id } = candidate;
		const correlation = rules.correlation === undefined ? '' : (candidate.correlation ?? '');
		const key = keyOf({ profile_id, correlation });
		const past = pasts.get(key);
		const outcome = inTurn(candidate, waiting.get(profile_id), around.now)
			?? refusalByTrigger(rules, candidate, correlation, past, around)
			?? entry(rules, candidate, past, arms.get(profile_id) ?? null, around);
		if (outcome.becomes === 'delayed') waiting.set(profile_id, outcome.until);
		if (outcome.becomes === 'instance' || outcome.becomes === 'heldOut') {
			const begun = outcome.becomes === 'instance' && outcome.restarts ? { ...past!, inside: new Set<number>() } : past;
			pasts.set(key, withEntry(begun, candidate.occurred_at, candidate, outcome.becomes === 'instance' ? outcome.slot : null));
		}
		return { candidate, correlation, ...outcome };
	});
}

function pastsOf(known: Enrolment[], keyOf: (one: Enrolment) => string): Map<string, Past> {
	const slots = new Map<string, Enrolment[]>();
	for (const one of known) {
		const others = slots.get(keyOf(one));
		if (others) others.push(one);
		else slots.set(keyOf(one), [one]);
	}
	return new Map([...slots].map(([key, enrolments]) => [key, pastOf(enrolments)]));
}

/** Sides by profile: the one of the first entry that had any. */
function armsOf(known: Enrolment[]): Map<number, Enrolment['arm']> {
	const sided = known.filter(({ arm }) => arm !== null).sort((a, b) => +b.first_entry - +a.first_entry);
	return new Map(sided.map(({ profile_id, arm }) => [profile_id, arm]));
}

/** Triggers of one person are decided in their order, though an earlier one may be put back or tried again. */
function inTurn({ behind }: Candidate, waiting: Date | undefined, now: Date): Outcome | undefined {
	const earlier = waiting ?? behind;
	if (!earlier) return undefined;
	return { becomes: 'delayed', reason: 'order', until: new Date(Math.max(+earlier, +now + IN_ORDER_MS)), detail: {} };
}

/** The rules that only ask about this trigger and the person's past in this journey. */
function refusalByTrigger(rules: EntryRules, candidate: Candidate, correlation: string, past: Past | undefined, { now, outside }: Circumstances): Outcome | undefined {
	const { occurred_at: at, event_id, scheduled_for } = candidate;
	const zone = candidate.zone ?? rules.zone;
	const refuse = (reason: string, detail: Json = {}): Outcome => ({ becomes: 'refused', reason, detail: { ...detail, event_at: at } });
	if (rules.correlation !== undefined && correlation === '') return refuse('no_correlation', { property: rules.correlation });
	if (correlation.length > LONGEST_CORRELATION) return refuse('correlation_too_long', { property: rules.correlation, length: correlation.length });
	if (rules.closed) return refuse('entries_closed', { closed_at: rules.closed });
	if (rules.start && at < rules.start) return refuse('not_open_yet', { start: rules.start });
	// Where everybody leaves at the end, also who triggered before it comes too late.
	if (rules.end && (at >= rules.end || (rules.endEvicts && now >= rules.end))) return refuse('closed', { end: rules.end });
	if (past) {
		// A listener that was away looks back, and may find what let somebody in.
		if (event_id !== null && past.events.has(event_id)) return refuse('duplicate', { event_id });
		// Two profiles that a run has selected may be one person by now.
		if (scheduled_for !== null && past.scheduledFor !== null && past.scheduledFor >= scheduled_for) return refuse('duplicate', { scheduled_for });
		const window = rules.duplicateWindow;
		if (window && at < addDuration(past.lastEntry, window, zone) && at > subtractDuration(past.lastEntry, window, zone)) {
			return refuse('duplicate', { entered_at: past.lastEntry, window });
		}
		if (past.inside.size > 0 && rules.whileInside === 'refuse') return refuse('already_inside', { entered_at: past.lastEntry });
		const refusal = reentryRefusal(rules, past, at, zone);
		if (refusal) return refuse(refusal.reason, refusal.detail);
	}
	const compared = outside.get(candidate.id);
	return compared && refuse('audience', compared);
}

/** The rules that draw by the profile, and those that reserve something, which come last. */
function entry(rules: EntryRules, candidate: Candidate, past: Past | undefined, arm: Enrolment['arm'], { journey, globalHoldout, places }: Circumstances): Outcome {
	const { profile_id, occurred_at: event_at } = candidate;
	const inside = past !== undefined && past.inside.size > 0;
	const restarts = inside && rules.whileInside === 'restart';
	const slot = past && !restarts ? freeSlot(past) : 0;
	const { rollout, holdout } = rules;
	if (rollout !== undefined && !inShare(`roll-out ${journey}`, profile_id, rollout)) {
		return { becomes: 'refused', reason: 'rollout', detail: { percent: rollout, place: placeIn(`roll-out ${journey}`, profile_id), event_at } };
	}
	// Who is inside belongs to those who get something.
	if (!inside && globalHoldout > 0 && (arm === 'global' || inShare(GLOBAL, profile_id, globalHoldout))) {
		return { becomes: 'heldOut', slot, arm: 'global', percent: globalHoldout };
	}
	const held = !inside && holdout !== undefined && isControl(arm, journey, profile_id, holdout);
	const none = places?.take(held ? 'heldOut' : restarts ? 'again' : 'new');
	if (none && rules.capacity!.overflow === 'delay') return { becomes: 'delayed', reason: none.reason, until: none.turn(), detail: none.detail };
	if (none) return { becomes: 'refused', reason: `capacity_${none.reason}`, detail: { ...none.detail, event_at } };
	if (held) return { becomes: 'heldOut', slot, arm: 'control', percent: holdout };
	return { becomes: 'instance', slot, restarts, context: capture(rules, candidate) };
}

const GLOBAL = 'global holdout';

/** Who has a side keeps it, whatever became of the share. */
function isControl(arm: Enrolment['arm'], journey: number, profile: number, percent: number): boolean {
	if (arm === 'control' || arm === 'treated') return arm === 'control';
	return inShare(`holdout ${journey}`, profile, percent);
}

function capture({ values }: EntryRules, { properties }: Candidate): Json {
	return Object.fromEntries(Object.entries(values).map(([name, path]) => [name, readPath(properties, path) ?? null]));
}
