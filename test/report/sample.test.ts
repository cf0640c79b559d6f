import type { EntryRules, Filter } from '../../lib/core/types';
import { entrySample } from '../../lib/report/sample';
import { takeIn } from '../../lib/run/intake';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, makeWorld } from '../support/world';

const RULES: EntryRules = { reentry: { kind: 'once' }, whileInside: 'refuse', values: { total: 'cart.total', missing: 'nowhere' }, correlation: 'cart.id', zone: 'UTC' };
const EUR: Filter = [{ path: 'currency', operator: 'is', value: 'EUR' }];

describe.each(STORES)('a sample entry on %s', (kind) => {
	let test: TestStore;
	beforeAll(async () => {
		test = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await test?.drop());

	it('is the newest event that the Entry Trigger would take, with its customer', async () => {
		const { store, clock } = test;
		expect(await entrySample(store, 'Cart', EUR, RULES)).toBeUndefined();
		const cart = (user: string, name: string, currency: string, id: number | null) =>
			eventOf(user, name, clock.now, { properties: { currency, cart: { total: 10, id } } });
		await takeIn(store, 'test', [cart('customer-1', 'Cart', 'EUR', 5)]);
		await takeIn(store, 'test', [cart('customer-2', 'Cart', 'EUR', 6), cart('customer-3', 'Cart', 'USD', 7), cart('customer-3', 'Order', 'EUR', 8)]);
		const [second] = await ask<{ profile_id: number }>(store, "SELECT profile_id FROM identities WHERE value = 'customer-2'");
		expect(await entrySample(store, 'Cart', EUR, RULES)).toEqual({
			event: { name: 'Cart', properties: { currency: 'EUR', cart: { total: 10, id: 6 } }, occurred_at: clock.now.toISOString(), message_id: null },
			profile: expect.objectContaining({ id: second!.profile_id, attributes: {}, tags: [] }),
			correlation: '6', context: { total: 10, missing: null },
		});
		expect(await entrySample(store, 'Cart', [], RULES)).toMatchObject({ correlation: '7' });

		await takeIn(store, 'test', [cart('customer-4', 'Cart', 'EUR', null)]);
		expect(await entrySample(store, 'Cart', EUR, RULES)).toMatchObject({ correlation: '' });
	});

	it('lets nobody in', async () => {
		const { store } = test;
		await makeWorld(store);
		await entrySample(store, 'Cart', EUR, RULES);
		expect(await ask(store, 'SELECT id FROM candidates UNION ALL SELECT id FROM instances')).toEqual([]);
	});
});
