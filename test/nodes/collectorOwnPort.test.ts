import type { ITriggerFunctions } from 'n8n-workflow';

import type { Engine } from '../../lib/run/engine';
import { listen } from '../../nodes/JourneyEventCollectorTrigger/ownPort';
import { journeyEngine } from '../../nodes/shared/engine';
import { freePort } from '../support/ports';
import { freshDatabase } from '../support/postgres';
import { ask } from '../support/world';

const LOOK_AGAIN_MS = 10_000;
const UNREADABLE = 'the credential cannot be read just now';

describe('the collector’s own port, while its credentials change', () => {
	let database: Awaited<ReturnType<typeof freshDatabase>>;
	let store: Record<string, unknown>;
	let keys: Record<string, unknown>;
	let readable: boolean;
	let port: number;
	let look: () => void;
	let close: (() => Promise<void>) | undefined;
	let warned: string[];
	const engines = new Set<Engine>();
	const context = {
		getNode: () => ({ name: 'Collector', credentials: { journeyStore: { id: 'credential', name: 'Store' } } }),
		getMode: () => 'trigger', getActivationMode: () => 'activate',
		getNodeParameter: (name: string, otherwise: unknown) => ({ ownPort: true, address: '127.0.0.1', port, path: 'journey' })[name] ?? otherwise,
		getCredentials: async (type: string) => {
			if (type === 'journeyWriteKey') return { ...keys };
			if (!readable) throw new Error(UNREADABLE);
			return { ...store };
		},
		logger: { info: () => undefined, warn: (message: string) => void warned.push(message), error: () => undefined },
	} as unknown as ITriggerFunctions;

	beforeAll(async () => {
		database = await freshDatabase();
	}, 60_000);
	afterAll(async () => {
		for (const engine of engines) await engine.close();
		await database?.drop();
	});
	beforeEach(async () => {
		const url = new URL(database.url);
		store = {
			host: url.hostname, port: Number(url.port), database: decodeURIComponent(url.pathname.slice(1)), user: decodeURIComponent(url.username), password: decodeURIComponent(url.password),
			schema: 'first', ssl: 'disable',
		};
		[keys, readable, warned, port] = [{ writeKey: 'key-one' }, true, [], await freePort()];
		const timers = jest.spyOn(globalThis, 'setInterval');
		close = (await listen(context)).closeFunction;
		look = timers.mock.calls.find(([, ms]) => ms === LOOK_AGAIN_MS)![0];
		timers.mockRestore();
		expect(await send('first of all')).toBe(200);
	});
	afterEach(async () => await close?.());

	const send = async (event: string, key = 'key-one') => (await fetch(`http://127.0.0.1:${port}/v1/track`, { method: 'POST', body: JSON.stringify({ writeKey: key, userId: 'customer-1', event }) })).status;
	const has = async (event: string) => {
		const engine = await journeyEngine(context);
		engines.add(engine);
		return (await ask(engine.store, `SELECT 1 FROM events WHERE name = '${event}'`)).length > 0;
	};
	const until = async (check: () => Promise<boolean>) => {
		while (!(await check())) await new Promise((resolve) => setImmediate(resolve));
	};

	it('stores on where it did while the store’s credential cannot be read, and takes new keys', async () => {
		readable = false;
		keys = { writeKey: 'key-two' };
		look();
		await until(async () => warned.length > 0);
		expect(warned).toEqual([`Collector: its credentials could not be read again: ${UNREADABLE}`]);
		expect([await send('unreadable', 'key-two'), await send('old key')]).toEqual([200, 401]);
		readable = true;
		expect(await has('unreadable')).toBe(true);
	});

	it('goes to the other store when the credential leads there, and stores nothing at the old one when that is not to be had', async () => {
		const first = { ...store };
		store = { ...first, schema: 'second' };
		look();
		await until(async () => (await send('moved')) === 200 && (await has('moved')));

		store = { ...first, port: await freePort() };
		look();
		await until(async () => (await send('nowhere')) === 503);
		expect(await send('still nowhere')).toBe(503);
		store = first;
		expect(await send('back')).toBe(200);
		expect([await has('back'), await has('still nowhere')]).toEqual([true, false]);
	});
});
