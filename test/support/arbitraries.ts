import fc from 'fast-check';

import { DateTime } from 'luxon';

import { IDENTITY_KINDS, OPERATORS, type Filter, type Json, type LookBack, type Operator, type PropertyCondition, type Rule, type Variables } from '../../lib/core/types';
import { JOURNEY_ZONE, type Person, type PersonsMessage } from './oracle';

/*
 * Few and telling values, so that documents and conditions meet often: what is a number, a boolean or null and what only
 * looks like one, dates in every notation, texts that mean something to regular expressions and jsonpath.
 */
const NUMBERS = ['5', '-1', '0', '49.9', '5e0', '1000000'];
const DATES = [
	'2026-01-01', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.5Z', '2026-01-01 00:00:00.5+00',
	'2026-01-01T01:00:00+01:00', '2026-01-01T01:00:00.001+0100', '2025-12-31T22:30:00-01:30', '2025-12-31 23:59:59', '2025-12-31T23:59:59.999',
	'2024-02-29',
];
const NOT_DATES = ['2025-02-29', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00.1234567Z', '2026-01-01T00:00:00.000001Z', '01/02/2026', 'soon'];
const TEXTS = ['x', 'xy', 'X', 'x.y', '.*', 'a\nb', 'b\n', '^$', '(', '\\', '"', '" || @ == "x', '$', 'null', 'true', 'false', '5.0', ' 5 ', '+5', '05', 'é', '💛', "'; --"];

/** Most values are of these, so that they meet. */
const OFTEN = [5, '5', 'x', 'xy', true, '2026-01-01', '2025-12-31T22:30:00-01:30', '49.9', 1_767_225_600];
const scalar = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom<unknown>(...OFTEN) },
	fc.constantFrom<unknown>(...NUMBERS, ...DATES, ...NOT_DATES, ...TEXTS),
	fc.constantFrom<unknown>(5, -1, 0, 49.9, 1_000_000, true, false, null, '', 1_767_225_599_999, 1e15),
);
const name = fc.oneof(
	{ weight: 8, arbitrary: fc.constantFrom('a', 'a', 'a', 'b') },
	{ weight: 1, arbitrary: fc.constantFrom('x.y', 'quo"te', '$', '__proto__', 'two words') },
);

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
	value: fc.oneof(
		{ depthSize: 'small', maxDepth: 3 },
		{ weight: 5, arbitrary: scalar },
		{ weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
		{ weight: 2, arbitrary: fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }) },
	),
}));

/** A JSON object as it comes back from JSON text, `__proto__` included. */
export const documents: fc.Arbitrary<Json> = fc.dictionary(name, anyValue, { minKeys: 2, maxKeys: 4 })
	.map((document) => JSON.parse(JSON.stringify(document)) as Json);

const segment = fc.tuple(name, fc.constantFrom('', '', '', '', '', '[]', '[0]', '[1]', '[][]'))
	.map(([key, list]) => `${/[."]/.test(key) ? JSON.stringify(key) : key}${list}`);
const path = fc.oneof({ weight: 5, arbitrary: segment }, { weight: 1, arbitrary: fc.tuple(segment, segment).map((parts) => parts.join('.')) });

const known = [...OFTEN, ...OFTEN, ...OFTEN, ...NUMBERS, ...DATES, ...TEXTS, 5, -1, 49.9, true, false];
const FITTING: Partial<Record<Operator, unknown[]>> = {
	greater: [...NUMBERS, 5, -1, 49.9], greaterOrEqual: [...NUMBERS, 5], less: [...NUMBERS, 49.9], lessOrEqual: [...NUMBERS, 0],
	before: [...DATES, new Date('2026-01-01T00:00:00.000Z'), 1_767_225_600], after: [...DATES, 1_767_225_600_000],
	isOneOf: ['x,5', 'xy, true', '2026-01-01, 49.9', 'true , xy', ['x.y', '" || @ == "x'], [5, true], '49.9'],
};
export const WITH_VARIABLE: Operator[] = ['is', 'isNot', 'isOneOf', 'startsWith', 'greater', 'greaterOrEqual', 'less', 'lessOrEqual', 'before', 'after'];

export const conditions: fc.Arbitrary<PropertyCondition> = fc.tuple(path, fc.constantFrom(...OPERATORS), fc.constantFrom('v1', 'v2', undefined))
	.chain(([at, operator, variable]) =>
		variable !== undefined && WITH_VARIABLE.includes(operator)
			? fc.constant<PropertyCondition>({ path: at, operator, variable })
			: fc.constantFrom<unknown>(...(FITTING[operator] ?? known)).map((value) => ({ path: at, operator, value })));
