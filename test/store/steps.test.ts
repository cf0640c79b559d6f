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

	it('is on the canvas that was published last: an older one counts as that again once no execution can lag so far behind, or a node listens again that only it has', async () => {
		const canvases = { old: ['n1', 'n3'], new: ['n1'] };
		const record = async (hash: keyof typeof canvases) => await it_.store.tx(async (db) => await saveCanvas(db, { host: 'h', workflowId: 'w', nodeId: 'n1', name: 'n1', kind: 'entry' }, {
			hash, canvas: { nodes: canvases[hash].map((id) => ({ id, name: id, type: 't', parameters: {} }) as never), connections: {} }, drawing: {} as never,
		}));
		const newest = async () => {
			const { hash, since } = (await it_.store.tx(async (db) => await publishedAt(db, 'h', 'w')))!;
			return { hash, since };
		};
		for (const node of canvases.old) await register(node);
		await record('old');
		it_.clock.pass(60 * 60_000);
		expect(await record('new')).toHaveProperty('canvas');
		const since = it_.clock.now;
		for (const minutes of [1, 13]) {
			it_.clock.pass(minutes * 60_000);
			// What n8n starts again is on both.
			await register('n1');
			expect(await record('old')).toBe('lagging');
			expect(await record('new')).toBe('known');
			expect(await newest()).toEqual({ hash: 'new', since });
		}
		it_.clock.pass(60_000);
		expect(await record('old')).toHaveProperty('canvas');
		expect(await newest()).toEqual({ hash: 'old', since: it_.clock.now });
		it_.clock.pass(60 * 60_000);
		await record('new');
		it_.clock.pass(60_000);
		expect(await record('old')).toBe('lagging');
		await register('n3');
		expect(await record('old')).toHaveProperty('canvas');
		expect(await newest()).toEqual({ hash: 'old', since: it_.clock.now });
	});
});
