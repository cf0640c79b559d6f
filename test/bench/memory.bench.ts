import { join } from 'node:path';

import { openStore } from '../../lib/run/openStore';
import { temporaryFolder } from '../support/guard';
import { listenForOrders, publishLongWait, storeOpens } from '../support/longWait';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { memory } from '../support/restingMemory';
import { fillWaiting } from '../support/waiting';
import { figure, printTable } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);

async function start(userFolder: string, env: Record<string, string> = {}): Promise<N8n> {
	const n8n = await N8n.start({ database: 'sqlite', pack: 'link', userFolder, env });
	await publishLongWait(n8n);
	return n8n;
}

describe('memory', () => {
	afterAll(() => printTable('n8n with the embedded store'));

	it('with a million people waiting', async () => {
		const { url } = await freshDatabase();
		const without = await start(temporaryFolder('journey-n8n'), { JOURNEY_STORE_URL: url });
		const idle = await memory(without);
		await without.stop();

		const userFolder = temporaryFolder('journey-n8n');
		const n8n = await start(userFolder);
		await n8n.restart();
		await storeOpens(n8n);
		const [nobody, boot] = [await memory(n8n), n8n.bootedInMs];
		await n8n.stop();
		const store = await openStore({ folder: join(userFolder, '.n8n', 'journey'), schema: 'journey' });
		await listenForOrders(store);
		await fillWaiting(store, 'Wait', PEOPLE);
		await store.close();
		await n8n.start();
		await storeOpens(n8n);
		const full = await memory(n8n);
		await n8n.stop();
		figure({ what: 'n8n boots, with them', measured: `${n8n.bootedInMs} ms`, against: `${boot} ms with nobody` });
		figure({
			what: `n8n’s memory with ${PEOPLE.toLocaleString('en')} waiting, above that of n8n with its store elsewhere`, measured: `${full - idle} MB`,
			goal: '≤ 400 MB', against: `${idle} MB with its store on a Postgres\n${nobody - idle} MB with nobody waiting`,
		});
	}, 40 * 60_000);
});
