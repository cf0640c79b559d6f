import { compileRule } from '../../lib/core/rule';
import type { IntakeEntry, Rule } from '../../lib/core/types';
import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import { keepSegment, refreshSegment } from '../../lib/run/segments';
import { suggest } from '../../lib/run/suggest';
import { keepTrait } from '../../lib/run/traits';
import type { Store } from '../../lib/store/types';
import { freshDatabase } from '../support/postgres';
import { ask } from '../support/world';
import { figure, printTable, quantile } from './table';

const PROFILES = Number(process.env.BENCH_PROFILES ?? 1_000_000);
const EVENTS_EACH = 4;
const ROUNDS = 5;
const AT_ONCE = 100_000;

/** Pro customers with a tag who ordered for 50 or more at least twice within 30 days. */
const RULE: Rule = {
	kind: 'group', match: 'all', rules: [
		{ kind: 'attribute', condition: { path: 'plan', operator: 'is', value: 'pro' } },
		{ kind: 'tag', has: true, tag: 'newsletter' },
		{ kind: 'behaviour', event: 'Order', filter: [{ path: 'total', operator: 'greaterOrEqual', value: 50 }], did: true, atLeast: 2, within: { amount: 30, unit: 'days' } },
	],
};

/** The same as somebody would write it who knows the tables, in the ways that come to mind: the quickest counts. */
const BY_HAND = {
	'a count for each person': `
		SELECT count(*)::int AS n FROM profiles p
		WHERE p.attributes->>'plan' = 'pro' AND 'newsletter' = ANY (p.tags) AND (
			SELECT count(*) FROM events e WHERE e.profile_id = p.id AND e.name = 'Order'
				AND e.occurred_at >= $1::timestamptz - interval '30 days' AND (e.properties->>'total')::numeric >= 50) >= 2`,
	'everybody who ordered twice, joined': `
		SELECT count(*)::int AS n FROM profiles p JOIN (
			SELECT profile_id FROM events WHERE name = 'Order' AND occurred_at >= $1::timestamptz - interval '30 days'
				AND (properties->>'total')::numeric >= 50 GROUP BY profile_id HAVING count(*) >= 2
		) bought ON bought.profile_id = p.id
		WHERE p.attributes->>'plan' = 'pro' AND 'newsletter' = ANY (p.tags)`,
};

