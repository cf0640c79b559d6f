import { ownEventOf } from '../core/ownEvents';
import { found } from '../core/segment/refusal';
import type { Json } from '../core/types';
import type { Fact } from '../store/story';

/** An instant as sentences begin with it: `2026-03-02 10:00:03 UTC`. */
export function stamp(at: Date): string {
	return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A fact as a sentence with its time in front: what happened, where, why, and the values compared. */
export function sentence(fact: Fact): string {
	const tell = (Object.hasOwn(TELLERS[fact.source], fact.kind) && TELLERS[fact.source][fact.kind]) || anything;
	return `${stamp(fact.at)} — ${tell(fact)}.`;
}

type Teller = (fact: Fact) => string;

const OUTCOME: Record<string, Teller> = {
	claimed: (fact) => `Message claimed${place(fact)}${channel(fact)}, its outcome is not known yet${delivery(fact)}`,
	sent: (fact) => `Message sent${place(fact)}${channel(fact)}${delivery(fact)}`,
	failed: (fact) => `Message failed${place(fact)}${channel(fact)}${error(fact)}${delivery(fact)}`,
	unknown: (fact) => `Nobody knows whether the message was sent${place(fact)}${channel(fact)}${error(fact)}${delivery(fact)}`,
};

const ENDED: Record<string, Teller> = {
	done: (fact) => `Left the journey${place(fact)}: ${ENDINGS[fact.reason ?? ''] ?? words(fact.reason)}`,
	failed: (fact) => `Given up${place(fact)} after repeated errors${error(fact)}`,
};

const TELLERS: Record<Fact['source'], Record<string, Teller>> = {
	now: {
		waiting: (fact) => `Is now at ${step(fact)}, ${waitsFor(fact)}`,
		running: (fact) => `Is now on the way from ${step(fact)} in a running execution`,
		candidate: (fact) => (fact.reason === null ? `Is about to be looked at by ${step(fact)}${event(fact, 'because of')}`
			: `${WAITS_OUTSIDE[fact.reason] ?? 'Waits to be let in'} at ${step(fact)}${event(fact, 'because of')}, next looked at ${time(fact.due_at, fact)}`),
	},
	journal: {
		...OUTCOME,
		delayed: (fact) => `Put back${place(fact)}${event(fact, 'although let in by')}: ${FULL[fact.reason ?? '']?.(fact) ?? words(fact.reason)}. Looked at again ${time(fact.due_at, fact)}`,
		held_out: (fact) => `Held out${place(fact)}${event(fact, 'though let in by')}: ${held(fact)}, to measure against, and get nothing`,
		entered: (fact) => `Entered${place(fact)}${event(fact, 'by') || begunWith(fact)}`,
		parked: (fact) => (fact.reason === 'time' ? `Arrived${place(fact)} when its time was up already (due ${time(fact.due_at, fact)})`
			: `Began to wait${place(fact)}, until ${time(fact.due_at, fact)} at the latest`),
		woken: (fact) => `Woken${place(fact)} ${WOKEN[fact.reason ?? '']?.(fact) ?? event(fact, 'by').trim()}${attempt(fact)}`,
		late: (fact) => (fact.reason === 'goal' ? `Came too late${event(fact, 'for the goal')}${place(fact)}, which had counted that it did not happen until ${time(fact.due_at, fact)}`
			: `Came too late${place(fact)}${event(fact, 'for the wait:')}. Its time was up ${time(fact.due_at, fact)}, and had been worked on`),
		rescheduled: (fact) => `Waits until ${time(fact.due_at, fact)} instead of ${date(fact, 'before')}${place(fact)}, since the wait was ${words(fact.reason)}`,
		moved: (fact) => (fact.reason === 'operator' ? `Moved to ${step(fact)} from ${found(fact.detail?.from)} by an operator`
			: fact.reason === 'undone' ? `Brought back to ${step(fact)} from ${found(fact.detail?.from)}, since the publish that had removed it was undone`
			: `Moved to ${step(fact)}, since ${found(fact.detail?.from)} was removed from the canvas or disabled`),
		redated: (fact) => `The date to wait for changed${place(fact)}: now due ${time(fact.due_at, fact)}`,
		undated: (fact) => `Could not wait${place(fact)}: there is no date${error(fact)}`,
		reset: (fact) => `Timer started again${place(fact)}${event(fact, 'because of')}, now due ${time(fact.due_at, fact)}`,
		retry: (fact) => `Put back${place(fact)} ${PUT_BACK[fact.reason ?? ''] ?? 'because the execution failed'}${error(fact)}, next try ${time(fact.due_at, fact)}`,
		done: ENDED.done!,
		failed: (fact) => (fact.detail?.delivery === undefined ? ENDED : OUTCOME).failed!(fact),
		converted: (fact) => `Reached the goal ${step(fact)}${event(fact, 'by')}${absent(fact)}${worth(fact)}, and ${fact.reason === 'held_out' ? 'was held out of the journey' : fact.reason === 'leaves' ? 'leaves' : 'stays where they are'}`,
		exited: (fact) => `Met the exit criterion ${step(fact)}${event(fact, 'by')}${absent(fact)}${fact.reason === 'leaves' ? ', and leaves' : ''}`,
		skipped: (fact) => `Message not sent${place(fact)}: ${SKIPPED[fact.reason ?? '']?.(fact) ?? `${words(fact.reason)}${values(fact)}`}`,
		held: (fact) => `Message held back${place(fact)}: ${words(fact.reason)}${values(fact)}${fact.due_at ? `, until ${time(fact.due_at, fact)}` : ''}`,
		claimed: OUTCOME.claimed!,
		dropped: (fact) => `Dropped${place(fact)}: ${words(fact.reason)}${values(fact)}`,
		branched: (fact) => `Went to ${found(fact.detail?.output)}${place(fact)}: ${words(fact.reason)}${values(fact, 'output', 'visit')}`,
		audience: (fact) => `Found ${fact.reason === 'in' ? 'in the audience' : 'not in the audience'}${place(fact)}${values(fact, 'visit')}`,
	},
	refusal: {
		refused: (fact) => `Not let in${event(fact, 'by')}: ${REFUSED[fact.reason ?? '']?.(fact) ?? `${words(fact.reason)}${values(fact, 'times', 'first_at')}`}${times(fact)}`,
	},
	delivery: OUTCOME,
	engagement: {
		delivered: (fact) => message(fact, 'was delivered'),
		opened: (fact) => message(fact, 'was opened'),
		clicked: (fact) => message(fact, 'was clicked'),
		bounced: (fact) => message(fact, 'bounced'),
		complained: (fact) => `${message(fact, 'drew a complaint')}, which denies consent for ${fact.reason}`,
		unsubscribed: (fact) => `${message(fact, 'led to an unsubscription')}, which denies consent for ${fact.reason}`,
	},
	finished: ENDED,
	consent: { granted: (fact) => consent(fact, 'Allowed'), denied: (fact) => consent(fact, 'Forbade') },
};

/** Why a wait was over, if not by an event. */
const WOKEN: Record<string, Teller> = {
	time: (fact) => `because time was up (due ${time(fact.due_at, fact)})`,
	change: (fact) => `by a change: ${found(String(fact.detail?.output ?? '').replace(/^\d+:/, ''))}`,
};

/** Why someone left, as `done` says it. */
const ENDINGS: Record<string, string> = {
	completed: 'nothing more was to come (completed)',
	converted: 'they converted',
	exit_criterion: 'an exit criterion was met',
	date_past: 'the date to wait for was past (date_past)',
	no_date: 'their date to wait for could not be told and nothing is connected to No date (no_date)',
	expired: 'the longest time inside was up (expired)',
	restarted: 'they began again from the start (restarted)',
	merged: 'their profile was merged with another that is inside',
	erased: 'they were erased (erased)',
	evicted: 'an operator took everybody out (evicted)',
	skipped_end: 'their message was skipped and nothing is connected to Skipped (skipped_end)',
	ended: 'the journey came to its end, and everybody inside left (ended)',
	step_removed: 'their step was removed from the canvas (step_removed)',
};

/** Why a message was not sent, where the reason alone does not say it. */
const SKIPPED: Record<string, Teller> = {
	restored: (fact) => `it fell due after the backup of ${date(fact, 'backup_at')} from which the store was restored, and may have been sent then`,
};

const PUT_BACK: Record<string, string> = {
	lease: 'because n8n stopped in the middle',
	operator: 'because an operator sent them on',
	restored: 'because the store was restored from a backup',
};

/** Why there was no place for someone. */
const FULL: Record<string, Teller> = {
	per_minute: (fact) => `${String(fact.detail?.entered)} entered in that minute, and ${String(fact.detail?.allowed)} may`,
	inside: (fact) => `${String(fact.detail?.inside)} were inside, and ${String(fact.detail?.allowed)} may be`,
};

const WAITS_OUTSIDE: Record<string, string> = {
	order: 'Waits until an earlier event of theirs is decided',
	per_minute: 'Waits to be let in, as so many enter each minute,',
	inside: 'Waits for a place inside to become free',
};

/** Why someone was not let in, with the values compared. */
const REFUSED: Record<string, Teller> = {
	no_correlation: (fact) => `the event has no value in its property ${found(fact.detail?.property)}`,
	not_open_yet: (fact) => `the journey opens ${date(fact, 'start')}, the event is from ${date(fact, 'event_at')}`,
	closed: (fact) => `the journey closed ${date(fact, 'end')}, the event is from ${date(fact, 'event_at')}`,
	entries_closed: (fact) => `an operator closed the entries of the journey ${date(fact, 'closed_at')}, the event is from ${date(fact, 'event_at')}`,
	already_inside: (fact) => `they are inside since ${date(fact, 'entered_at')}, the event is from ${date(fact, 'event_at')}`,
	once: (fact) => `everyone enters once, they entered ${date(fact, 'entered_at')}, the event is from ${date(fact, 'event_at')}`,
	duplicate: (fact) => (fact.detail?.scheduled_for !== undefined ? `they have entered for ${found(fact.detail.scheduled_for)} already`
		: fact.detail?.window === undefined ? 'this event has let them in already'
		: `it came within ${period(fact.detail.window)} of the one that let them in (${date(fact, 'entered_at')}) and counts as the same, the event is from ${date(fact, 'event_at')}`),
	correlation_too_long: (fact) => `the value of its property ${found(fact.detail?.property)} has ${String(fact.detail?.length)} characters, and 255 are the most`,
	lock: (fact) => `they ${fact.detail?.exited_at === undefined ? `entered ${date(fact, 'entered_at')}` : `left ${date(fact, 'exited_at')}`} and may again from ${date(fact, 'free_at')}, the event is from ${date(fact, 'event_at')}`,
	cap: (fact) => `they have entered ${String(fact.detail?.entries)} times and may ${String(fact.detail?.allowed)} times${fact.detail?.within === undefined ? '' : ` within ${period(fact.detail.within)}`}, the event is from ${date(fact, 'event_at')}`,
	audience: (fact) => `they are not in the audience: ${compared(fact.detail)}, the event is from ${date(fact, 'event_at')}`,
	rollout: (fact) => `the journey is rolled out to ${String(fact.detail?.percent)} % of all customers, and they stand at ${String(fact.detail?.place)} %`,
	capacity_per_minute: FULL.per_minute!,
	capacity_inside: FULL.inside!,
	restarted_at_once: () => 'a newer event of the same batch let them start again',
};

/** For a kind that this version does not know. */
function anything(fact: Fact): string {
	return `${fact.kind[0]!.toUpperCase()}${words(fact.kind.slice(1))}${place(fact)}${fact.reason ? `: ${words(fact.reason)}` : ''}${values(fact)}`;
}

/** By what a consent changed, where the name of the door does not say it. */
const CONSENT_SOURCES: Record<string, string> = {
	merge: 'one of two profiles that became one', unsubscribed: 'by unsubscribing', complained: 'by a complaint',
};

function consent(fact: Fact, did: string): string {
	const { purpose, before, holds, source } = (fact.detail ?? {}) as { purpose?: string; before?: string | null; holds?: boolean; source?: string };
	const said = `${did} messages by ${fact.reason} for ${purpose ? `'${purpose}'` : 'all purposes'} (${CONSENT_SOURCES[source ?? ''] ?? source})`;
	if (holds === false) return `${said}; something newer was known, so nothing changed`;
	if (before === fact.kind) return `${said}, also what was allowed for one of them since`;
	return before ? `${said}; it was ${before}` : said;
}

const held = ({ reason, detail }: Fact) => (reason === 'global' ? `they are among the ${String(detail?.percent)} % of all customers who enter no journey`
	: `they are in the holdout of this journey (${String(detail?.percent)} %)`);

const step = ({ step: name }: Fact) => (name === null ? 'a step that is gone' : `'${name}'`);
const place = (fact: Fact) => (fact.step === null ? '' : ` at '${fact.step}'`);
const words = (reason: string | null) => (reason ?? 'no reason was recorded').replaceAll('_', ' ');
const channel = ({ reason }: Fact) => (reason ? ` by ${reason}` : '');
const delivery = ({ detail }: Fact) => (detail?.delivery === undefined ? '' : ` (delivery ${String(detail.delivery)})`);
const error = ({ detail }: Fact) => (detail?.error ? ` (${String(detail.error)})` : '');
const attempt = ({ detail }: Fact) => (detail?.attempt ? `, try ${Number(detail.attempt) + 1}` : '');
const worth = ({ value, currency }: Fact) => (value === null ? '' : ` worth ${value}${currency ? ` ${currency}` : ''}`);

/** Only the clock on the day of the fact itself. */
function time(instant: Date | null, { at }: Fact): string {
	if (instant === null) return 'at an unknown time';
	return instant.toISOString().slice(0, 10) === at.toISOString().slice(0, 10) ? instant.toISOString().slice(11, 19) : stamp(instant);
}

function date(fact: Fact, name: string): string {
	const value = fact.detail?.[name];
	return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? time(new Date(value), fact) : 'at an unknown time';
}

/** What the engine's own events are, in words. */
const OWN_EVENTS: Record<string, (about: string) => string> = {
	start: () => 'being sent here by another journey or workflow',
	change: (about) => `a change of '${about}'`,
	joined: (about) => `joining the segment '${about}'`,
	left: (about) => `leaving the segment '${about}'`,
};

function event(fact: Fact, how: string): string {
	const own = fact.event === null ? undefined : ownEventOf(fact.event);
	const told = own && Object.hasOwn(OWN_EVENTS, own.kind) ? OWN_EVENTS[own.kind]!(own.about) : undefined;
	if (told !== undefined) return ` ${how} ${told} (from ${time(fact.event_at, fact)})`;
	if (fact.event !== null) return ` ${how} event '${fact.event}' (from ${time(fact.event_at, fact)})`;
	return fact.detail?.event_id === undefined ? '' : ` ${how} an event that is no longer kept (${String(fact.detail.event_id)})`;
}

/** What did not happen, by which a goal was reached. */
const absent = (fact: Fact) => (fact.detail?.absent === undefined ? '' : `, since '${String(fact.detail.absent)}' had not happened by ${time(fact.due_at, fact)}`);

/** Why somebody is in a journey without an event. */
const begunWith = ({ detail }: Fact) => (detail?.segment === undefined ? ' by its schedule' : `, being in the segment '${String(detail.segment)}' when the journey began`);

function waitsFor(fact: Fact): string {
	const { events, attempts } = (fact.detail ?? {}) as { events?: string[] | null; attempts?: number };
	const again = attempts ? `, after ${attempts} failed ${attempts === 1 ? 'try' : 'tries'}${error(fact)}` : '';
	if (fact.reason !== null && fact.reason !== 'limit') return `about to go on, due ${time(fact.due_at, fact)}${again}`;
	const names = [...new Set(events ?? [])].map((name) => `'${name}'`).join(' or ');
	const until = fact.reason === 'limit' ? `until the longest time inside is up (${time(fact.due_at, fact)})` : `until ${time(fact.due_at, fact)}`;
	return `waiting ${names && `for ${names}, `}${until}${again}`;
}

function message(fact: Fact, what: string): string {
	const { detail } = (fact.detail ?? {}) as { detail?: Json };
	const more = Object.entries(detail ?? {}).map(([name, value]) => `${name} ${shown(value)}`);
	return `The message of ${step(fact)}${channel(fact)} ${what} (${[`delivery ${String(fact.detail?.delivery)}`, ...more].join(', ')})`;
}

function times(fact: Fact): string {
	const count = Number(fact.detail?.times ?? 1);
	return count > 1 ? `. It was the last of ${count} times that day, the first at ${date(fact, 'first_at')}` : '';
}

/** The values compared: everything in `detail` that has not been said. */
function values(fact: Fact, ...said: string[]): string {
	const rest = Object.entries(fact.detail ?? {}).filter(([name, value]) => name !== 'event_id' && !said.includes(name) && value !== null);
	const parts = rest.map(([name, value]) => `${name.replaceAll('_', ' ')} ${shown(value)}`);
	return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

/** Which conditions of an audience decided, and what they found. */
export function compared(detail: Json | null): string {
	const { match, conditions } = (detail ?? {}) as { match?: string; conditions?: Array<{ asked: string; found: unknown }> };
	const parts = (conditions ?? []).map(({ asked, found: value }) => `${asked} (found ${value === null ? 'nothing' : shown(value)})`);
	if (match === 'any') return `none of these holds: ${parts.join('; ')}`;
	return match === 'none' ? `this holds and must not: ${parts.join('; ')}` : `this does not hold: ${parts.join('; ')}`;
}

/** A stored duration in words. */
function period(duration: unknown): string {
	const { amount, unit } = duration as { amount: number; unit: string };
	return `${amount} ${amount === 1 ? unit.replace(/s$/, '') : unit}`;
}

function shown(value: unknown): string {
	return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
