import { takeIn } from '../../lib/run/intake';
import { JourneyControl } from '../../nodes/JourneyControl/JourneyControl.node';
import { journeyNode } from '../support/canvas';
import { OneNode } from '../support/headless/oneNode';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { eventOf } from '../support/world';

jest.setTimeout(60_000);

describe.each(STORES)('segments and traits in Journey Control on %s', (kind) => {
	let it_: TestStore;
	let one: OneNode;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		one = await OneNode.on(it_.store);
		await takeIn(it_.store, 'test', ['customer-1', 'customer-2', 'customer-3'].map((user, index) =>
			({ ...eventOf(user, 'Order', it_.clock.now, { properties: { total: 10 * (index + 1) }, change: { addTags: ['vip'] } }), index })));
	});
	afterAll(async () => await it_?.drop());

	const control = async (parameters: object, items: object[] = [{}]) => await one.run(journeyNode('Control', 'journeyControl', parameters), items);
	const answer = async (parameters: object) => {
		const { outputs, error } = await control(parameters);
		expect(error).toBeUndefined();
		return outputs[0]!.map(({ json }) => json);
	};
	const big = { conditions: { aggregate: [{ of: 'sum', path: 'total', event: { __rl: true, mode: 'list', value: 'Order' }, period: 'ever', operator: 'greater', value: '={{ 5 + 10 }}' }] } };

	it('previews an audience, saves it, lists it and deletes it', async () => {
		expect(await answer({ resource: 'segment', operation: 'preview' })).toMatchObject([{ count: 3 }]);
		const [seen] = await answer({ resource: 'segment', operation: 'preview', ...big });
		expect(seen).toMatchObject({ count: 2, sample: [{ tags: ['vip'] }, { tags: ['vip'] }], sql: expect.stringContaining('SELECT p.id FROM profiles p'), parameters: expect.arrayContaining(['Order']) });
		const saved = { name: 'Big spenders', size: 2, zone: 'Europe/Istanbul', refresh_minutes: 30, refreshed_at: it_.clock.now.toISOString(), error: null };
		expect(await answer({ resource: 'segment', operation: 'save', segment: 'Big spenders', refreshMinutes: 30, ...big })).toMatchObject([saved]);
		expect(await answer({ resource: 'segment', operation: 'list' })).toMatchObject([saved]);
		expect(await answer({ resource: 'segment', operation: 'preview', conditions: { segment: [{ segment: 'Big spenders', in: false }] } })).toMatchObject([{ count: 1 }]);
		expect(await answer({ resource: 'segment', operation: 'delete', segment: { __rl: true, mode: 'list', value: 'Big spenders' } })).toEqual([{ name: 'Big spenders', deleted: true }]);
		expect(await answer({ resource: 'segment', operation: 'list' })).toEqual([]);
	});

	it('saves a trait, which counts, lists it and deletes it', async () => {
		expect(await answer({ resource: 'trait', operation: 'save', trait: 'Purchases', event: 'Order', amount: 'total', filters: { conditions: [{ path: 'total', operator: 'greater', value: '10' }] } }))
			.toMatchObject([{ name: 'Purchases', people: 2, complete: true }]);
		expect(await answer({ resource: 'segment', operation: 'preview', conditions: { trait: [{ trait: 'Purchases', measure: 'sum', operator: 'is', value: '30' }] } })).toMatchObject([{ count: 1 }]);
		expect(await answer({ resource: 'trait', operation: 'delete', trait: 'Purchases' })).toEqual([{ name: 'Purchases', deleted: true }]);
		expect(await answer({ resource: 'trait', operation: 'list' })).toEqual([]);
	});

	it.each<[string, object, RegExp]>([
		['a segment without a name', { resource: 'segment', operation: 'save', segment: ' ', ...big }, /Name: the segment has none/],
		['a segment of everyone', { resource: 'segment', operation: 'save', segment: 'a', conditions: {} }, /Conditions: there is none/],
		['a refresh every 0 minutes', { resource: 'segment', operation: 'save', segment: 'a', refreshMinutes: 0, ...big }, /Refresh Every \(Minutes\): found 0/],
		['a zone that is none', { resource: 'segment', operation: 'save', segment: 'a', segmentOptions: { zone: 'Mars' }, ...big }, /Time Zone: .*Mars/],
		['what only somebody inside a journey has', { resource: 'segment', operation: 'preview', conditions: { behaviour: [{ did: true, event: 'Order', times: 1, period: 'entry' }] } }, /only somebody inside a journey can answer/],
		['a segment that is not there', { resource: 'segment', operation: 'delete', segment: 'none' }, /there is no segment "none"/],
		['a condition on a trait that is not there', { resource: 'segment', operation: 'preview', conditions: { trait: [{ trait: 'none', measure: 'sum', operator: 'is', value: '1' }] } }, /There is no trait "none"/],
		['a trait without an event', { resource: 'trait', operation: 'save', trait: 'a', event: ' ' }, /Event: it is empty/],
		['a trait of an amount that cannot be read', { resource: 'trait', operation: 'save', trait: 'a', event: 'Order', amount: 'a..b' }, /Amount: .*a name is missing/],
	])('refuse %s', async (_what, parameters, message) => {
		expect((await control(parameters)).error?.message).toMatch(message);
	});

	it('suggest names in the editor', async () => {
		const listSearch: Record<string, (this: never, filter?: string) => Promise<unknown>> = new JourneyControl().methods.listSearch;
		const editor = { getNode: () => ({}), logger: {} } as never;
		expect(await listSearch.suggestEvents!.call(editor, 'ord')).toEqual({ results: [{ name: 'Order', value: 'Order' }] });
		expect(await listSearch.suggestProperties!.call(editor)).toEqual({ results: [{ name: 'total (Order)', value: 'total' }] });
		expect(await listSearch.suggestTags!.call(editor, 'x')).toEqual({ results: [] });
	});
});
