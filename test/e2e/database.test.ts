import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

import type { IntakeEntry } from '../../lib/core/types';
import { takeIn } from '../../lib/run/intake';
import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { assign, baseNode, collector, journeyNode, wires } from '../support/canvas';
import { eventState } from '../support/journeys';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { customers, type Watch } from '../support/watch';

jest.setTimeout(300_000);

const journey = {
	name: 'Shop',
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		eventState('Wait', [{ event: 'order', output: 'ordered' }], [1, 'hours']),
		baseNode('After', 'noOp', 1),
	],
	connections: wires('Entry > Set', 'Set > Wait', 'Wait:0 > After', 'Wait:1 > After'),
};

describe.each(ARRANGEMENTS)('a database that comes and goes (%s)', (kind) => {
	let postgres: PostgresServer;
	let on: Arrangement;
	let n8n: Arrangement['n8n'];
	let watch: Watch;
	let id: string;

	/** Everything n8n has said since this moment. */
	const saying = () => {
		const from = n8n.logs().length;
		return () => n8n.logs().slice(from);
	};
	const track = async (user: string, event: string) =>
		await fetch(`${on.webhooks.url}/webhook/journey/v1/track`, {
			method: 'POST', headers: { authorization: `Basic ${Buffer.from('key:').toString('base64')}` }, body: JSON.stringify({ userId: user, event }),
		});

	beforeAll(async () => {
		postgres = await startPostgres();
		await postgres.stop();
		on = await Arrangement.start(kind, { server: postgres.url, away: true });
		({ n8n } = on);
	});
	afterAll(async () => {
		await on?.stop();
		await postgres?.stop();
	});

	it('publishes while it is down, says so once, asks senders to try again, and is there when the database is', async () => {
		const said = saying();
		({ id } = await n8n.createWorkflow(journey));
		await n8n.activate(id);
		const key = await n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: 'key' });
		await n8n.activate((await n8n.createWorkflow(collector(key))).id);
		const answer = await track('u0', 'cart');
		expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
		for (let more = 0; more < 4; more++) expect((await track('u0', 'cart')).status).toBe(503);
		expect((on.webhooks.process?.logs() ?? said()).split('Collector: events could not be stored')).toHaveLength(2);
		await sleep(6_000);
		const { host } = new URL(postgres.url);
		for (const node of ['Entry', 'Wait']) {
			const words = `${node}: Journey Store: ${host}/postgres cannot be reached (connect ECONNREFUSED`;
			expect(said().split(words)).toHaveLength(2);
		}
		expect(said()).toContain('Check that the server runs and that the Journey Store credential, or JOURNEY_STORE_URL, is right');

		await postgres.start();
		await on.look();
		({ watch } = on);
		await watch.until('registered', async () => (await watch.count('steps')) === 2, 30);
		expect((await track('u0', 'cart')).status).toBe(200);
		await watch.send('cart', customers(1, 100));
		await watch.until('they wait', async () => (await watch.count("instances WHERE status = 'waiting'")) === 100);
	});

	it('loses nothing that was acknowledged when the database dies in the middle', async () => {
		/** As a client does it: the same batch again until it is acknowledged. */
		const insist = async (event: string, users: string[]) => {
			const batch = users.map((user, index): IntakeEntry => ({
				index, identities: [{ kind: 'user_id', value: user }], event: { name: event, properties: {} }, occurredAt: new Date(), messageId: `${event} ${user}`,
			}));
			for (let tries = 1; ; tries++) {
				try {
					return await takeIn(watch.store, 'test', batch);
				} catch (error) {
					if (tries === 100) throw error;
					await sleep(200);
				}
			}
		};
		let arrived = false;
		const arriving = (async () => {
			for (let at = 100; at < 1_100; at += 20) {
				await insist('cart', customers(at, at + 20));
				await insist('order', customers(at - 100, at - 80));
			}
			arrived = true;
		})();
		let crashes = 0;
		for (; !arrived && crashes < 4; crashes++) {
			await sleep(700);
			await postgres.stopNow();
			await sleep(300);
			await postgres.start();
		}
		await arriving;
		await insist('order', customers(1_000, 1_100));
		expect(crashes).toBeGreaterThan(1);
		await watch.until('all are through', async () => (await watch.count('finished')) >= 1_100, 150);
		expect(await watch.tally('reason', 'finished')).toEqual({ completed: 1_100 });
		expect(await watch.count("journal WHERE kind = 'entered'")).toBe(1_100);
		expect(await watch.count("journal WHERE kind = 'parked'")).toBe(1_100);
		expect(await watch.tally('reason', "journal WHERE kind = 'woken' AND detail->>'attempt' IS NULL")).toEqual({ event: expect.any(Number) });
		expect([await watch.count('instances'), await watch.count('candidates'), await watch.count('claims')]).toEqual([0, 0, 0]);
		expect(() => n8n.pid).not.toThrow();
	});

	it('refuses a store that a newer version of the pack has made, and touches nothing in it', async () => {
		await watch.send('cart', customers(2_000, 2_010));
		await watch.until('they wait', async () => (await watch.count("instances WHERE status = 'waiting'")) === 10);
		await watch.rows("INSERT INTO migrations VALUES (999, 'from_the_future', now())");
		const said = saying();
		await n8n.restart();
		await watch.until('n8n says so', async () => said().includes('Entry: Journey Store: schema "journey" has version 999, made by a newer n8n-nodes-journey; this one knows'));
		expect(said()).toContain('Update the package in this n8n, or name another schema.');
		// A process that was there before is overtaken, and refused as well.
		await expect(watch.send('order', customers(2_000, 2_010))).rejects.toThrow('has been migrated to version 999 by another process');
		await sleep(1_500);
		expect((await track('u2000', 'cart')).status).toBe(503);

		const client = new Client({ connectionString: postgres.url });
		await client.connect();
		const { rows } = await client.query('SELECT count(*)::int AS n FROM journey.instances');
		expect(rows).toEqual([{ n: 10 }]);
		await client.query('DELETE FROM journey.migrations WHERE version = 999');
		await client.end();
		await watch.send('order', customers(2_000, 2_010));
		await watch.until('they go on', async () => (await watch.count('finished')) === 1_110, 30);
	});
});
