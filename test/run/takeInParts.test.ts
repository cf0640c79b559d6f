import type { IntakeEntry } from '../../lib/core/types';
import { takeInParts, type Part } from '../../lib/run/takeInParts';
import { StoreError, type Store } from '../../lib/store/types';
import { intercepted } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf } from '../support/world';

describe.each(STORES)('several parts at once on %s', (kind) => {
	let test: TestStore;
	beforeAll(async () => {
		test = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await test?.drop());
	beforeEach(async () => {
		await ask(test.store, 'TRUNCATE rejected, events, seen, profiles, identities RESTART IDENTITY CASCADE');
	});

	let count = 0;
	const good = (user: string): IntakeEntry => eventOf(user, 'Seen', test.clock.now, { messageId: `m${++count}` });
	/** Postgres cannot keep this character in jsonb; doors refuse it before. */
	const poison = (user: string): IntakeEntry => eventOf(user, 'Seen', test.clock.now, { messageId: `m${++count}`, properties: { text: 'a\0' } });
	const part = (...entries: IntakeEntry[]): Part => ({ entries: entries.map((entry, index) => ({ ...entry, index })), refused: [], keptOf: ({ index }) => ({ body: `body ${index}` }) });
	const take = async (parts: Part[], store: Store = test.store) => {
		const taken: number[] = [];
		return { outcomes: await takeInParts(store, 'test', parts, ({ events }) => taken.push(events)), taken };
	};
	const users = async () => (await ask<{ value: string }>(test.store, 'SELECT i.value FROM events e JOIN identities i USING (profile_id) ORDER BY 1')).map(({ value }) => value);
	const rejected = async () => await ask(test.store, 'SELECT source, position, reason, body FROM rejected ORDER BY id');
	const STORED = { stored: true, refused: [] };

	it('are one transaction, in the order in which they came', async () => {
		const { outcomes, taken } = await take([part(good('a'), good('b')), { ...part(good('c')), refused: [{ position: 1, reason: 'no', body: 'x' }] }]);
		expect([outcomes, taken]).toEqual([[STORED, STORED], [3]]);
		expect(await ask(test.store, 'SELECT value FROM events JOIN identities USING (profile_id) ORDER BY events.id')).toEqual(['a', 'b', 'c'].map((value) => ({ value })));
		expect(await rejected()).toEqual([{ source: 'test', position: 1, reason: 'no', body: 'x' }]);
	});

	it('are all stored but what the store refuses, which is kept with its reason and its place in its own part', async () => {
		const { outcomes, taken } = await take([part(good('a')), part(good('b'), good('c'), poison('bad'), good('d'), good('e')), part(good('f'))]);
		expect(await users()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
		const refusal = { position: 2, reason: expect.stringContaining('cannot be stored: '), body: 'body 2' };
		expect(outcomes).toEqual([STORED, { stored: true, refused: [refusal] }, STORED]);
		expect(await rejected()).toEqual([{ source: 'test', ...refusal }]);
		expect(taken.reduce((sum, events) => sum + events, 0)).toBe(6);
	});

	it('keep what is refused once if it has an id of its own, however often it is read', async () => {
		const refusedPart = (reason: string, messageId?: string): Part => ({ entries: [], refused: [{ position: 0, reason, body: 'x', ...(messageId && { messageId }) }], keptOf: () => ({ body: '' }) });
		expect((await take([refusedPart('first', 'shop 1-0'), refusedPart('first again', 'shop 1-0'), refusedPart('no id'), part(good('a'))])).outcomes).toEqual(Array(4).fill(STORED));
		expect((await take([refusedPart('later', 'shop 1-0'), refusedPart('no id'), refusedPart('other', 'shop 1-1')])).outcomes).toEqual(Array(3).fill(STORED));
		expect((await rejected()).map((one) => (one as { reason: string }).reason)).toEqual(['first', 'no id', 'no id', 'other']);
	});

	it('are not tried one by one while the store is away', async () => {
		const error = new StoreError('away');
		const tx = jest.fn().mockRejectedValue(error);
		const { outcomes } = await take([part(good('a')), part(good('b')), part(good('c'))], { ...test.store, tx });
		expect(outcomes).toEqual(Array(3).fill({ stored: false, error }));
		expect(tx).toHaveBeenCalledTimes(1);
	});

	it.each(['40P01', '55P03'])('are tried apart when they collide with others (%s); what collides alone is left to its sender', async (code) => {
		const collision = Object.assign(new Error('collided'), { code });
		const colliding = (collides: (events: string[]) => boolean) => intercepted(test.store, () => async (sql, params, pass) => {
			if (/INSERT INTO events/.test(sql) && collides((JSON.parse(params[0] as string) as Array<{ name: string }>).map(({ name }) => name))) throw collision;
			return await pass();
		});
		const unlucky = { ...good('c'), event: { name: 'Unlucky', properties: {} } };
		const { outcomes } = await take([part(good('a')), part(good('b')), part(unlucky)], colliding((events) => events.length > 1 || events[0] === 'Unlucky'));
		expect(outcomes).toEqual([STORED, STORED, { stored: false, error: collision }]);
		expect(await users()).toEqual(['a', 'b']);
		expect(await rejected()).toEqual([]);
	});

	it('leaves a part to its sender if the store goes away before all of it is stored; sent again, it counts once', async () => {
		const whole = part(good('a'), poison('bad'), good('b'), good('c'));
		let transactions = 0;
		const failing: Store = { ...test.store, tx: async (work) => (++transactions > 4 ? await Promise.reject(new StoreError('away')) : await test.store.tx(work)) };
		expect((await take([whole], failing)).outcomes).toEqual([{ stored: false, error: expect.any(StoreError) }]);
		expect((await take([whole])).outcomes).toMatchObject([{ stored: true, refused: [{ position: 1 }] }]);
		expect(await users()).toEqual(['a', 'b', 'c']);
	});
});
