import { publishedAt, saveCanvas, saveStep, switchOff } from '../../lib/store/steps';
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

	it('is on the canvas that was emitted last: an execution that was emitted before that lags behind, however long it lives, and one that surely came later, or when a node listens again that only its canvas has, says that that is published again', async () => {
		const record = async (hash: string, emitted = it_.clock.now) => await it_.store.tx(async (db) => await saveCanvas(db, { host: 'h', workflowId: 'w', nodeId: 'n1', name: 'n1', kind: 'entry' }, {
			hash, canvas: { nodes: (hash === 'old' ? ['n1', 'n3'] : ['n1']).map((id) => ({ id, name: id, type: 't', parameters: {} })), connections: {} }, drawing: {},
		}, emitted));
		const newest = async () => {
			const { hash, since } = (await it_.store.tx(async (db) => await publishedAt(db, 'h', 'w')))!;
			return { hash, since };
		};
		await register('n1');
		const old = it_.clock.pass(1_000);
		expect(await record('old')).toBe('known');
		const missed = it_.clock.pass(60_000);
		// It began only minutes after it was emitted.
		const since = it_.clock.pass(60_000);
		it_.clock.pass(5 * 60_000);
		expect(await record('new', since)).toHaveProperty('canvas');
		expect(await newest()).toEqual({ hash: 'new', since });
		it_.clock.pass(24 * 60 * 60_000);
		const surely = new Date(+since + 10_000);
		expect([await record('old', old), await record('old', new Date(+surely - 1)), await record('never seen', missed)]).toEqual([1, 2, 3].map(() => ({ lagsUntil: since })));
		expect([await record('new'), await newest()]).toEqual(['known', { hash: 'new', since }]);
		expect(await record('old', surely)).toHaveProperty('canvas');
		expect(await newest()).toEqual({ hash: 'old', since: surely });
		const again = it_.clock.pass(60_000);
		expect(await record('new')).toHaveProperty('canvas');
		it_.clock.pass(1_000);
		// What n8n starts again is on both, but for the third one.
		await register('n1');
		expect(await record('old')).toEqual({ lagsUntil: again });
		await register('n3');
		expect(await record('old', new Date(+it_.clock.now - 1))).toEqual({ lagsUntil: again });
		expect(await record('old')).toHaveProperty('canvas');
	});
});