export const filters: fc.Arbitrary<Filter> = fc.array(conditions, { minLength: 1, maxLength: 3 });
export const variables: fc.Arbitrary<Variables> = fc.record(
	{ v1: fc.constantFrom<unknown>(...known, null, '', undefined), v2: fc.constantFrom<unknown>(...known, null) },
	{ requiredKeys: [] },
);

const shapes: Array<[path: string, shape: (value: unknown) => unknown]> = [
	['a', (value) => value], ['a', (value) => ['x', value]], ['a[]', (value) => [null, value]], ['a[0]', (value) => [value]], ['a[].b', (value) => [{}, { b: value }]],
];
/** One condition, and a document that has in its place just the value asked for, or one of its like. */
export const meetings = fc.tuple(documents, conditions, variables, fc.constantFrom(...shapes)).chain(([document, condition, values, [at, shape]]) => {
	const asked = condition.variable === undefined ? condition.value : values[condition.variable];
	return fc.oneof(fc.constant(asked), fc.constantFrom<unknown>(...(FITTING[condition.operator] ?? known))).map((value) => ({
		document: JSON.parse(JSON.stringify({ ...document, a: shape(value) })) as Json,
		filter: [{ ...condition, path: at }],
		values,
	}));
});

export const NOW = new Date('2026-03-31T12:00:00.000Z');
const HOUR = 3_600_000;
const eventName = fc.constantFrom('order', 'view', 'Order');
/** The last is one that no database knows: the journey's counts. */
const ZONES = ['Europe/Istanbul', 'America/New_York', 'Pacific/Apia', 'Asia/Kathmandu', 'Atlantis/Capital'];
const dayStarts = [...ZONES.slice(0, 4), JOURNEY_ZONE].flatMap((zone) => [0, 1, 29].map((days) => DateTime.fromJSDate(NOW, { zone }).startOf('day').minus({ days }).toMillis()));
/** Just at, before and after the ends of the windows that the rules below have. */
const moment = fc.tuple(
	fc.constantFrom(...[0, 1, 24, 7 * 24, 31 * 24, 28 * 24, 400 * 24].map((hours) => NOW.getTime() - hours * HOUR), ...dayStarts), fc.constantFrom(-1, 0, 1, 60_000),
).map(([at, ms]) => new Date(at + ms));

const channel = fc.constantFrom('email', 'sms');
const tag = fc.constantFrom('vip', 'VIP', "'; --");
/** The journeys and segments that the store of the test has; nobody is in the third. */
export const JOURNEYS = ['shop', 'other'] as const;
export const SEGMENTS = ['loyal', "o'clock", 'nobody'] as const;
const some = <T>(values: readonly T[]) => fc.subarray([...values]);

const message: fc.Arbitrary<PersonsMessage> = fc.record({
	channel, journey: fc.constantFrom(...JOURNEYS), status: fc.constantFrom('sent', 'sent', 'sent', 'failed', 'unknown'), claimedAt: moment,
	engagements: some(['delivered', 'opened', 'clicked', 'bounced']),
} as const);
const position = fc.option(fc.nat(3), { nil: undefined });

export const people: fc.Arbitrary<Person> = fc.record({
	attributes: documents,
	tags: fc.uniqueArray(tag),
	consent: fc.dictionary(
		fc.tuple(channel, fc.constantFrom('', '', '/marketing', '/newsletter')).map((parts) => parts.join('')),
		fc.record({ state: fc.constantFrom('granted', 'denied'), at: fc.nat(3) }), { noNullPrototype: true },
	),
	email: fc.constantFrom(null, '', 'customer-1@example.com'),
	phone: fc.constantFrom(null, '', '+15550100'),
	zone: fc.constantFrom(null, ...ZONES),
	identities: some(IDENTITY_KINDS),
	segments: some(SEGMENTS.slice(0, 2)),
	leftSegments: some(SEGMENTS.slice(0, 2)),
	inside: some(JOURNEYS),
	entered: some(JOURNEYS),
	converted: some(JOURNEYS),
	messages: fc.array(message, { maxLength: 6 }),
	context: fc.option(documents, { nil: undefined }),
	enteredAt: moment,
	leftAt: moment,
	entryEvent: position,
	lastEvent: position,
	wakingEvent: fc.option(documents, { nil: undefined }),
	events: fc.array(fc.record({ name: eventName, properties: documents, occurredAt: moment }), { maxLength: 8 }),
	variables,
	// Who was let in by an event has entered.
}).map((person) => ({ ...person, entered: person.entryEvent === undefined ? person.entered : [...new Set([...person.entered, 'shop'])] }));

