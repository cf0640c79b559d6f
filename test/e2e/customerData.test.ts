import { openStore } from '../../lib/run/engine';
import type { Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';

jest.setTimeout(240_000);

const quiet = { saveDataSuccessExecution: 'none' };
const journey = {
	name: 'Journey',
	settings: quiet,
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', filters: { conditions: [{ path: 'total', operator: 'greater', value: '10' }] }, options: { key: 'carts' } }),
		journeyNode('Wait for order', 'journeyState', {
			waitFor: 'events', events: { branch: [{ event: 'order', output: 'ordered' }] }, limitUntil: 'delay', limitDelayAmount: 6, limitDelayUnit: 'seconds',
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

describe('Journey Customer Data in a started n8n', () => {
	let n8n: N8n;
	let store: Store;

	const call = async (path: string, body: object) => {
		const response = await fetch(`${n8n.url}/webhook/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
		const text = await response.text();
		if (!response.ok) throw new Error(`${response.status} ${text}\n${n8n.logs().slice(-3000)}`);
		return (text ? JSON.parse(text) : []) as Array<Record<string, unknown>>;
	};
	const count = async (sql: string) => (await store.tx(async (db) => await db.rows<{ n: number }>(sql)))[0]!.n;
	const until = async (what: string, check: () => Promise<boolean>) => {
		const end = Date.now() + 60_000;
		while (!(await check())) {
			if (Date.now() > end) throw new Error(`Still not: ${what}\n${n8n.logs().slice(-3000)}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	};

	beforeAll(async () => {
		const { url } = await freshDatabase();
		store = await openStore({ url, schema: 'journey' });
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: url } });
		for (const workflow of [journey, track, ask('explain', { journey: 'carts' }), ask('get', {})]) await n8n.activate((await n8n.createWorkflow(workflow)).id);
	});
	afterAll(async () => {
		await n8n?.stop();
		await store?.close();
	});

	it('lets people into a journey by events from a webhook, refuses the bad row alone, and tells the story', async () => {
		await until('registered', async () => (await count('SELECT count(*)::int AS n FROM steps')) === 2);
		const rows = Array.from({ length: 50 }, (_, at) => ({ user: at === 7 ? '' : `u${at}`, event: 'cart', total: at === 8 ? 5 : 20 }));
		const refused = await call('track', { rows });
		expect(refused).toEqual([expect.objectContaining({ error: expect.stringMatching(/^Item 7: User ID is empty/), event: 'cart' })]);
		expect(await count('SELECT count(*)::int AS n FROM events')).toBe(49);
		await until('parked', async () => (await count("SELECT count(*)::int AS n FROM journal WHERE kind = 'parked'")) === 48);
		await call('track', { rows: [{ user: 'u1', event: 'order', total: 20 }] });
		await until('finished', async () => (await count('SELECT count(*)::int AS n FROM finished')) === 48);

		const told = async (user: string) => (await call('explain', { user })).map(({ sentence }) => String(sentence).slice('2026-03-02 10:00:00 UTC — '.length));
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
