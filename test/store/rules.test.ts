import fc from 'fast-check';

import { compileRule, ruleVariables } from '../../lib/core/rule';
import type { Rule } from '../../lib/core/types';
import type { Connection, Store } from '../../lib/store/types';
import { NOW, people, rules } from '../support/arbitraries';
import { ruleHolds, type Person } from '../support/oracle';
import { freshStore, STORES } from '../support/stores';

async function save(db: Connection, persons: Person[]): Promise<void> {
	await db.rows('DELETE FROM events');
	await db.rows('DELETE FROM profiles');
	await db.rows(
		`INSERT INTO profiles (id, attributes, tags, consent, created_at, updated_at) OVERRIDING SYSTEM VALUE
		 SELECT ordinal, attributes, ARRAY(SELECT jsonb_array_elements_text(tags)), consent, now(), now()
		 FROM jsonb_to_recordset($1::jsonb) AS p(ordinal int, attributes jsonb, tags jsonb, consent jsonb)`,
		[JSON.stringify(persons.map((person, ordinal) => ({ ordinal, ...person })))],
	);
	await db.rows(
		`INSERT INTO events (profile_id, name, properties, occurred_at, received_at)
		 SELECT profile_id, name, properties, "occurredAt", now()
		 FROM jsonb_to_recordset($1::jsonb) AS e(profile_id bigint, name text, properties jsonb, "occurredAt" timestamptz)`,
		[JSON.stringify(persons.flatMap((person, profile_id) => person.events.map((event) => ({ profile_id, ...event }))))],
	);
}

/** Evaluates several rules for several people in one statement. @returns by person, then by rule */
async function evaluate(db: Connection, asked: Rule[], persons: Person[]): Promise<Array<Array<boolean | null>>> {
	const params: unknown[] = [JSON.stringify(persons.map((person, ordinal) => ({
		ordinal,
		context: person.context,
		properties: person.wakingEvent,
		vars: ruleVariables(asked, person.variables),
	})))];
	const expressions = asked.map((rule) => {
		const compiled = compileRule(rule, { now: NOW, firstParameter: params.length + 1 });
		params.push(...compiled.params);
		return compiled.sql;
	});
	const rows = await db.rows<{ held: Array<boolean | null> }>(
		`SELECT ARRAY[${expressions.join(', ')}] AS held
		 FROM jsonb_to_recordset($1::jsonb) AS r(ordinal int, context jsonb, properties jsonb, vars jsonb)
		 JOIN profiles p ON p.id = r.ordinal
		 LEFT JOIN LATERAL (SELECT r.context WHERE r.context IS NOT NULL) i ON true
		 LEFT JOIN LATERAL (SELECT r.properties WHERE r.properties IS NOT NULL) e ON true
		 ORDER BY r.ordinal`,
		params,
	);
	return rows.map(({ held }) => held);
}

describe.each(STORES)('rules on %s', (kind) => {
	let store: Store;
	let drop: () => Promise<void>;
	beforeAll(async () => { ({ store, drop } = await freshStore(kind)); }, 60_000);
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
		['consent that nobody asked for', true, { kind: 'consent', channel: 'email', state: 'unknown' }],
	])('say of %s: %s', async (_what, expected, rule) => {
		const nobody: Person = { attributes: {}, tags: [], consent: {}, events: [], variables: {} };
		const held = await store.tx(async (db) => {
			await save(db, [nobody]);
			return await evaluate(db, [rule], [nobody]);
		});
		expect(held).toEqual([[expected]]);
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
