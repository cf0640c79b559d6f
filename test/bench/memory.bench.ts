import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { openStore } from '../../lib/run/openStore';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { temporaryFolder } from '../support/guard';
import { eventState } from '../support/journeys';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { memory } from '../support/restingMemory';
import { ask } from '../support/world';
import { fillWaiting } from '../support/waiting';
import { figure, printTable } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000_000);

const journey = {
	name: 'Long wait',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), eventState('Wait', [{ event: 'order', output: 'ordered' }], [30, 'days']), baseNode('End', 'noOp', 1)],
	connections: wires('Entry > Wait', 'Wait:0 > End', 'Wait:1 > End'),
};

const collector = (writeKey: string) => ({
	name: 'Collector',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [journeyNode('Collector', 'journeyEventCollectorTrigger', { path: 'journey' }, { webhookId: 'collector', credentials: { journeyWriteKey: { id: writeKey, name: 'Shop' } } })],
	connections: {},
});

/** n8n with the journey and the collector; resolves when its store is open and takes events in. */
async function start(userFolder: string, env: Record<string, string> = {}): Promise<N8n> {
	const n8n = await N8n.start({ database: 'sqlite', pack: 'link', userFolder, env });
	await n8n.activate((await n8n.createWorkflow(journey)).id);
	await n8n.activate((await n8n.createWorkflow(collector(await n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: 'key' })))).id);
	await open(n8n);
	return n8n;
}

async function open(n8n: N8n): Promise<void> {
	const body = JSON.stringify({ userId: 'somebody', event: 'Looked Around', writeKey: 'key' });
	while (!(await fetch(`${n8n.url}/webhook/journey/v1/track`, { method: 'POST', body })).ok) await sleep(500);
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
		await open(n8n);
		const [nobody, boot] = [await memory(n8n), n8n.bootedInMs];
		await n8n.stop();
		const store = await openStore({ folder: join(userFolder, '.n8n', 'journey'), schema: 'journey' });
		// Nobody has come to the State yet, so what it listens to is not known.
		await ask(store, `WITH made AS (INSERT INTO condition_sets (hash) VALUES ('bench') RETURNING id)
			INSERT INTO conditions (set_id, ordinal, output, event, effect) SELECT id, 1, '1:ordered', 'order', 'wake' FROM made`);
		await fillWaiting(store, 'Wait', PEOPLE);
		await store.close();
		await n8n.start();
		await open(n8n);
		const full = await memory(n8n);
		await n8n.stop();
		figure({ what: 'n8n boots, with them', measured: `${n8n.bootedInMs} ms`, against: `${boot} ms with nobody` });
		figure({
			what: `n8n’s memory with ${PEOPLE.toLocaleString('en')} waiting, above that of n8n with its store elsewhere`, measured: `${full - idle} MB`,
			goal: '≤ 400 MB', against: `${idle} MB with its store on a Postgres\n${nobody - idle} MB above that with nobody waiting`,
		});
	}, 40 * 60_000);
});
