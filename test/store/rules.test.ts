import fc from 'fast-check';

import { DateTime } from 'luxon';

import { compileRule, ruleVariables } from '../../lib/core/rule';
import type { Rule } from '../../lib/core/types';
import { instantOf } from '../../lib/core/zone';
import type { Connection, Store } from '../../lib/store/types';
import { JOURNEYS, NOW, people, rules, SEGMENTS } from '../support/arbitraries';
import { JOURNEY_ZONE, ruleHolds, type Person } from '../support/oracle';
import { freshStore, STORES } from '../support/stores';

const id = (person: number, at: number) => (person + 1) * 100 + at;

/** What is there before anybody: two journeys with a step each, and the segments. @returns ids of the journeys */
async function prepare(db: Connection): Promise<void> {
	await db.rows(`INSERT INTO workflows (host, workflow_id, seen_at) VALUES ('host', 'w', now())`);
	await db.rows(`INSERT INTO journeys (key, name, zone, created_at) SELECT key, key, $2, now() FROM unnest($1::text[]) key`, [JOURNEYS, JOURNEY_ZONE]);
	await db.rows(`INSERT INTO steps (workflow, node_id, kind, name, state, registered_at) SELECT w.id, j.key, 'action', j.key, 'on', now() FROM workflows w, journeys j`);
	await db.rows(`INSERT INTO segments (name, rule, zone, refresh_minutes, refresh_at, created_at) SELECT name, '{}', 'UTC', 60, now(), now() FROM unnest($1::text[]) name`, [SEGMENTS]);
}

