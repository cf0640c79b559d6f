/**
 * The shapes that every ring shares. The words are those of the glossary in `lib/README.md`.
 * Instants are `Date`s in UTC with millisecond precision; durations say their unit.
 */

import type { Window } from './window';

/** What n8n carries as `json`. */
export type Json = Record<string, unknown>;

/** The kinds of identity that can point at a profile. */
export const IDENTITY_KINDS = ['user_id', 'anonymous_id', 'email', 'phone', 'device'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];
export interface Identity {
	kind: IdentityKind;
	value: string;
}

/** Consent of one channel and purpose: absent means not known. */
export type ConsentState = 'granted' | 'denied';

/** A change to one profile, as identify calls and the Customer Data node make it. */
export interface ProfileChange {
	/** Attributes to write; a newer write of the same attribute wins, by `at`. `null` deletes. */
	attributes?: Json;
	addTags?: string[];
	removeTags?: string[];
	/** By channel, for all purposes, or by `channel/purpose`: `{ email: 'granted', 'email/newsletter': 'denied' }`. */
	consent?: Record<string, ConsentState>;
	/** It was only carried along by a call about something else: its grants say nothing where something is known. */
	consentIsStamped?: true;
	zone?: string;
	locale?: string;
}

/**
 * One accepted entry of an intake batch: an event, a profile change, or both, for whoever the identities name.
 * All identities of one entry belong to one person.
 */
export interface IntakeEntry {
	/** Position in what the sender sent, for rejections. */
	index: number;
	identities: Identity[];
	/** Somebody already known: then no identity is needed. */
	profile?: number;
	/** The instance whose Action this is: whoever is in it, as long as its execution holds it. */
	instance?: number;
	/** Says that its identities are one person, even two user ids; nothing else may join two of them. */
	alias?: true;
	/** Absent for a pure profile change. */
	event?: { name: string; properties: Json };
	change?: ProfileChange;
	/** Own time: when it happened, corrected for the sender's clock. */
	occurredAt: Date;
	/** Kept once within 30 days. Absent: the engine cannot recognise a repetition. */
	messageId?: string;
}

/** What may become of a message after it was sent. */
export const ENGAGEMENTS = ['delivered', 'opened', 'clicked', 'bounced', 'complained', 'unsubscribed'] as const;

/** Something that happened to a sent message. */
export interface Engagement {
	index: number;
	/** By our idempotency key, or by the id that the provider gave the message. */
	findBy: 'key' | 'provider';
	message: string;
	kind: (typeof ENGAGEMENTS)[number];
	at: Date;
	detail: Json;
}

/** A refused entry: nothing else in its batch is affected. */
export interface Rejection {
	index: number;
	reason: string;
}

/** How one value is compared. `value` is ignored by the operators that take none. */
export const OPERATORS = [
	'is', 'isNot', 'isOneOf', 'contains', 'doesNotContain', 'startsWith', 'endsWith',
	'greater', 'greaterOrEqual', 'less', 'lessOrEqual', 'before', 'after', 'exists', 'doesNotExist',
] as const;
export type Operator = (typeof OPERATORS)[number];

/**
 * A condition on one property (of an event, of a profile's attributes, of the context).
 * The value is either known now (`value`) or differs from person to person: then `variable` names it, and each
 * person brings it in `Variables`.
 */
export interface PropertyCondition {
	/** `a.b`, `items[].category`, `items[0].price`; a name with dots is written in double quotes. */
	path: string;
	operator: Operator;
	value?: unknown;
	variable?: string;
}

/** All conditions must hold in the same event. An empty list is no filter. */
export type Filter = PropertyCondition[];

/** Values that one person brings to a rule or filter, by variable name. */
export type Variables = Record<string, unknown>;

