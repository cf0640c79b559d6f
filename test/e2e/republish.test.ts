import { setTimeout as sleep } from 'node:timers/promises';

import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { eventState } from '../support/journeys';
import type { N8n } from '../support/n8n';
import { customers, type Watch } from '../support/watch';

jest.setTimeout(300_000);

/** Every version changes each of its nodes, so that n8n closes and opens all triggers. */
const journey = (version: number) => ({
	name: 'Shop',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', values: { value: [{ name: `total_${version}`, path: 'total' }] } }),
		baseNode('Set', 'set', 3.4, assign({ version: String(version) })),
		eventState('Wait', [{ event: 'order', output: 'ordered' }], [100 + version, 'minutes']),
		baseNode('After', 'noOp', 1),
		journeyNode('Goal', 'journeyConversionGoal', { event: 'thanks', exit: false, options: { currency: `currency_${version}` } }),
	],
	connections: wires('Entry > Set', 'Set > Wait', 'Wait:0 > After', 'Wait:1 > After'),
});

describe.each(ARRANGEMENTS)('a journey that is changed while people wait in it and more arrive (%s)', (kind) => {
	let on: Arrangement;
	let n8n: N8n;
	let watch: Watch;
	let id: string;

	const entered = async () => await watch.count("journal WHERE kind = 'entered'");
	const listening = async () => (await watch.tally('state', 'steps')).on ?? 0;

	beforeAll(async () => {
		on = await Arrangement.start(kind);
		({ n8n, watch } = on);
		id = await on.publish(journey(0));
		await watch.send('cart', customers(0, 500));
		await watch.until('500 wait', async () => (await watch.count("journal WHERE kind = 'parked'")) === 500);
	});
	afterAll(async () => {
		await on?.stop();
	});

	it('lets each of 1,000 in exactly once, over ten republishes, a restart and a short unpublish', async () => {
		/** 100 enter, in batches, while n8n is busy with something else; some order at once, before they can be parked. */
		const arriving = async (from: number) => {
			for (let at = from; at < from + 100; at += 10) {
				await watch.send('cart', customers(at, at + 10));
				await watch.send('order', customers(at, at + 2));
				await sleep(50);
			}
		};
		for (let version = 1; version <= 10; version++) {
			const changing = async () => {
				await n8n.publish(id, journey(version));
				if (version === 4) await n8n.restart();
				if (version !== 7) return;
				await n8n.deactivate(id);
				await sleep(500);
				await n8n.activate(id);
			};
			await Promise.all([changing(), arriving(400 + 100 * version)]);
		}
		await watch.until('everybody is in', async () => (await entered()) >= 1_500);
		expect(await watch.count('candidates')).toBe(0);
		await watch.send('order', customers(0, 1_500));
		await watch.until('all are through', async () => (await watch.count('finished')) >= 1_500);

		expect(await entered()).toBe(1_500);
		expect(await watch.count("(SELECT DISTINCT profile_id FROM journal WHERE kind = 'entered') p")).toBe(1_500);
		expect(await watch.count("journal WHERE kind = 'parked'")).toBe(1_500);
		expect(await watch.tally('reason', "journal WHERE kind = 'woken'")).toEqual({ event: 1_500 });
		expect(await watch.tally('reason', 'finished')).toEqual({ completed: 1_500 });
		expect([await watch.count('instances'), await watch.count('claims'), await watch.count('refusals')]).toEqual([0, 0, 0]);
	});

	it('catches up on what happened while it was unpublished for longer', async () => {
		await watch.send('cart', customers(2_000, 2_100));
		await watch.until('100 wait', async () => (await watch.count('instances')) === 100);
		await n8n.deactivate(id);
		await watch.send('order', customers(2_000, 2_010));
		await watch.until('n8n has taken it off', async () => (await listening()) === 0, 60);
		await watch.send('cart', customers(2_100, 2_200));
		await watch.send('thanks', customers(2_050, 2_060), { currency_10: 'EUR' });
		await watch.send('order', customers(2_010, 2_020));
		await sleep(1_000);
		expect([await entered(), await watch.count('conversions'), await watch.count('instances')]).toEqual([1_600, 0, 100]);

		await n8n.activate(id);
		await watch.until('the late ones are in', async () => (await entered()) === 1_700);
		await watch.until('who ordered is through', async () => (await watch.count('finished')) === 1_520);
		await watch.until('conversions are counted', async () => (await watch.count('conversions')) === 10);
		expect(await watch.count('instances')).toBe(180);
		expect(await watch.tally('currency', 'conversions')).toEqual({ EUR: 10 });
	});
});
