import { takeIn } from '../../lib/run/intake';
import { completeTraits, keepTrait, scoreTraits } from '../../lib/run/traits';
import { compileRule } from '../../lib/core/rule';
import type { IntakeEntry, Measure } from '../../lib/core/types';
import { deleteTrait, dropLeftCounts, fillTrait, listTraits, saveTrait } from '../../lib/store/traits';
import { lockRegistry } from '../../lib/store/locks';
import { intercepted } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf } from '../support/world';

jest.setTimeout(60_000);

const trait = { name: 'Purchases', event: 'Order', filter: [{ path: 'paid', operator: 'is' as const, value: true }], amount: 'items[].price' };

describe.each(STORES)('traits on %s', (kind) => {
	let it_: TestStore;
	beforeEach(async () => (it_ = await freshStore(kind)));
	afterEach(async () => await it_?.drop());

	const order = (user: string, prices: unknown[], more: Partial<IntakeEntry> = {}, paid = true, at = it_.clock.now): IntakeEntry =>
		eventOf(user, 'Order', at, { properties: { paid, items: prices.map((price) => ({ price })) }, ...more });
	const give = async (...entries: IntakeEntry[]) => await takeIn(it_.store, 'test', entries.map((entry, index) => ({ ...entry, index })));
	/** What is counted of everybody, and the same counted anew from the events. */
	const counted = async () => await ask<object>(it_.store, `SELECT profile_id, count::int, amounts::int, total::float8, first_at, last_at FROM profile_traits ORDER BY 1`);
	const anew = async () => await ask<object>(it_.store,
		`SELECT e.profile_id, count(*)::int AS count, coalesce(sum(n.amounts), 0)::int AS amounts, coalesce(sum(n.total), 0)::float8 AS total, min(occurred_at) AS first_at, max(occurred_at) AS last_at
		 FROM events e CROSS JOIN LATERAL (
			SELECT count(*) AS amounts, sum((item ->> 'price')::numeric) AS total FROM jsonb_array_elements(e.properties -> 'items') item WHERE item ->> 'price' ~ '^[0-9.]+$'
		 ) n WHERE e.name = 'Order' AND e.properties @> '{"paid": true}' GROUP BY 1 ORDER BY 1`);
	const holds = async (measure: Measure, value: unknown, operator: 'is' | 'doesNotExist' | 'before' = 'is') => {
		const { sql, params } = compileRule({ kind: 'trait', trait: 'Purchases', measure, condition: { path: 'value', operator, value } }, { now: it_.clock.now, firstParameter: 1 });
		return (await ask<{ who: string }>(it_.store, `SELECT value AS who FROM profiles p JOIN identities i ON i.profile_id = p.id WHERE ${sql} ORDER BY 1`, params)).map(({ who }) => who);
	};

	it('count what happened before, what arrives, and what is loaded as history', async () => {
		await give(order('customer-1', [10, '2.50']), order('customer-1', [1], {}, false), order('customer-2', ['free']));
		await keepTrait(it_.store, trait);
		it_.clock.pass(DAY_MS);
		await give(order('customer-1', [4]), order('customer-3', [7]), order('customer-3', []), eventOf('customer-3', 'Visit', it_.clock.now));
		await takeIn(it_.store, 'test', [order('customer-2', [100], {}, true, new Date('2025-01-01T00:00:00Z'))], [], { match: false });
		await give(order('customer-4', [3], { messageId: 'm' }), order('customer-4', [3], { messageId: 'm' }));
		expect(await counted()).toEqual(await anew());
		expect((await counted()).length).toBe(4);
		expect(await it_.store.tx(listTraits)).toMatchObject([{ name: 'Purchases', people: 4, complete: true }]);
		expect(await holds('count', 2)).toEqual(['customer-1', 'customer-2', 'customer-3']);
		expect(await holds('sum', 16.5)).toEqual(['customer-1']);
		expect(await holds('average', 7)).toEqual(['customer-3']);
		expect(await holds('daysSinceLast', 1)).toEqual(['customer-2']);
		expect(await holds('firstAt', '2025-06-01', 'before')).toEqual(['customer-2']);
		await give(eventOf('customer-5', 'Visit', it_.clock.now));
		expect([await holds('count', 0), await holds('sum', 0), await holds('average', undefined, 'doesNotExist'), await holds('lastAt', undefined, 'doesNotExist')])
			.toEqual(Array(4).fill(['customer-5']));
	});

	it('cost no statement as long as there is none for the event', async () => {
		await keepTrait(it_.store, { ...trait, event: 'Other' });
		const statements: string[] = [];
		const store = intercepted(it_.store, () => async (sql, _params, pass) => (statements.push(sql), await pass()));
		await takeIn(store, 'test', [order('customer-1', [1])]);
		expect(statements.filter((sql) => sql.includes('profile_traits'))).toEqual([]);
	});

	it('come out the same when events and merges come while those of before are being counted', async () => {
		await give(...Array.from({ length: 12 }, (_, at) => order(`customer-${at}`, [at])));
		await it_.store.tx(async (db) => {
			await lockRegistry(db, 'register');
			await saveTrait(db, trait);
		});
		const page = async () => await it_.store.tx(async (db) => await fillTrait(db, 4));
		const merge = async (a: number, b: number) => await give({ index: 0, identities: [a, b].map((n) => ({ kind: 'user_id' as const, value: `customer-${n}` })), alias: true, occurredAt: it_.clock.now });
		await give(order('customer-9', [1]));
		await page();
		// One who was counted takes over one who was not; two who were not; two who were.
		await merge(0, 10);
		await merge(8, 9);
		await merge(1, 2);
		await give(order('customer-0', [50]), order('customer-8', [60]));
		await page();
		await merge(4, 11);
		await completeTraits(it_.store);
		expect(await counted()).toEqual(await anew());
		expect((await counted()).length).toBe(8);
	});

	it('that are gone are forgotten in pages, and what others have counted stays', async () => {
		await keepTrait(it_.store, { ...trait, name: 'Gone' });
		await keepTrait(it_.store, trait);
		await give(...['customer-1', 'customer-2', 'customer-3'].map((user) => order(user, [1])));
		const rows = async () => (await ask<{ count: number }>(it_.store, 'SELECT count(*)::int AS count FROM profile_traits'))[0]!.count;
		await it_.store.tx(async (db) => await deleteTrait(db, 'Gone'));
		expect(await rows()).toBe(6);
		expect(await it_.store.tx(async (db) => [await dropLeftCounts(db, 2), await dropLeftCounts(db, 2), await dropLeftCounts(db, 2)])).toEqual([2, 1, 0]);
		expect(await rows()).toBe(3);
		expect(await counted()).toEqual(await anew());
		await keepTrait(it_.store, trait);
		expect(await rows()).toBe(3);
		expect(await counted()).toEqual(await anew());
	});

	it('score everybody by fifths, which are found anew every hour, while what is counted is always current', async () => {
		await keepTrait(it_.store, trait);
		for (let n = 1; n <= 10; n++) {
			it_.clock.pass(60_000);
			await give(...Array.from({ length: n }, () => order(`customer-${String(n).padStart(2, '0')}`, [11 - n])));
		}
		expect(await holds('frequencyScore', 5)).toEqual([]);
		it_.clock.pass(60 * 60_000);
		await scoreTraits(it_.store);
		const names = (...numbers: number[]) => numbers.map((n) => `customer-${String(n).padStart(2, '0')}`);
		expect(await holds('frequencyScore', 5)).toEqual(names(9, 10));
		expect(await holds('frequencyScore', 1)).toEqual(names(1, 2));
		expect(await holds('recencyScore', 5)).toEqual(names(9, 10));
		expect(await holds('monetaryScore', 1)).toEqual(names(1, 10));
		await give(...Array.from({ length: 9 }, () => order('customer-01', [5])));
		expect(await holds('frequencyScore', 5)).toEqual(names(1, 9, 10));
	});
});
