import { EVERY, parsePath } from '../../lib/core/path';
import type { ConsentState, Filter, Json, PropertyCondition, Rule, Variables } from '../../lib/core/types';

/** What rules are asked about; the oracle's idea of the tables. */
export interface Person {
	attributes: Json;
	tags: string[];
	consent: Record<string, { state: ConsentState }>;
	/** Absent: not in a journey. */
	context?: Json;
	/** Properties of the event that woke the person. Absent: none did. */
	wakingEvent?: Json;
	events: Array<{ name: string; properties: Json; occurredAt: Date }>;
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
		case 'consent': return (person.consent[rule.channel]?.state ?? 'unknown') === rule.state;
		case 'behaviour': {
			const start = rule.within ? windowStart(now, rule.within.amount, rule.within.unit) : -Infinity;
			const times = person.events.filter((event) =>
				event.name === rule.event && event.occurredAt.getTime() >= start && holds(event.properties, rule.filter)).length;
			return times >= rule.atLeast === rule.did;
		}
	}
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
