import { takeIn } from '../../lib/run/intake';
import { journeyNode } from '../support/canvas';
import { OneNode } from '../support/headless/oneNode';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask } from '../support/world';

jest.setTimeout(60_000);

describe.each(STORES)('rejected events as items on %s', (kind) => {
	let it_: TestStore;
	let one: OneNode;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		one = await OneNode.on(it_.store);
	});
	afterAll(async () => await it_?.drop());

	const run = async (parameters: object, items: object[]) => {
		const { outputs, error } = await one.run(journeyNode('Control', 'journeyControl', { resource: 'rejected', ...parameters }), items);
		expect(error).toBeUndefined();
		return outputs[0]!;
	};

	it('are sent in again item by item, with what an Edit Fields node has made of each', async () => {
		const sent = [{ type: 'track', event: 'cart' }, { type: 'track', event: 'cart' }, { type: 'track', event: 'cart' }];
		await takeIn(it_.store, 'collector', [], sent.map((message, position) => ({ position, reason: 'nobody', body: JSON.stringify(message) })));
		const listed = (await run({ operation: 'list' }, [{}])).map(({ json }) => json);
		const edited = listed.map((json, at) => ({ ...json, payload: { ...(json.payload as object), ...(at === 1 ? {} : { userId: `customer-${at}` }) } }));
		const answers = await run({ operation: 'resend', sendIn: 'mended' }, edited);
		expect(answers.map(({ json, pairedItem }) => [json.result, pairedItem])).toEqual([['taken', { item: 0 }], ['refused', { item: 1 }], ['taken', { item: 2 }]]);
		expect(await ask(it_.store, "SELECT i.value FROM events e JOIN identities i USING (profile_id) ORDER BY e.id")).toEqual([{ value: 'customer-0' }, { value: 'customer-2' }]);
		expect((await run({ operation: 'discard' }, edited)).map(({ json }) => json.discarded)).toEqual([false, true, false]);
		expect(await run({ operation: 'list' }, [{}])).toEqual([]);
	});

	it('that are items of Customer Data keep what their own node said of them', async () => {
		await one.run(journeyNode('Data', 'journeyCustomerData', { resource: 'event', operation: 'track', identity: '={{ $json.id }}', event: 'cart' }, { onError: 'continueRegularOutput' }), [{ id: '' }]);
		const [listed] = (await run({ operation: 'list' }, [{}])).map(({ json }) => json);
		expect(listed).toMatchObject({ source: 'customer data', tries: 0, reason: expect.stringContaining('User ID is empty') });
		const [asItWas] = await run({ operation: 'resend', sendIn: 'asRefused' }, [listed!]);
		expect(asItWas!.json).toMatchObject({ result: 'refused', reason: 'this is an item of Customer Data: mend it and send it through that node, then discard it' });
		const [mended] = await run({ operation: 'resend', sendIn: 'mended' }, [listed!]);
		expect(mended!.json).toMatchObject({ result: 'refused', reason: expect.stringMatching(/^type must be one of/) });
		expect((await run({ operation: 'list' }, [{}])).map(({ json }) => json)).toEqual([listed]);
		expect((await run({ operation: 'discard' }, [listed!]))[0]!.json.discarded).toBe(true);
	});
});
