import { takeIn } from '../../lib/run/intake';
import { suggest } from '../../lib/run/suggest';
import { MOST_NAMES } from '../../lib/store/catalog';
import { intercepted } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf } from '../support/world';

jest.setTimeout(60_000);

describe.each(STORES)('names for the editor on %s', (kind) => {
	let it_: TestStore;
	beforeEach(async () => (it_ = await freshStore(kind)));
	afterEach(async () => await it_?.drop());

	const names = async (what: Parameters<typeof suggest>[1], containing = '') => (await suggest(it_.store, what, containing)).map(({ name }) => name);

	it('are those of events, properties, attributes and tags that came in', async () => {
		await takeIn(it_.store, 'test', [
			eventOf('customer-1', 'Order Completed', it_.clock.now, { properties: { order: { total: 5 }, items: [{ sku: 'a' }], 'two.parts': 1, tags: ['x'] } }),
			eventOf('customer-1', 'Order Refunded', it_.clock.now, { properties: { order: { total: 5 } } }),
			eventOf('customer-1', 'Visit', it_.clock.now, { change: { attributes: { plan: 'pro', address: { city: 'Oslo' }, gone: null }, addTags: ['vip'] } }),
		]);
		expect(await names('event')).toEqual(['Order Completed', 'Order Refunded', 'Visit']);
		expect(await names('event', 'ORDER')).toEqual(['Order Completed', 'Order Refunded']);
		expect(await names('property')).toEqual(['"two.parts"', 'items[].sku', 'order.total', 'tags']);
		expect(await suggest(it_.store, 'property', 'total')).toEqual([{ name: 'order.total', about: 'Order Completed, Order Refunded' }]);
		expect(await names('attribute')).toEqual(['address.city', 'plan']);
		expect(await names('tag')).toEqual(['vip']);
		expect([await names('segment'), await names('trait'), await names('journey')]).toEqual([[], [], []]);
	});

	it('are written once, and nobody\'s event waits for them or is lost with them', async () => {
		let refuse = true;
		const written: number[] = [];
		const store = intercepted(it_.store, () => async (sql, _params, pass) => {
			if (!sql.includes('INSERT INTO catalog')) return await pass();
			if (refuse) throw new Error('no room');
			written.push(1);
			return await pass();
		});
		const visit = async () => await takeIn(store, 'test', [eventOf('customer-1', 'Visit', it_.clock.now)]);
		expect(await visit()).toMatchObject({ events: 1 });
		expect(await names('event')).toEqual([]);
		refuse = false;
		for (let times = 0; times < 3; times++) await visit();
		expect(await names('event')).toEqual(['Visit']);
		expect(written).toHaveLength(1);
	});

	it('are bounded, whatever comes in', async () => {
		for (let at = 0; at < 3; at++) {
			await takeIn(it_.store, 'test', [eventOf('customer-1', 'Visit', it_.clock.now, { change: { addTags: Array.from({ length: 1_000 }, (_, n) => `tag-${at}-${n}`) } })]);
		}
		expect(await ask(it_.store, `SELECT count(*)::int AS kept FROM catalog WHERE kind = 'tag'`)).toEqual([{ kept: MOST_NAMES }]);
		expect(await names('tag')).toHaveLength(100);
	});
});
