import { takeIn } from '../../lib/run/intake';
import { openStore } from '../../lib/run/engine';
import type { IntakeEntry } from '../../lib/core/types';
import type { Store } from '../../lib/store/types';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';

jest.setTimeout(240_000);

const journey = {
	name: 'Spine',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		journeyNode('Wait', 'journeyState', {
			waitFor: 'events', events: { branch: [{ event: 'order', output: 'ordered' }] }, limitUntil: 'delay', limitDelayAmount: 3, limitDelayUnit: 'seconds',
		}),
		baseNode('After', 'noOp', 1),
	],
	connections: wires('Entry > Set', 'Set > Wait', 'Wait:0 > After', 'Wait:1 > After'),
};

describe('the spine: enter, park, wake, in a started n8n', () => {
	let n8n: N8n;
	let store: Store;

	const send = async (name: string, from: number, to: number) =>
		await takeIn(store, 'test', Array.from({ length: to - from }, (_, at): IntakeEntry => ({
			index: at, identities: [{ kind: 'user_id', value: `u${from + at}` }], event: { name, properties: {} }, occurredAt: new Date(),
		})));
	const count = async (sql: string) => (await store.tx(async (db) => await db.rows<{ n: number }>(sql)))[0]!.n;
	const until = async (what: string, check: () => Promise<boolean>) => {
		const end = Date.now() + 60_000;
		while (!(await check())) {
			if (Date.now() > end) throw new Error(`Still not: ${what}\n${JSON.stringify(await store.tx(async (db) => ({
				i: await db.rows('SELECT status, wake, error, attempts, count(*) FROM instances GROUP BY 1,2,3,4'), c: await db.rows('SELECT * FROM claims'),
				s: await db.rows('SELECT * FROM steps'), cand: await db.rows('SELECT attempts, token, count(*) FROM candidates GROUP BY 1,2'),
			})), null, 1)}\n${n8n.logs().slice(-3000)}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	};

	beforeAll(async () => {
		const { url } = await freshDatabase();
		store = await openStore({ url, schema: 'journey' });
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: url } });
	});
	afterAll(async () => {
		await n8n?.stop();
		await store?.close();
	});

	it('moves 300 people through, by event and by time, and through kill -9', async () => {
		const { id } = await n8n.createWorkflow(journey);
		await n8n.activate(id);
		await until('registered', async () => (await count('SELECT count(*)::int AS n FROM steps')) === 2);
		await send('cart', 0, 300);
		await until('parked', async () => (await count("SELECT count(*)::int AS n FROM journal WHERE kind = 'parked'")) === 300);
		await send('order', 0, 100);
		await until('done', async () => (await count('SELECT count(*)::int AS n FROM finished')) === 300);
		expect(await count("SELECT count(*)::int AS n FROM journal WHERE kind = 'woken' AND reason = 'event'")).toBe(100);

		await send('cart', 300, 600);
		await until('parked', async () => (await count("SELECT count(*)::int AS n FROM journal WHERE kind = 'parked'")) === 600);
		await n8n.kill();
		await send('order', 300, 400);
		await n8n.start();
		await until('done', async () => (await count('SELECT count(*)::int AS n FROM finished')) === 600);
		expect(await count("SELECT count(*)::int AS n FROM journal WHERE kind = 'woken' AND reason = 'event'")).toBe(200);
	});
});
