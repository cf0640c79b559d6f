import { join } from 'node:path';

import { openStore } from '../../lib/run/openStore';
import { temporaryFolder } from '../support/guard';
import { listenForOrders, longWait, publishLongWait, storeOpens } from '../support/longWait';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { memory } from '../support/restingMemory';
import { fillWaiting } from '../support/waiting';
import { Watch } from '../support/watch';

jest.setTimeout(400_000);

const WAITING = 100_000;

/** n8n starts anew, and the journey listens again: a publication that is cut off in the middle stays so for good. */
async function boot(n8n: N8n, watch: Watch): Promise<void> {
	const since = new Date();
	await n8n.restart();
	await watch.until('the journey listens', async () => (await watch.count(`steps WHERE registered_at > '${since.toISOString()}'`)) === 2);
}

/* In one process: it has in memory what a main and a worker have between them. */
describe(`n8n with ${WAITING.toLocaleString('en')} people waiting`, () => {
	let idle: number;
	let n8n: N8n | undefined;

	afterEach(async () => {
		await n8n?.stop();
		n8n = undefined;
	});

	it('on Postgres takes at most 50 MB more than with one', async () => {
		const { url } = await freshDatabase();
		const watch = new Watch(await openStore({ url, schema: 'journey' }), () => n8n!.logs());
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: url } });
		await n8n.activate((await n8n.createWorkflow(longWait)).id);
		await watch.send('cart', ['first']);
		await watch.until('one waits', async () => (await watch.count("instances WHERE status = 'waiting'")) === 1);
		await boot(n8n, watch);
		idle = await memory(n8n);

		await fillWaiting(watch.store, 'Wait', WAITING);
		await boot(n8n, watch);
		const full = await memory(n8n, idle + 50);
		const asked = Date.now();
		await watch.send('order', ['first', 'u77777']);
		await watch.until('who has ordered is through', async () => (await watch.count('finished')) === 2);
		console.info(`Postgres: one waits: ${idle} MB; ${WAITING} wait: ${full} MB; an order was through in ${Date.now() - asked} ms`);
		expect(await watch.count("instances WHERE status = 'waiting'")).toBe(WAITING - 1);
		expect(full - idle).toBeLessThanOrEqual(50);
		await watch.store.close();
	});

	it('on the embedded store takes at most 350 MB more than without one, whatever the number', async () => {
		const userFolder = temporaryFolder('journey-n8n');
		const folder = join(userFolder, '.n8n', 'journey');
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', userFolder });
		await publishLongWait(n8n);
		const few = await memory(n8n, idle + 350);
		await n8n.stop();
		const store = await openStore({ folder, schema: 'journey' });
		await listenForOrders(store);
		await fillWaiting(store, 'Wait', WAITING);
		await store.close();
		await n8n.start();
		await storeOpens(n8n);
		const full = await memory(n8n, idle + 350);
		console.info(`Embedded: nobody waits: ${few} MB; ${WAITING} wait: ${full} MB; without an embedded store: ${idle} MB`);
		expect(few - idle).toBeLessThanOrEqual(350);
		expect(full - idle).toBeLessThanOrEqual(350);
	});
});
