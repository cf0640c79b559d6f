import { setTimeout as sleep } from 'node:timers/promises';

import { baseNode, collector, journeyNode, wires } from './canvas';
import { eventState } from './journeys';
import type { N8n } from './n8n';
import { ask } from './world';
import type { Store } from '../../lib/store/types';

/** Who has a cart waits thirty days for an order. */
export const longWait = {
	name: 'Long wait',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), eventState('Wait', [{ event: 'order', output: 'ordered' }], [30, 'days']), baseNode('End', 'noOp', 1)],
	connections: wires('Entry > Wait', 'Wait:0 > End', 'Wait:1 > End'),
};

/** Publishes the journey and a collector. Resolves when the store is open. */
export async function publishLongWait(n8n: N8n): Promise<void> {
	await n8n.activate((await n8n.createWorkflow(longWait)).id);
	await n8n.activate((await n8n.createWorkflow(collector(await n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: 'key' })))).id);
	await storeOpens(n8n);
}

/** Resolves when n8n's store is open and takes events in. */
export async function storeOpens(n8n: N8n): Promise<void> {
	const body = JSON.stringify({ userId: 'somebody', event: 'Looked Around', writeKey: 'key' });
	while (!(await fetch(`${n8n.url}/webhook/journey/v1/track`, { method: 'POST', body })).ok) await sleep(500);
}

/** What the State listens to, where nobody has come to it yet: until then the store does not know. */
export async function listenForOrders(store: Store): Promise<void> {
	await ask(store, `WITH made AS (INSERT INTO condition_sets (hash) VALUES ('order') RETURNING id)
		INSERT INTO conditions (set_id, ordinal, output, event, effect) SELECT id, 1, '1:ordered', 'order', 'wake' FROM made`);
}