const within = fc.constantFrom<LookBack | undefined>(
	undefined, { amount: 1, unit: 'hours' }, { amount: 60, unit: 'minutes' }, { amount: 1, unit: 'days' }, { amount: 1, unit: 'weeks' },
	{ amount: 1, unit: 'months' }, { amount: 1, unit: 'years' }, { calendarDays: 1 }, { calendarDays: 2 }, { calendarDays: 30 }, 'entry', 'state');
const occurrences = { event: eventName, filter: fc.array(conditions, { maxLength: 1 }), within };

const behaviour = fc.record({ kind: fc.constant('behaviour'), did: fc.boolean(), atLeast: fc.constantFrom(1, 1, 2, 3), ...occurrences } as const) satisfies fc.Arbitrary<Rule>;

/** Numbers that sums of few of them reach, and averages. */
const reachable = fc.tuple(fc.constantFrom('is', 'isNot', 'greater', 'greaterOrEqual', 'less', 'lessOrEqual', 'exists', 'doesNotExist'), fc.constantFrom(5, 10, 0, 4, 54.9, 49.9, '10', 2))
	.map(([operator, value]): PropertyCondition => ({ path: 'a', operator: operator as Operator, value }));
const aggregate: fc.Arbitrary<Rule> = fc.oneof(
	fc.record({ kind: fc.constant('aggregate'), of: fc.constantFrom('sum', 'average'), condition: fc.tuple(reachable, fc.constantFrom('a', 'a', 'a[]', 'b', 'a.b', 'a[0]')).map(([one, at]) => ({ ...one, path: at })), ...occurrences } as const),
	fc.record({ kind: fc.constant('aggregate'), of: fc.constantFrom('first', 'last'), condition: conditions, ...occurrences } as const),
);
const engagement: fc.Arbitrary<Rule> = fc.record({
	kind: fc.constant('message'), did: fc.constantFrom('sent', 'delivered', 'opened', 'clicked'), count: fc.constantFrom('atLeast', 'atMost'),
	times: fc.constantFrom(1, 1, 2), ofLast: fc.constantFrom(undefined, 2, 3), channel: fc.constantFrom(undefined, 'email', 'sms'),
	journey: fc.constantFrom('this', 'any'), within,
} as const);

const simpleRule: fc.Arbitrary<Rule> = fc.oneof(
	{ weight: 4, arbitrary: behaviour },
	{ weight: 3, arbitrary: aggregate },
	{ weight: 2, arbitrary: engagement },
	fc.record({ kind: fc.constantFrom('attribute', 'context', 'event'), condition: conditions } as const),
	fc.record({ kind: fc.constant('tag'), has: fc.boolean(), tag } as const),
	fc.record({ kind: fc.constant('consent'), channel, purpose: fc.constantFrom(undefined, 'marketing', 'newsletter'), state: fc.constantFrom('granted', 'denied', 'unknown') } as const),
	fc.record({ kind: fc.constant('reachable'), channel: fc.constantFrom('email', 'sms', 'push'), is: fc.boolean() } as const),
	fc.record({ kind: fc.constant('identity'), identity: fc.constantFrom(...IDENTITY_KINDS), has: fc.boolean() } as const),
	fc.record({ kind: fc.constant('segment'), segment: fc.constantFrom(...SEGMENTS), in: fc.boolean() } as const),
	fc.record({ kind: fc.constant('journey'), journey: fc.constantFrom(...JOURNEYS), is: fc.constantFrom('inside', 'entered', 'converted'), holds: fc.boolean() } as const),
);

export const { rule: rules } = fc.letrec<{ rule: Rule }>((tie) => ({
	rule: fc.oneof(
		{ depthSize: 'small', maxDepth: 3 },
		{ weight: 3, arbitrary: simpleRule },
		{ weight: 2, arbitrary: fc.record({
			kind: fc.constant('group'),
			match: fc.constantFrom('all', 'any', 'none'),
			rules: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }),
		} as const) },
	),
}));