export const TIME_UNITS = ['seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'years'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];
export interface Duration {
	amount: number;
	unit: TimeUnit;
}

/**
 * How far back a rule looks. A duration ends now: hours and below are elapsed, days and above go by the UTC calendar.
 * Calendar days are today and the days before it, by the person's zone, else the journey's. *Entry* and *state*: since
 * this instance entered, or left its previous State; the event that made it do so is not counted.
 */
export type LookBack = Duration | { calendarDays: number } | 'entry' | 'state';

/** Which events of a person are looked at. */
export interface Occurrences {
	event: string;
	filter: Filter;
	/** Absent: ever. */
	within?: LookBack;
}

/** What a trait knows of a person. Scores are 1 to 5, 5 being the fifth of everybody that is best. */
export const MEASURES = [
	'count', 'sum', 'average', 'firstAt', 'lastAt', 'daysSinceLast', 'recencyScore', 'frequencyScore', 'monetaryScore',
] as const;
export type Measure = (typeof MEASURES)[number];

/** A rule about a person. Compiled to SQL, its only evaluator. */
export type Rule =
	| { kind: 'group'; match: 'all' | 'any' | 'none'; rules: Rule[] }
	| { kind: 'attribute'; condition: PropertyCondition }
	| { kind: 'tag'; has: boolean; tag: string }
	/** What holds for a purpose on a channel; absent: `DEFAULT_PURPOSE`. */
	| { kind: 'consent'; channel: string; purpose?: string; state: ConsentState | 'unknown' }
	/** Whether there is an address for the channel; consent is another question. */
	| { kind: 'reachable'; channel: string; is: boolean }
	| { kind: 'identity'; identity: IdentityKind; has: boolean }
	/** As the segment was when it was refreshed last. */
	| { kind: 'segment'; segment: string; in: boolean }
	/** By the journey's key. *Entered* counts who is inside as well. */
	| { kind: 'journey'; journey: string; is: 'inside' | 'entered' | 'converted'; holds: boolean }
	/** `did` at least so often, or not (so at most one time less). "Never" is `did: false, atLeast: 1`. */
	| ({ kind: 'behaviour'; did: boolean; atLeast: number } & Occurrences)
	/**
	 * A value made of a property of several events: its sum or average, or what it was in the first or last of the events
	 * that have it. `condition.path` is the property. The sum of nothing is 0, everything else of nothing is missing.
	 */
	| ({ kind: 'aggregate'; of: 'sum' | 'average' | 'first' | 'last'; condition: PropertyCondition } & Occurrences)
	| {
			kind: 'message';
			did: 'sent' | 'delivered' | 'opened' | 'clicked';
			count: 'atLeast' | 'atMost';
			times: number;
			/** Of so many messages that were sent last; absent: of all. */
			ofLast?: number;
			/** Absent: any. */
			channel?: string;
			journey: 'this' | 'any';
			within?: LookBack;
	  }
	| { kind: 'trait'; trait: string; measure: Measure; /** its path is not read */ condition: PropertyCondition }
	| { kind: 'context'; condition: PropertyCondition }
	| { kind: 'event'; condition: PropertyCondition };

/** What a State waits for in time. */
export type Until =
	| { kind: 'delay'; delay: Duration; /** `HH:mm`, only with days and above */ atTime?: string }
	| { kind: 'date'; /** ISO 8601, or epoch seconds/milliseconds */ date: unknown; offset: Duration & { before: boolean } }
	| { kind: 'weekday'; /** 1 = Monday … 7 = Sunday */ weekdays: number[]; atTime: string; sameDayPassed: 'nextWeek' | 'atOnce' }
	| ({ kind: 'window' } & Window);

/** A date that is read from an attribute, and read again whenever the attribute changes. */
export interface AttributeDate {
	path: string[];
	offset: Duration & { before: boolean };
	/** What a date in the past means. */
	past: 'proceed' | 'exit';
}

/** Where people go on whose date cannot be told: name of the output, and its hidden id. */
export const NO_DATE = 'No date';

/** One thing that is listened to: by a State's branch, an Entry Trigger or a Goal. */
export interface Condition {
	/** Hidden id of the output (State), or the node's own id. */
	output: string;
	/** Name of the event; empty for what is true of the customer. */
	event: string;
	/** Of the properties of the event, or of the customer's attributes. */
	filter: Filter;
	/** Absent: an event. `date` wakes nobody: it has the deadline read again. */
	kind?: 'attribute' | 'message' | 'segment' | 'date';
	/** Not of an event: top-level names of attributes, what becomes of the message (one of `ENGAGEMENTS`), or names of segments. */
	subjects?: string[];
	/** Of a message: id of the node that checks it; absent: any of this instance. */
	step?: string;
	/** Where this event carries the journey's correlation value; absent: where the entry event does. */
	correlation?: string;
	/** At least so many of them, this one included; absent: one. */
	times?: number;
	/** Within so long before the last of them, days and above by the UTC calendar, or on its calendar day; absent: ever since. */
	within?: Duration | 'day';
	/** `wake` ends the wait; `reset` starts the timer again; `rank` decides when the time is up, the first condition before the next. */
	effect: 'wake' | 'reset' | 'rank';
}

/** What lets people into a journey. */
export type EntryKind = 'event' | 'start' | 'change' | 'schedule' | 'segment';

/** How many a journey takes. At least one of the two limits is there. */
export interface Capacity {
	/** Entries in a minute of the clock. */
	perMinute?: number;
	/** Instances inside at once. */
	inside?: number;
	/** What becomes of the others: they are let in later, or not at all. */
	overflow: 'delay' | 'refuse';
}

/** Who the Entry Trigger lets in, and how often. */
export interface EntryRules {
	reentry:
		| { kind: 'once' }
		| { kind: 'lock'; lock: Duration; /** Absent: from entry. */ from?: 'exit' }
		| { kind: 'cap'; times: number; /** Absent: for ever. */ within?: Duration };
	/** `parallel`: one more instance beside those inside. */
	whileInside: 'refuse' | 'restart' | 'parallel';
	/** Triggers so close to the last entry are the same one. Absent: none is. */
	duplicateWindow?: Duration;
	/** What *Check before sending* does about people of whom no consent is known. Absent: as the settings say. */
	unknownConsent?: 'skip' | 'send';
	/** Percent of profiles that may enter at all, from 1. Absent: everybody. */
	rollout?: number;
	/** Percent of those who may enter that are held out, to measure against. Absent: nobody. */
	holdout?: number;
	/** Absent: the store's global holdout keeps people out. */
	ignoresGlobalHoldout?: boolean;
	capacity?: Capacity;
	start?: Date;
	end?: Date;
	/** Whoever is inside leaves at the end. */
	endEvicts?: boolean;
	/** Since when an operator lets nobody in. */
	closed?: Date;
	/** Property of the entry event whose value makes instances of one profile distinct. */
	correlation?: string;
	/** Journey value → path into the entry event's properties. */
	values: Record<string, string>;
	/** IANA zone for profiles that have none. */
	zone: string;
	/** Neither the Entry Trigger nor the workflow names it: the settings go before it. */
	zoneIsN8ns?: boolean;
}

/** A profile as items carry it. */
export interface Profile {
	id: number;
	email: string | null;
	phone: string | null;
	locale: string | null;
	zone: string | null;
	attributes: Json;
	tags: string[];
}

/** An event as items carry it. */
export interface EventItem {
	name: string;
	properties: Json;
	occurred_at: string;
	message_id: string | null;
}

/** What every item that leaves a journey node carries. */
export interface JourneyItem {
	journey: {
		key: string;
		instance: number;
		/** The claim under which this execution holds the instance. */
		token: string;
		step: string;
		visit: number;
		correlation: string;
		entered_at: string;
	};
	profile: Profile;
	/** The event that admitted or last woke this instance. */
	event: EventItem | null;
	/** Journey values and what *Set context* wrote. */
	context: Json;
}