async function save(db: Connection, persons: Person[]): Promise<void> {
	for (const table of ['engagements', 'deliveries', 'segment_members', 'conversions', 'enrolments', 'instances', 'identities', 'events', 'profiles']) await db.rows(`DELETE FROM ${table}`);
	await db.rows(
		`INSERT INTO profiles (id, attributes, tags, consent, email, phone, zone, created_at, updated_at) OVERRIDING SYSTEM VALUE
		 SELECT ordinal, attributes, ARRAY(SELECT jsonb_array_elements_text(tags)), consent, email, phone, zone, now(), now()
		 FROM jsonb_to_recordset($1::jsonb) AS p(ordinal int, attributes jsonb, tags jsonb, consent jsonb, email text, phone text, zone text)`,
		[JSON.stringify(persons.map((person, ordinal) => ({ ordinal, ...person })))],
	);
	await db.rows(
		`INSERT INTO events (id, profile_id, name, properties, occurred_at, received_at)
		 SELECT id, profile_id, name, properties, "occurredAt", now()
		 FROM jsonb_to_recordset($1::jsonb) AS e(id bigint, profile_id bigint, name text, properties jsonb, "occurredAt" timestamptz)`,
		[JSON.stringify(persons.flatMap((person, profile_id) => person.events.map((event, at) => ({ id: id(profile_id, at), profile_id, ...event }))))],
	);
	const lists = <T>(of: (person: Person) => T[]) => JSON.stringify(persons.flatMap((person, profile) => of(person).map((value, at) => ({ profile, at, value }))));
	await db.rows(
		`INSERT INTO identities (kind, value, profile_id, created_at) SELECT value, 'v' || profile, profile, now() FROM jsonb_to_recordset($1::jsonb) AS l(profile bigint, value text)`,
		[lists(({ identities }) => identities)]);
	await db.rows(
		`INSERT INTO segment_members (profile_id, segment_id, joined_at, left_at)
		 SELECT profile, s.id, now() - gone * interval '1 day', CASE WHEN gone = 1 THEN now() END FROM (
			SELECT *, 0 AS gone FROM jsonb_to_recordset($1::jsonb) AS l(profile bigint, value text)
			UNION ALL SELECT *, 1 FROM jsonb_to_recordset($2::jsonb) AS l(profile bigint, value text)
		 ) l JOIN segments s ON s.name = l.value`,
		[lists(({ segments }) => segments), lists(({ leftSegments }) => leftSegments)]);
	await db.rows(
		`INSERT INTO instances (profile_id, journey_id, step_id, status, due_at, since, parked_at, left_at, entered_at)
		 SELECT profile, j.id, s.id, 'waiting', now(), now(), now(), now(), now() FROM jsonb_to_recordset($1::jsonb) AS l(profile bigint, value text)
			JOIN journeys j ON j.key = l.value JOIN steps s ON s.node_id = j.key`,
		[lists(({ inside }) => inside)]);
	await db.rows(
		`INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entry_event_id, entries, entry_times, first_entry, last_entry, entered_at)
		 SELECT profile, j.id, l.correlation, profile, event, 1, '{}', now(), now(), now() FROM (
			SELECT profile, value, 'c' AS correlation, NULL::bigint AS event FROM jsonb_to_recordset($1::jsonb) AS l(profile bigint, value text)
			UNION ALL SELECT profile, 'shop', '', value FROM jsonb_to_recordset($2::jsonb) AS l(profile bigint, value bigint)
		 ) l JOIN journeys j ON j.key = l.value`,
		[lists(({ entered }) => entered),
			JSON.stringify(persons.flatMap(({ entryEvent }, profile) => (entryEvent === undefined ? [] : [{ profile, value: id(profile, entryEvent) }])))]);
	await db.rows(
		`INSERT INTO conversions (profile_id, journey_id, step_id, instance_id, event_id, converted_at, first)
		 SELECT profile, j.id, s.id, 1, 1, now(), true FROM jsonb_to_recordset($1::jsonb) AS l(profile bigint, value text)
			JOIN journeys j ON j.key = l.value JOIN steps s ON s.node_id = j.key`,
		[lists(({ converted }) => converted)]);
	await db.rows(
		`WITH asked AS (SELECT profile, at, value FROM jsonb_to_recordset($1::jsonb) AS l(profile bigint, at int, value jsonb)),
		sent AS (
			INSERT INTO deliveries (id, profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at, settled_at)
			OVERRIDING SYSTEM VALUE
			SELECT (profile + 1) * 100 + at, profile, j.id, s.id, profile, at, value ->> 'channel', 'marketing', value ->> 'status', 'e', gen_random_uuid(),
				(value ->> 'claimedAt')::timestamptz, now()
			FROM asked JOIN journeys j ON j.key = value ->> 'journey' JOIN steps s ON s.node_id = j.key
		)
		INSERT INTO engagements (delivery_id, kind, at, profile_id)
		SELECT (profile + 1) * 100 + at, kind, now(), profile FROM asked CROSS JOIN LATERAL jsonb_array_elements_text(value -> 'engagements') kind`,
		[lists(({ messages }) => messages)]);
}

/** Evaluates several rules for several people in one statement. @returns by person, then by rule */
async function evaluate(db: Connection, asked: Rule[], persons: Person[]): Promise<Array<Array<boolean | null>>> {
	const params: unknown[] = [JSON.stringify(persons.map((person, ordinal) => ({
		ordinal,
		context: person.context,
		entered_at: person.enteredAt,
		left_at: person.leftAt,
		event_id: person.lastEvent === undefined ? null : id(ordinal, person.lastEvent),
		properties: person.wakingEvent,
		vars: ruleVariables(asked, person.variables),
	})))];
	const expressions = asked.map((rule) => {
		const compiled = compileRule(rule, { now: NOW, firstParameter: params.length + 1, inside: true });
		params.push(...compiled.params);
		return compiled.sql;
	});
	const rows = await db.rows<{ held: Array<boolean | null> }>(
		`SELECT ARRAY[${expressions.join(', ')}] AS held
		 FROM jsonb_to_recordset($1::jsonb) AS r(ordinal int, context jsonb, entered_at timestamptz, left_at timestamptz, event_id bigint, properties jsonb, vars jsonb)
		 JOIN profiles p ON p.id = r.ordinal
		 JOIN journeys j ON j.key = 'shop'
		 LEFT JOIN LATERAL (SELECT r.ordinal::bigint AS id, j.id AS journey_id, '' AS correlation, r.context, r.entered_at, r.left_at, r.event_id WHERE r.context IS NOT NULL) i ON true
		 LEFT JOIN LATERAL (SELECT r.properties WHERE r.properties IS NOT NULL) e ON true
		 ORDER BY r.ordinal`,
		params,
	);
	return rows.map(({ held }) => held);
}

