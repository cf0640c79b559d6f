import { DateTime, IANAZone } from 'luxon';

import { EVERY, parsePath } from '../../lib/core/path';
import type { ConsentState, Filter, IdentityKind, Json, LookBack, Occurrences, PropertyCondition, Rule, Variables } from '../../lib/core/types';

/** An event of somebody; of one instant, the later in the list came later. */
export interface PersonsEvent {
	name: string;
	properties: Json;
	occurredAt: Date;
}

/** A message to somebody; the later in the list was sent later, if both were at one instant. */
export interface PersonsMessage {
	channel: string;
	journey: 'shop' | 'other';
	status: 'sent' | 'failed' | 'unknown';
	claimedAt: Date;
	engagements: string[];
}

/** What rules are asked about; the oracle's idea of the tables. */
export interface Person {
	attributes: Json;
	tags: string[];
	/** By channel, or `channel/purpose`. */
	consent: Record<string, { state: ConsentState; at?: number }>;
	email: string | null;
	phone: string | null;
	zone: string | null;
	identities: IdentityKind[];
	/** Those that they are in, and those that they have left. */
	segments: string[];
	leftSegments: string[];
	/** By key. */
	inside: string[];
	entered: string[];
	converted: string[];
	messages: PersonsMessage[];
	/** Of the instance in the journey *shop*. Absent: not in a journey. */
	context?: Json;
	enteredAt: Date;
	leftAt: Date;
	/** Positions among the events of the one that admitted the instance, and the one that last woke it. */
	entryEvent?: number;
	lastEvent?: number;
	/** Properties of the event that woke the person. Absent: none did. */
	wakingEvent?: Json;
	events: PersonsEvent[];
	variables: Variables;
}

/** The slow and obvious meaning of a rule, against which the SQL is tested. */
export function ruleHolds(rule: Rule, person: Person, now: Date): boolean {
	const holds = (document: Json | undefined, filter: Filter) => document !== undefined && filterHolds(filter, document, person.variables);
	switch (rule.kind) {
		case 'group': {
			const held = rule.rules.filter((part) => ruleHolds(part, person, now)).length;
			return { all: held === rule.rules.length, any: held > 0, none: held === 0 }[rule.match];
		}
		case 'attribute': return holds(person.attributes, [rule.condition]);
		case 'context': return holds(person.context, [rule.condition]);
		case 'event': return holds(person.wakingEvent, [rule.condition]);
		case 'tag': return person.tags.includes(rule.tag) === rule.has;
		case 'consent': {
			const [whole, own] = [person.consent[rule.channel], person.consent[`${rule.channel}/${rule.purpose ?? 'marketing'}`]];
			const takenBack = whole?.state === 'denied' && own !== undefined && (whole.at ?? 0) > (own.at ?? 0);
			return ((takenBack ? whole : (own ?? whole))?.state ?? 'unknown') === rule.state;
		}
		case 'reachable': return (rule.channel === 'email' ? Boolean(person.email) : rule.channel === 'sms' ? Boolean(person.phone) : true) === rule.is;
		case 'identity': return person.identities.includes(rule.identity) === rule.has;
		case 'segment': return person.segments.includes(rule.segment) === rule.in;
		case 'journey': return person[rule.is].includes(rule.journey) === rule.holds;
		case 'behaviour': return occurrences(rule, person, now).length >= rule.atLeast === rule.did;
		case 'aggregate': return aggregateHolds(rule, person, now);
		case 'message': {
			const within = reaches(rule.within, person, now);
			const sent = person.messages
				.map((message, at) => ({ ...message, at }))
				.filter(({ status, channel, journey, claimedAt }) => status === 'sent' && (rule.channel === undefined || channel === rule.channel)
					&& (rule.journey === 'any' || (person.context !== undefined && journey === 'shop')) && within(claimedAt))
				.sort((a, b) => +b.claimedAt - +a.claimedAt || b.at - a.at)
				.slice(0, rule.ofLast);
			const times = sent.filter(({ engagements }) => rule.did === 'sent' || engagements.includes(rule.did)).length;
			return rule.count === 'atLeast' ? times >= rule.times : times <= rule.times;
		}
		case 'trait': throw new Error('Traits have an oracle of their own.');
	}
}

