import { saveStep, switchOff } from '../../lib/store/steps';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask } from '../support/world';

describe.each(STORES)('a step on %s', (kind) => {
	let it_: TestStore;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	const register = async (nodeId: string) => (await it_.store.tx(async (db) => await saveStep(db, { host: 'h', workflowId: 'w', nodeId, name: nodeId, kind: 'entry' })));
	const leave = async (id: number, since: Date) => await it_.store.tx(async (db) => await switchOff(db, [id], since));
	const stateOf = async (id: number) => (await ask<object>(it_.store, 'SELECT state, off_since FROM steps WHERE id = $1', [id]))[0];

	it('whose node left and did not come back is off since it left, and on again when it comes back', async () => {
		const { id, off_since } = await register('n1');
		expect(off_since).toBeNull();
		const left = it_.clock.pass(1_000);
		it_.clock.pass(30_000);
		await leave(id, left);
		expect(await stateOf(id)).toEqual({ state: 'off', off_since: left });
		expect(await register('n1')).toMatchObject({ id, off_since: left });
		expect(await stateOf(id)).toEqual({ state: 'on', off_since: null });
	});

	it('that another process took over stays on when the first one says that it left', async () => {
		const { id } = await register('n2');
		const left = it_.clock.pass(1_000);
		it_.clock.pass(1_000);
		await register('n2');
		it_.clock.pass(29_000);
		await leave(id, left);
		expect(await stateOf(id)).toEqual({ state: 'on', off_since: null });
	});
});
