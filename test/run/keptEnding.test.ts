import { backoffMs } from '../../lib/core/backoff';
import type { Ending } from '../../lib/run/executions';
import { claimDeliveries } from '../../lib/store/deliveries';
import type { Store } from '../../lib/store/types';
import { intercepted } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, idleEngine, makeRunning, makeWorld, type World } from '../support/world';

const WISH = { channel: 'email', class: 'marketing', againIfUnknown: false } as const;

describe.each(STORES)('how an execution ended, on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let rounds = 0;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		world = await makeWorld(it_.store);
	}, 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(() => {
		rounds++;
		// The next try of an acknowledgement comes at once.
		const wait = setTimeout;
		jest.spyOn(global, 'setTimeout').mockImplementation(((work: () => void, ms?: number) => wait(work, ms === backoffMs(0) ? 0 : ms)) as typeof setTimeout);
	});
	afterEach(() => jest.restoreAllMocks());

	/** An execution that sent to so many people and ends. @returns what is kept of each message, and the statements of the acknowledgement */
	async function ends(count: number, ending: (ids: number[]) => Ending, store: Store = it_.store) {
		const [batch] = await makeRunning(it_.store, world, Array.from({ length: count }, (_, at) => `customer-${rounds}-${at}`), count, null);
		const claim = { token: batch!.token, execution: 'e1' };
		const said: string[] = [];
		const engine = idleEngine(intercepted(store, () => async (sql, _params, pass) => (said.push(sql), await pass())));
		await engine.executions.start(claim);
		const deliveries = await it_.store.tx(async (db) => await claimDeliveries(db, claim, world.action, WISH, batch!.people.map(({ id }) => id)));
		said.length = 0;
		await engine.executions.acknowledge(claim, ending(deliveries.map(({ id }) => id)));
		const kept = await ask<{ status: string; error: string | null; provider_id: string | null }>(it_.store,
			'SELECT status, error, provider_id FROM deliveries WHERE id = ANY($1::bigint[]) ORDER BY id', [deliveries.map(({ id }) => id)]);
		return { kept, said };
	}

	it('is told in whatever words there are: a provider\'s id that cannot be stored costs no outcome', async () => {
		const { kept } = await ends(4, (ids) => ({
			settlements: ['a\0b', '\uD800', 'x'.repeat(256), Array.from({ length: 9_000 }, (_, at) => String.fromCharCode(0x4e00 + (at * 7919) % 20_000)).join('')]
				.map((provider_id, at) => ({ id: ids[at]!, outcome: 'sent', provider_id })),
		}));
		expect(kept.map((one) => [one.status, one.provider_id])).toEqual([['sent', 'a\uFFFDb'], ['sent', '\uFFFD'], ['sent', null], ['sent', null]]);
	});

	it('is kept without words when those are what fails', async () => {
		const odd = { code: 'ETIMEDOUT' } as unknown as string;
		const { kept, said } = await ends(2, (ids) => ({ error: odd, settlements: [{ id: ids[0]!, outcome: 'failed', error: odd }, { id: ids[1]!, outcome: 'sent', provider_id: 'p1' }] }));
		const wordless = 'what it said is not kept, since storing it has failed';
		expect(kept).toEqual([{ status: 'failed', error: wordless, provider_id: null }, { status: 'sent', error: null, provider_id: 'p1' }]);
		expect(await ask(it_.store, 'SELECT DISTINCT error FROM instances WHERE error = $1', [wordless])).toHaveLength(1);
		expect(said.filter((sql) => /FROM identities/.test(sql))).toEqual([]);
		await ask(it_.store, 'UPDATE instances SET error = NULL');
	});

	it('is kept in its own words when the store was away before it came to them', async () => {
		let away = true;
		const store: Store = { ...it_.store, tx: async (work) => await it_.store.tx(async (db) => {
			const rows: typeof db.rows = async (sql, params) => {
				if (!away || !/advisory_xact_lock/.test(sql)) return await db.rows(sql, params);
				away = false;
				throw new Error('the store is away');
			};
			return await work({ now: db.now, rows });
		}) };
		const { kept } = await ends(2, (ids) => ({ settlements: ids.map((id) => ({ id, outcome: 'failed', error: '550' })) }), store);
		expect(away).toBe(false);
		expect(kept.map(({ error }) => error)).toEqual(['550', '550']);
	});

	it('asks once for the names, and without them for what was said of one person alone', async () => {
		const asked = (said: string[]) => said.filter((sql) => /FROM identities/.test(sql)).length;
		const each = await ends(3, (ids) => ({ settlements: ids.map((id, at) => ({ id, outcome: 'failed', error: `customer-${rounds}-${at}: 550` })) }));
		expect([asked(each.said), each.kept.map(({ error }) => error)]).toEqual([0, [0, 1, 2].map((at) => `customer-${rounds}-${at}: 550`)]);
		rounds++;
		const same = await ends(1_000, (ids) => ({ settlements: ids.map((id) => ({ id, outcome: 'failed', error: `to customer-${rounds}-0: ${'x'.repeat(200_000)}` })) }));
		expect(asked(same.said)).toBe(1);
		expect(new Set(same.kept.map(({ error }) => error))).toEqual(new Set([`to (a customer): ${'x'.repeat(1_982)}…`]));
		rounds++;
		const one = await ends(1, () => ({ error: `no customer-${rounds}-0`, settlements: [] }));
		expect([asked(one.said), await ask(it_.store, 'SELECT FROM instances WHERE error = $1', [`no customer-${rounds}-0`])]).toEqual([0, [{}]]);
	});
});