/** The events that a rule asks for, in their order. */
function occurrences({ event: name, filter, within }: Occurrences, person: Person, now: Date): PersonsEvent[] {
	const inTime = reaches(within, person, now);
	const notCounted = within === 'entry' ? person.entryEvent : within === 'state' ? person.lastEvent : undefined;
	return person.events
		.map((event, at) => ({ event, at }))
		.filter(({ event, at }) => event.name === name && at !== notCounted && inTime(event.occurredAt) && filterHolds(filter, event.properties, person.variables))
		.sort((a, b) => +a.event.occurredAt - +b.event.occurredAt || a.at - b.at)
		.map(({ event }) => event);
}

function reaches(within: LookBack | undefined, person: Person, now: Date): (at: Date) => boolean {
	if (within === undefined) return () => true;
	if (within === 'entry' || within === 'state') return (at) => person.context !== undefined && at >= (within === 'entry' ? person.enteredAt : person.leftAt);
	if ('calendarDays' in within) {
		const zone = person.zone !== null && IANAZone.isValidZone(person.zone) ? person.zone : JOURNEY_ZONE;
		const start = DateTime.fromJSDate(now, { zone }).startOf('day').minus({ days: within.calendarDays - 1 });
		return (at) => +at >= start.toMillis();
	}
	const start = windowStart(now, within.amount, within.unit);
	return (at) => +at >= start;
}

/** Of the journey that people of the oracle are in. */
export const JOURNEY_ZONE = 'America/New_York';

function aggregateHolds(rule: Extract<Rule, { kind: 'aggregate' }>, person: Person, now: Date): boolean {
	const found = occurrences(rule, person, now);
	const { condition, of } = rule;
	if (of === 'first' || of === 'last') {
		const having = found.filter(({ properties }) => valuesAt(condition.path, properties).some((value) => value !== null));
		return conditionHolds(condition, (of === 'first' ? having[0] : having.at(-1))?.properties ?? {}, person.variables);
	}
	const numbers = found.flatMap(({ properties }) => numbersIn(valuesAt(condition.path, properties)));
	// Whole numbers of hundredths, so that nothing is lost.
	const sum = numbers.reduce((total, number) => total + Math.round(number * 100), 0);
	const value = of === 'sum' ? sum / 100 : numbers.length > 0 ? sum / 100 / numbers.length : null;
	return conditionHolds({ ...condition, path: 'value' }, { value }, person.variables);
}

/** Numbers, and text that reads as one; of a list in a list only when all of it does. */
function numbersIn(values: unknown[]): number[] {
	const numberOf = (value: unknown) => (typeof value === 'number' ? value : looseNumber(value));
	return values.flatMap((value) => (Array.isArray(value) ? value : [value])).flatMap((entry) => {
		const numbers = (Array.isArray(entry) ? entry : [entry]).map(numberOf);
		return numbers.every((number) => number !== undefined) ? numbers : [];
	});
}

function windowStart(now: Date, amount: number, unit: string): number {
	const ms = { seconds: 1e3, minutes: 6e4, hours: 36e5, days: 864e5, weeks: 6048e5 }[unit];
	if (ms !== undefined) return now.getTime() - amount * ms;
	const start = new Date(now);
	const day = start.getUTCDate();
	start.setUTCDate(1);
	start.setUTCMonth(start.getUTCMonth() - amount * (unit === 'years' ? 12 : 1));
	const lastDay = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0)).getUTCDate();
	return start.setUTCDate(Math.min(day, lastDay));
}

/** The slow and obvious meaning of a filter. */
export function filterHolds(filter: Filter, document: unknown, variables: Variables = {}): boolean {
	return filter.every((condition) => conditionHolds(condition, document, variables));
}

