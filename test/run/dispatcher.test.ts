import { Dispatcher } from '../../lib/run/dispatcher';
import type { Batch } from '../../lib/run/flight';
import { LEASE_MS, Leases } from '../../lib/run/leases';
import { startClaim } from '../../lib/store/claim';
import { returnClaim } from '../../lib/store/giveBack';
import { intercepted } from '../support/intercept';
import { freshStore, type TestStore } from '../support/stores';
import { ask, makeRunning, makeWorld } from '../support/world';

jest.setTimeout(60_000);

describe('a batch that n8n does not start', () => {
	let it_: TestStore;
	beforeAll(async () => void (it_ = await freshStore('embedded')));
	afterAll(async () => await it_?.drop());
	afterEach(() => jest.restoreAllMocks());

	let nights = 0;

	type Night = Awaited<ReturnType<typeof night>>;

	/** A night in moments: each lease is over at once. @returns at which lease a copy was emitted, and what ends the night */
	async function night() {
		const wait = setTimeout;
		jest.spyOn(global, 'setTimeout').mockImplementation(((work: () => void, ms?: number) => wait(work, ms === LEASE_MS ? 0 : ms)) as typeof setTimeout);
		const world = await makeWorld(it_.store, `night-${++nights}`);
		const [held] = await makeRunning(it_.store, world, [`customer-1-of-${nights}`, `customer-2-of-${nights}`], 2);
		await it_.store.tx(async (db) => await returnClaim(db, held!.token, 'refused', it_.clock.now, 4, null));
		let leases = 0;
		const seen: Array<{ leases: number; then: () => void }> = [];
		const store = intercepted(it_.store, () => async (sql, _params, pass) => {
			if (sql.startsWith('SELECT execution FROM claims')) {
				leases++;
				for (const { then } of seen.filter((one) => one.leases === leases)) then();
			}
			return await pass();
		});
		const copies: Array<{ at: number; batch: Batch }> = [];
		const dispatcher = new Dispatcher(store, new Leases(it_.store), (error) => { throw error; });
		const subscription = { step: world.entry, entry: false, limit: 5_000, emit: async (batch: Batch) => {
			copies.push({ at: leases, batch });
			await new Promise(() => undefined);
		} };
		dispatcher.subscribe(subscription);
		await dispatcher.tick();
		const after = async (count: number) => await new Promise<void>((then) => seen.push({ leases: count, then }));
		return { dispatcher, subscription, copies, after, over: async () => await dispatcher.idle(), token: copies[0]!.batch.token, world };
	}

	it('is emitted again more and more rarely, at last once an hour', async () => {
		const { copies, after, over, token, world } = await night();
		await after(8 * 60);
		await ask(it_.store, 'DELETE FROM claims WHERE token = $1', [token]);
		await over();
		expect(copies.map(({ at }) => at)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, 423]);
		expect(new Set(copies.map(({ batch }) => batch.token))).toEqual(new Set([token]));
		await ask(it_.store, 'DELETE FROM instances WHERE journey_id = $1', [world.journey]);
	});

	it('is not emitted again once a copy has started', async () => {
		const { copies, after, over, token, world } = await night();
		await after(5);
		await it_.store.tx(async (db) => await startClaim(db, token, 'e1', new Date(+db.now + LEASE_MS)));
		await after(30);
		await ask(it_.store, 'DELETE FROM claims WHERE token = $1', [token]);
		await over();
		expect(copies.map(({ at }) => at)).toEqual([0, 1, 3]);
		await ask(it_.store, 'DELETE FROM instances WHERE journey_id = $1', [world.journey]);
	});

	it.each([
		['its step has left', ({ dispatcher, subscription }: Night) => dispatcher.unsubscribe(subscription)],
		['its step was published anew', ({ dispatcher, subscription }: Night) => dispatcher.subscribe({ ...subscription })],
		['nothing is moved from here any more', ({ dispatcher }: Night) => void dispatcher.stop()],
	])('is given back when %s: its copies move nobody', async (_, rest) => {
		const one = await night();
		const { after, over, copies, token, world } = one;
		await after(1);
		rest(one);
		const emitted = copies.length;
		await Promise.race([over(), after(20)]);
		const people = await ask(it_.store, 'SELECT status, token, attempts FROM instances WHERE journey_id = $1', [world.journey]);
		expect(people).toEqual([1, 2].map(() => ({ status: 'waiting', token: null, attempts: 0 })));
		expect(await it_.store.tx(async (db) => await startClaim(db, token, 'late', new Date(+db.now + LEASE_MS)))).toBe(false);
		expect(copies).toHaveLength(emitted);
		await ask(it_.store, 'DELETE FROM instances WHERE journey_id = $1', [world.journey]);
	});
});