describe('an audience', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Store;
	beforeAll(async () => {
		database = await freshDatabase();
		store = await openStore({ url: database.url, schema: 'journey' });
		for (let from = 1; from <= PROFILES; from += AT_ONCE) {
			await ask(store, `INSERT INTO profiles (attributes, tags, created_at, updated_at)
				SELECT jsonb_build_object('plan', (ARRAY['free', 'basic', 'pro', 'team'])[1 + n % 4], 'city', 'City ' || n % 1000, 'first_name', 'F' || n, 'visits', n % 97),
					CASE WHEN n % 5 < 2 THEN ARRAY['beta', 'newsletter'] ELSE ARRAY['beta'] END, now(), now()
				FROM generate_series($1::int, $2::int) n`, [from, Math.min(from + AT_ONCE - 1, PROFILES)]);
			await ask(store, `INSERT INTO events (profile_id, name, properties, occurred_at, received_at)
				SELECT n, CASE WHEN (n / 7 + k) % 2 = 0 THEN 'Order' ELSE 'Page' END, jsonb_build_object('total', (n * 7 + k * 31) % 100, 'items', k),
					now() - make_interval(hours => (n * 13 + k * 331) % 1200), now()
				FROM generate_series($1::int, $2::int) n, generate_series(1, $3::int) k`, [from, Math.min(from + AT_ONCE - 1, PROFILES), EVENTS_EACH]);
		}
	}, 30 * 60_000);
	afterAll(async () => {
		printTable(`Audience of ${PROFILES.toLocaleString('en')} profiles, ${(PROFILES * EVENTS_EACH).toLocaleString('en')} events, three conditions, one behavioural`);
		await store?.close();
		await database?.drop();
	});

	it('is found', async () => {
		const now = new Date();
		const { sql, params } = compileRule(RULE, { now, firstParameter: 1 });
		const compiled = `SELECT count(*)::int AS n FROM profiles p WHERE ${sql}`;
		const ways: Record<string, [string, unknown[]]> = {
			compiled: [compiled, params],
			...Object.fromEntries(Object.entries(BY_HAND).map(([name, text]) => [name, [text, [now]] as [string, unknown[]]])),
		};
		for (const analysed of [false, true]) {
			if (analysed) for (const table of ['profiles', 'events']) await ask(store, `ANALYZE ${table}`);
			const times: Record<string, number[]> = {};
			const found = new Set<number>();
			for (let round = 0; round <= ROUNDS; round++) {
				for (const [name, [text, values]] of Object.entries(ways)) {
					const began = performance.now();
					const [row] = await ask<{ n: number }>(store, text, values);
					found.add(row!.n);
					if (round > 0) (times[name] ??= []).push(performance.now() - began);
				}
			}
			// Otherwise it would be two questions.
			expect(found.size).toBe(1);
			const median = (name: string) => quantile(times[name]!, 0.5);
			const hand = Math.min(...Object.keys(BY_HAND).map(median));
			figure({
				what: `${[...found][0]!.toLocaleString('en')} people, ${analysed ? 'after ANALYZE' : 'as autovacuum left it'}, median of ${ROUNDS}`,
				measured: `${Math.round(median('compiled'))} ms; × ${(median('compiled') / hand).toFixed(2)}`, goal: '≤ × 2 of SQL by hand',
				against: Object.keys(BY_HAND).map((name) => `${name}: ${Math.round(median(name))} ms`).join('\n'),
			});
		}
	});

	it('is kept as a segment', async () => {
		const segment = { name: 'Buyers', rule: RULE, zone: 'UTC', refresh_minutes: 60 };
		const timed = async <T>(work: () => Promise<T>) => {
			const began = performance.now();
			return { result: await work(), ms: Math.round(performance.now() - began) };
		};
		const first = await timed(async () => await keepSegment(store, segment));
		const second = await timed(async () => await refreshSegment(store, 'Buyers'));
		expect(second.result).toMatchObject({ joined: 0, left: 0 });
		figure({ what: `a segment of ${first.result.joined.toLocaleString('en')}: saved; refreshed when nobody joins or leaves`, measured: `${first.ms} ms; ${second.ms} ms` });
	});

	it('has names suggested, however many events there are', async () => {
		await ask(store, `INSERT INTO catalog (kind, event, name, seen_at) SELECT kind, CASE kind WHEN 'property' THEN 'Order' ELSE '' END, kind || ' ' || n, now()
			FROM unnest(ARRAY['event', 'property', 'attribute', 'tag']) kind, generate_series(1, 2000) n`);
		const times: number[] = [];
		for (let round = 0; round < 20; round++) {
			for (const what of ['event', 'property', 'attribute', 'tag', 'segment'] as const) {
				const began = performance.now();
				await suggest(store, what, '99');
				times.push(performance.now() - began);
			}
		}
		figure({ what: 'names suggested, 2,000 of each kind', measured: `p50 ${quantile(times, 0.5).toFixed(1)} ms; p99 ${quantile(times, 0.99).toFixed(1)} ms` });
	});

	it('costs little to count as events arrive', async () => {
		const batch = (from: number) => Array.from({ length: 2_000 }, (_, at): IntakeEntry => ({
			index: at, identities: [], profile: 1 + ((from + at) * 7) % PROFILES, event: { name: 'Order', properties: { total: at % 100, items: 2 } }, occurredAt: new Date(),
		}));
		const perEvent = async () => {
			const times: number[] = [];
			for (let round = 0; round < 10; round++) {
				const entries = batch(round * 2_000);
				const began = performance.now();
				await takeIn(store, 'bench', entries);
				times.push(((performance.now() - began) * 1_000) / entries.length);
			}
			return quantile(times, 0.5);
		};
		const without = await perEvent();
		await keepTrait(store, { name: 'Other', event: 'Never', filter: [] });
		const besides = await perEvent();
		const began = performance.now();
		await keepTrait(store, { name: 'Purchases', event: 'Order', filter: [], amount: 'total' });
		const filled = Math.round((performance.now() - began) / 1_000);
		const counted = await perEvent();
		figure({
			what: 'an event taken in: no trait; a trait of another event; one of this event',
			measured: `${without.toFixed(0)}; ${besides.toFixed(0)}; ${counted.toFixed(0)} µs`, against: `${(PROFILES * EVENTS_EACH).toLocaleString('en')} older events counted in ${filled} s`,
		});
	});
});