function conditionHolds(condition: PropertyCondition, document: unknown, variables: Variables): boolean {
	const found = valuesAt(condition.path, document);
	const exists = found.some((value) => value !== null);
	const entries = found.flatMap((value) => value);
	const asked = condition.variable === undefined ? condition.value : variables[condition.variable];
	const missing = asked === undefined || asked === null || asked === '';
	const any = (test: (entry: unknown) => boolean) => !missing && entries.some(test);
	/** A list in a list is looked into as well, once. */
	const anyDeep = (test: (entry: unknown) => boolean) => any((entry) => (Array.isArray(entry) ? entry.some(test) : test(entry)));
	const text = String(asked);

	switch (condition.operator) {
		case 'exists': return exists;
		case 'doesNotExist': return !exists;
		case 'is': return anyDeep((entry) => same(entry, asked));
		case 'isNot': return !anyDeep((entry) => same(entry, asked));
		case 'isOneOf': {
			const list: unknown[] = Array.isArray(asked) ? asked : text.split(',').map((one) => one.trim());
			return anyDeep((entry) => list.some((one) => same(entry, one)));
		}
		case 'contains': return anyDeep((entry) => typeof entry === 'string' && entry.includes(text));
		case 'doesNotContain': return !anyDeep((entry) => typeof entry === 'string' && entry.includes(text));
		case 'startsWith': return (condition.variable === undefined ? anyDeep : any)((entry) => typeof entry === 'string' && entry.startsWith(text));
		case 'endsWith': return anyDeep((entry) => typeof entry === 'string' && entry.endsWith(text));
		case 'greater':
		case 'greaterOrEqual':
		case 'less':
		case 'lessOrEqual': {
			const right = strictNumber(text);
			const test = (left: number | undefined) => left !== undefined && right !== undefined && ordered(condition.operator, left, right);
			return anyDeep((entry) => typeof entry === 'number' && test(entry)) || any((entry) => test(looseNumber(entry)));
		}
		case 'before':
		case 'after': {
			const right = microseconds(asked instanceof Date ? asked.toISOString() : asked);
			return any((entry) => {
				const left = microseconds(entry);
				return left !== undefined && right !== undefined && (condition.operator === 'before' ? left < right : left > right);
			});
		}
	}
}

function valuesAt(path: string, document: unknown): unknown[] {
	return parsePath(path).reduce<unknown[]>((found, segment) => found.flatMap((value): unknown[] => {
		if (segment === EVERY) return Array.isArray(value) ? value : [value];
		if (typeof segment === 'number') {
			const list: unknown[] = Array.isArray(value) ? value : [value];
			return segment < list.length ? [list[segment]] : [];
		}
		const objects: unknown[] = Array.isArray(value) ? value : [value];
		return objects.filter((one): one is Json => typeof one === 'object' && one !== null && !Array.isArray(one) && Object.hasOwn(one, segment)).map((one) => one[segment]);
	}), [document]);
}

function same(entry: unknown, asked: unknown): boolean {
	if (typeof entry === 'string') return entry === String(asked);
	if (typeof entry === 'boolean') return String(entry) === String(asked);
	return typeof entry === 'number' && strictNumber(String(asked)) === entry;
}

function ordered(operator: string, left: number, right: number): boolean {
	if (left === right) return operator.endsWith('OrEqual');
	return operator.startsWith('greater') === left > right;
}

function strictNumber(text: string): number | undefined {
	return /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text) ? Number(text) : undefined;
}

function looseNumber(entry: unknown): number | undefined {
	return typeof entry === 'string' && /^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*$/i.test(entry) ? Number(entry) : undefined;
}

/** Microseconds since 1970 of an ISO 8601 date as properties may write it, or of epoch seconds or milliseconds. */
function microseconds(value: unknown): bigint | undefined {
	if (typeof value === 'number' && value >= 0 && value < 253_402_300_800_000) return BigInt(Math.floor(value * (value < 1e11 ? 1e6 : 1e3)));
	const parts = typeof value === 'string' && /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(value);
	if (!parts) return undefined;
	const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
	const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
	const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
	if (!exists) return undefined;
	const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(parts[8] ?? '') ?? ['', '+', '0', '0'];
	const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000;
	return BigInt(date.getTime() - offset) * 1000n + BigInt((parts[7] ?? '').padEnd(6, '0'));
}