describe.each(STORES)('rules on %s', (kind) => {
	let store: Store;
	let drop: () => Promise<void>;
	beforeAll(async () => {
		({ store, drop } = await freshStore(kind));
		await store.tx(prepare);
	}, 60_000);
	afterAll(async () => await drop());

	it('mean what the oracle means', async () => {
		const outcomes = { true: 0, false: 0 };
		const some = { minLength: 1, maxLength: 10, size: 'max' } as const;
		await fc.assert(fc.asyncProperty(fc.array(people, some), fc.array(rules, some), async (persons, asked) => {
			const expected = persons.map((person) => asked.map((rule) => ruleHolds(rule, person, NOW)));
			const held = await store.tx(async (db) => {
				await save(db, persons);
				return await evaluate(db, asked, persons);
			});
			expect(held).toEqual(expected);
			for (const one of expected.flat()) outcomes[`${one}`] += 1;
		}), { numRuns: 200 });
		expect(Math.min(outcomes.true, outcomes.false)).toBeGreaterThan(1_000);
	}, 120_000);

	it.each<[string, boolean, Rule]>([
		['a missing context', false, { kind: 'context', condition: { path: 'a', operator: 'isNot', value: 'x' } }],
		['a missing waking event', false, { kind: 'event', condition: { path: 'a', operator: 'doesNotExist' } }],
		['a missing attribute', true, { kind: 'attribute', condition: { path: 'a', operator: 'isNot', value: 'x' } }],
		['a person without events', true, { kind: 'behaviour', event: 'order', filter: [], did: false, atLeast: 1 }],
		['a sum of nothing, which is 0', true, { kind: 'aggregate', of: 'sum', event: 'order', filter: [], condition: { path: 'total', operator: 'less', value: 1 } }],
		['an average of nothing', false, { kind: 'aggregate', of: 'average', event: 'order', filter: [], condition: { path: 'total', operator: 'less', value: 1 } }],
		['a last value of nothing', true, { kind: 'aggregate', of: 'last', event: 'order', filter: [], condition: { path: 'total', operator: 'isNot', value: 1 } }],
		['messages that nobody sent', true, { kind: 'message', did: 'opened', count: 'atMost', times: 0, journey: 'any' }],
		['a day that nobody lived through', true, { kind: 'behaviour', event: 'order', filter: [], did: false, atLeast: 1, within: 'entry' }],
		['consent that nobody asked for', true, { kind: 'consent', channel: 'email', state: 'unknown' }],
	])('say of %s: %s', async (_what, expected, rule) => {
		const nobody: Person = {
			attributes: {}, tags: [], consent: {}, events: [], variables: {}, email: null, phone: null, zone: null, identities: [], segments: [], leftSegments: [],
			inside: [], entered: [], converted: [], messages: [], enteredAt: NOW, leftAt: NOW,
		};
		const held = await store.tx(async (db) => {
			await save(db, [nobody]);
			return await evaluate(db, [rule], [nobody]);
		});
		expect(held).toEqual([[expected]]);
	});

	it('begin a calendar day where the clocks of the zone do', async () => {
		// Midnights that do not exist, that come twice, and days that were left out.
		const asked = ['America/Havana', 'America/Sao_Paulo', 'Asia/Beirut', 'America/Asuncion', 'Africa/Cairo', 'Pacific/Apia', 'Australia/Lord_Howe', 'Europe/Istanbul', 'US/Pacific', 'Asia/Kathmandu']
			.flatMap((zone) => ['2011-12-31T12:00Z', '2016-11-06T12:00Z', '2017-10-15T12:00Z', '2018-02-18T12:00Z', '2023-04-28T12:00Z', '2023-11-05T12:00Z', '2024-03-10T12:00Z', '2024-03-31T12:00Z']
				.flatMap((at) => [0, 1, 30].map((back) => ({ zone, at: new Date(at), back }))));
		const rows = await store.tx(async (db) => await db.rows<{ start: Date }>(
			`SELECT day_start(at, back, zone, 'UTC') AS start FROM unnest($1::text[], $2::timestamptz[], $3::int[]) WITH ORDINALITY AS asked(zone, at, back, place) ORDER BY place`,
			[asked.map(({ zone }) => zone), asked.map(({ at }) => at), asked.map(({ back }) => back)]));
		const expected = asked.map(({ zone, at, back }) => {
			const day = DateTime.fromJSDate(at, { zone }).minus({ days: back });
			return new Date(instantOf(Date.UTC(day.year, day.month - 1, day.day), zone));
		});
		const differing = asked.flatMap((one, place) => (+rows[place]!.start === +expected[place]! ? [] : [{ ...one, found: rows[place]!.start, expected: expected[place] }]));
		expect(differing).toEqual([]);
	});

	it('go by the other zone where the database does not know one', async () => {
		const [row] = await store.tx(async (db) => await db.rows<{ own: Date; none: Date }>(
			`SELECT day_start($1, 0, 'Atlantis/Capital', 'Europe/Istanbul') AS own, day_start($1, 0, 'Atlantis/Capital', 'Atlantis/Capital') AS none`, [NOW]));
		expect(row).toEqual({ own: new Date('2026-03-30T21:00:00.000Z'), none: new Date('2026-03-31T00:00:00.000Z') });
	});

	it('read the index by person, event and time, however many ask and whatever the statistics say', async () => {
		const rule: Rule = { kind: 'behaviour', event: 'order', filter: [{ path: 'total', operator: 'greater', value: '5' }], did: true, atLeast: 1, within: { amount: 7, unit: 'days' } };
		const { sql, params } = compileRule(rule, { now: NOW, firstParameter: 2 });
		const plans = await store.tx(async (db) => {
			await save(db, []);
			await db.rows(`INSERT INTO profiles (id, created_at, updated_at) OVERRIDING SYSTEM VALUE SELECT g, now(), now() FROM generate_series(1, 2000) g`);
			await db.rows(`INSERT INTO events (profile_id, name, properties, occurred_at, received_at)
				SELECT 1 + g % 2000, CASE WHEN g % 10 = 0 THEN 'order' ELSE 'view' END, '{}', $1::timestamptz - g * interval '1 minute', $2::timestamptz + g % 80 * interval '1 day' FROM generate_series(1, 60000) g`, [NOW, db.now]);
			const explain = async () => (await db.rows<{ 'QUERY PLAN': string }>(
				`EXPLAIN (COSTS OFF) SELECT ${sql} FROM unnest($1::bigint[]) AS asked(id) JOIN profiles p USING (id)`,
				[Array.from({ length: 2000 }, (_, id) => id + 1), ...params],
			)).map((row) => row['QUERY PLAN']).join('\n');
			const before = await explain();
			await db.rows('ANALYZE events');
			await db.rows('ANALYZE profiles');
			return [before, await explain()];
		});
		for (const plan of plans) {
			expect(plan).toMatch(/Index Scan using events_\w+ on events_\w+ ev.*\n\s*Index Cond: \(\(profile_id = p\.id\) AND \(name = .*\) AND \(occurred_at >= /);
			expect(plan).not.toMatch(/Seq Scan on events_\d/);
		}
	}, 60_000);
});
