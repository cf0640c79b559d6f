import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';

jest.setTimeout(240_000);

const quiet = { saveDataSuccessExecution: 'none' };
const journey = {
	name: 'Journey',
	settings: quiet,
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', filters: { conditions: [{ path: 'total', operator: 'greater', value: '10' }] }, options: { key: 'carts' } }),
		journeyNode('Wait for order', 'journeyState', {
			waitFor: 'events', events: { branch: [{ event: 'order', output: 'ordered' }] }, limitUntil: 'delay', limitDelayAmount: 15, limitDelayUnit: 'seconds',
		}),
		baseNode('After', 'noOp', 1),
	],
	connections: wires('Entry > Wait for order', 'Wait for order:0 > After'),
};

const hook = (path: string, responseMode: string) =>
	baseNode('Hook', 'webhook', 2.1, { httpMethod: 'POST', path, responseMode, responseData: 'allEntries', options: {} }, { webhookId: path });
const identity = { identity: '={{ $json.user }}' };
/** One call, a list of customers in its body, an item for each. */
const track = {
	name: 'Track',
	settings: quiet,
	nodes: [
		hook('track', 'lastNode'),
		baseNode('Rows', 'splitOut', 1, { fieldToSplitOut: 'body.rows' }),
		journeyNode('Customer Data', 'journeyCustomerData', {
			resource: 'event', operation: 'track', event: '={{ $json.event }}', ...identity,
			properties: { assignments: [{ id: 'a', name: 'total', value: '={{ $json.total }}', type: 'number' }] },
		}, { onError: 'continueErrorOutput' }),
		baseNode('Refused', 'noOp', 1),
	],
	connections: wires('Hook > Rows', 'Rows > Customer Data', 'Customer Data:1 > Refused'),
};
const ask = (operation: string, parameters: object) => ({
	name: operation,
	settings: quiet,
	nodes: [hook(operation, 'lastNode'), journeyNode('Customer Data', 'journeyCustomerData', { resource: operation === 'get' ? 'profile' : 'journey', operation, identity: '={{ $json.body.user }}', ...parameters })],
	connections: wires('Hook > Customer Data'),
});

/** A time on another day is told with its date. */
const timeless = (text: string) => text.replace(/\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)( UTC)?/g, '$1');

describe.each(ARRANGEMENTS)('Journey Customer Data in a started n8n (%s)', (kind) => {
	let on: Arrangement;

	const call = async (path: string, body: object) => {
		const response = await fetch(`${on.webhooks.url}/webhook/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
		const text = await response.text();
		if (!response.ok) throw new Error(`${response.status} ${text}\n${on.n8n.logs().slice(-3000)}`);
		return (text ? JSON.parse(text) : []) as Array<Record<string, unknown>>;
	};

	beforeAll(async () => {
		on = await Arrangement.start(kind);
		for (const workflow of [journey, track, ask('explain', { journey: 'carts' }), ask('get', {})]) await on.publish(workflow);
	});
	afterAll(async () => await on?.stop());

	it('lets people into a journey by events from a webhook, refuses the bad row alone, and tells the story', async () => {
		const { watch } = on;
		const rows = Array.from({ length: 50 }, (_, at) => ({ user: at === 7 ? '' : `u${at}`, event: 'cart', total: at === 8 ? 5 : 20 }));
		const refused = await call('track', { rows });
		expect(refused).toEqual([expect.objectContaining({ error: expect.stringMatching(/^Item 7: User ID is empty/), event: 'cart' })]);
		expect(await watch.count('events')).toBe(49);
		await watch.until('parked', async () => (await watch.count("journal WHERE kind = 'parked'")) === 48);
		await call('track', { rows: [{ user: 'u1', event: 'order', total: 20 }] });
		await watch.until('finished', async () => (await watch.count('finished')) === 48);

		const told = async (user: string) => (await call('explain', { user })).map(({ sentence }) => timeless(String(sentence).slice('2026-03-02 10:00:00 UTC — '.length)));
		expect(await told('u1')).toEqual([
			"Left the journey at 'Wait for order': nothing more was to come (completed).",
			expect.stringMatching(/^Woken at 'Wait for order' by event 'order' \(from \d\d:\d\d:\d\d\)\.$/),
			expect.stringMatching(/^Began to wait at 'Wait for order', until \d\d:\d\d:\d\d at the latest\.$/),
			expect.stringMatching(/^Entered at 'Entry' by event 'cart' \(from \d\d:\d\d:\d\d\)\.$/),
		]);
		expect((await told('u2'))[1]).toMatch(/^Woken at 'Wait for order' because time was up \(due \d\d:\d\d:\d\d\)\.$/);
		expect(await told('u8')).toEqual([expect.stringMatching(/^Nothing is on record/)]);
		expect(await call('get', { user: 'u1' })).toMatchObject([{ identities: [{ kind: 'user_id', value: 'u1' }], consent: {}, journeys: [] }]);
	});
});
