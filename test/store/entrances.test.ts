import { takeIn } from '../../lib/run/intake';
import { claimCandidates } from '../../lib/store/claim';
import { saveConditions } from '../../lib/store/conditions';
import { bringCandidates } from '../../lib/store/entrances';
import { saveJourney, saveListener, saveStep } from '../../lib/store/steps';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, makeWorld, wakesBy } from '../support/world';

describe.each(STORES)('who is about to enter by a step that another took the place of, on %s', (kind) => {
	let it_: TestStore;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	it('is brought to the other one, some at a time, and who is claimed as soon as they are given back', async () => {
		const world = await makeWorld(it_.store, 'shop');
		const beside = await makeWorld(it_.store, 'beside');
		await takeIn(it_.store, 'test', [1, 2, 3, 4].map((n, index) => eventOf(`customer-${n}`, 'Enter', it_.clock.now, { index })));
		const { token } = (await it_.store.tx(async (db) => await claimCandidates(db, world.entry, 0, 1, db.now)))!;
		const next = await it_.store.tx(async (db) => {
			const step = await saveStep(db, { host: 'host', workflowId: 'next', nodeId: 'entry', name: 'Next', kind: 'entry' });
			await saveJourney(db, step.workflow, { key: 'shop', name: 'Next', zone: 'UTC', correlation: null });
			await saveListener(db, step.id, await saveConditions(db, [wakesBy('Enter')], null), {});
			return step.id;
		});
		const bring = async () => await it_.store.tx(async (db) => await bringCandidates(db, 2));
		expect([await bring(), await bring(), await bring()]).toEqual([2, 1, 0]);
		await ask(it_.store, 'UPDATE candidates SET token = NULL WHERE token = $1', [token]);
		expect([await bring(), await bring()]).toEqual([1, 0]);
		const at = await ask<{ step_id: number; n: number }>(it_.store, 'SELECT step_id, count(*)::int AS n FROM candidates GROUP BY 1 ORDER BY 1');
		expect(at).toEqual([{ step_id: beside.entry, n: 4 }, { step_id: next, n: 4 }]);
	});
});
