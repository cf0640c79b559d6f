import { Engine } from '../../lib/run/engine';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask } from '../support/world';

const MINUTE_MS = 60_000;
const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC' };

describe.each(STORES)('several mains on %s', (kind) => {
	let it_: TestStore;
	const mains: Engine[] = [];
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => {
		for (const { registry, leases } of mains) {
			registry.stop();
			leases.stop();
		}
		await it_?.drop();
	});

	function main(): Engine {
		const log = { info: () => undefined, warn: () => undefined, error: (message: string) => expect(message).toBe('') };
		mains.push(new Engine(it_.store, log, false));
		return mains.at(-1)!;
	}
	/** Starts the trigger of a node, in the workflow that is called as the journey. @returns takes it off */
	async function start(on: Engine, nodeId: string, workflowId = 'shop'): Promise<() => Promise<void>> {
		const before = on.dispatcher.listening().steps.length;
		const isEntry = nodeId === 'entry';
		const stop = on.registry.register({
			place: { host: 'installation', workflowId, nodeId, name: `${workflowId} ${nodeId}`, kind: isEntry ? 'entry' : 'state' },
			...(isEntry && { journey: { key: workflowId, name: workflowId, rules } }), limit: 1, emit: async () => undefined, since: new Date(),
		});
		while (on.dispatcher.listening().steps.length === before) await ask(it_.store, 'SELECT 1');
		return stop;
	}
	const off = async () => (await ask<{ name: string }>(it_.store, "SELECT name FROM steps WHERE state = 'off' ORDER BY name")).map(({ name }) => name);
	const sweep = async (...engines: Engine[]) => {
		for (const { registry } of engines) await registry.beat();
		for (const { janitor } of engines) await janitor.sweep();
		return await off();
	};

	it('leave each other’s steps alone, and the one that runs workflows now says what did not come back', async () => {
		const [first, second, beside] = [main(), main(), main()];
		const stops = [await start(first, 'entry'), await start(first, 'wait'), await start(first, 'other')];
		it_.clock.pass(MINUTE_MS);
		// Another store of the same place, with settings of its own, runs another workflow.
		await start(beside, 'entry', 'beside');
		it_.clock.pass(60 * MINUTE_MS);
		expect(await sweep(first, beside)).toEqual([]);

		// The first leads no more and does not know it at once; what the second starts is nothing that it could miss.
		await start(second, 'entry');
		await start(second, 'wait');
		it_.clock.pass(5 * MINUTE_MS);
		await start(second, 'new');
		it_.clock.pass(4 * MINUTE_MS);
		expect(await sweep(first, beside, second)).toEqual([]);
		for (const stop of stops) await stop();
		it_.clock.pass(MINUTE_MS);
		expect(await sweep(first, beside)).toEqual([]);
		expect(await sweep(second)).toEqual(['shop other']);

		// It leads again, and begins anew: it is not for it to judge yet.
		await start(first, 'entry');
		it_.clock.pass(9 * MINUTE_MS);
		expect(await sweep(first, beside)).toEqual(['shop other']);
		it_.clock.pass(MINUTE_MS);
		// What it ran itself a moment ago is for its own timer.
		expect(await sweep(first, beside)).toEqual(['shop new', 'shop other']);
	});
});
