import { takeIn } from '../../lib/run/intake';
import { Janitor } from '../../lib/run/janitor';
import { forget } from '../../lib/run/retention';
import { keepSegment, preview, refreshDue, refreshSegment, reviewTouched } from '../../lib/run/segments';
import { deleteSegment, listSegments } from '../../lib/store/segments';
import type { Rule } from '../../lib/core/types';
import { intercepted } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf } from '../support/world';

jest.setTimeout(60_000);

const bought: Rule = { kind: 'behaviour', event: 'Order', filter: [], did: true, atLeast: 1, within: { amount: 7, unit: 'days' } };
const segment = { name: 'Buyers', rule: bought, zone: 'UTC', refresh_minutes: 60 };

describe.each(STORES)('saved segments on %s', (kind) => {
	let it_: TestStore;
	beforeEach(async () => (it_ = await freshStore(kind)));
	afterEach(async () => await it_?.drop());

	const order = async (...users: string[]) => await takeIn(it_.store, 'test', users.map((user) => eventOf(user, 'Order', it_.clock.now)));
	const history = async () => (await ask<{ who: string; joined: Date; gone: Date | null }>(
		it_.store, `SELECT value AS who, joined_at AS joined, left_at AS gone FROM report_segment_members JOIN identities i ON i.profile_id = profile WHERE segment = 'Buyers' ORDER BY value, joined_at`,
	)).map(({ who, joined, gone }) => `${who} ${day(joined)}-${gone ? day(gone) : ''}`);
	const day = (at: Date) => at.toISOString().slice(8, 10);

	it('write who joined and who left, and nothing of those who stay', async () => {
		await order('customer-1', 'customer-2');
		expect(await keepSegment(it_.store, segment)).toEqual({ name: 'Buyers', joined: 2, left: 0 });
		it_.clock.pass(5 * DAY_MS);
		await order('customer-2', 'customer-3');
		expect(await refreshSegment(it_.store, 'Buyers')).toEqual({ name: 'Buyers', joined: 1, left: 0 });
		it_.clock.pass(3 * DAY_MS);
		expect(await refreshSegment(it_.store, 'Buyers')).toEqual({ name: 'Buyers', joined: 0, left: 1 });
		it_.clock.pass(DAY_MS);
		await order('customer-1');
		expect(await refreshSegment(it_.store, 'Buyers')).toEqual({ name: 'Buyers', joined: 1, left: 0 });
		expect(await history()).toEqual(['customer-1 02-10', 'customer-1 11-', 'customer-2 02-', 'customer-3 07-']);
		expect(await it_.store.tx(listSegments)).toMatchObject([{ name: 'Buyers', size: 3, refreshed_at: it_.clock.now, error: null }]);
	});

	it('are refreshed by the janitor when they are due, and not before', async () => {
		await keepSegment(it_.store, segment);
		await order('customer-1');
		const janitor = new Janitor(it_.store, () => undefined, (error) => { throw error; });
		it_.clock.pass(59 * 60_000);
		await janitor.refreshAudiences();
		expect(await history()).toEqual([]);
		it_.clock.pass(60_000);
		await janitor.refreshAudiences();
		expect(await history()).toHaveLength(1);
	});

	it('are refreshed once a time, also when that takes longer than until they are due again', async () => {
		await keepSegment(it_.store, { ...segment, refresh_minutes: 1 });
		await keepSegment(it_.store, { ...segment, name: 'Others', refresh_minutes: 1 });
		it_.clock.pass(60_000);
		let transactions = 0;
		const slow: typeof it_.store = { ...it_.store, tx: async (work) => {
			if (++transactions > 50) throw new Error('It never ends.');
			it_.clock.pass(60_000);
			return await it_.store.tx(work);
		} };
		expect((await refreshDue(slow, (error) => { throw error; })).map(({ name }) => name)).toEqual(['Buyers', 'Others']);
	});

	it('look at everybody instead, where more happens than can be looked at', async () => {
		await keepSegment(it_.store, segment);
		await ask(it_.store, `WITH w AS (INSERT INTO workflows (host, workflow_id, seen_at) VALUES ('h', 'w', $1) RETURNING id)
			INSERT INTO steps (workflow, node_id, kind, name, state, registered_at, config) SELECT id, 'n', 'entry', 'Entry', 'on', $1, '{"segment": "Buyers"}' FROM w`, [it_.clock.now]);
		it_.clock.pass(1_000);
		await order('customer-1', 'customer-2', 'customer-3');
		expect(await reviewTouched(it_.store, 2)).toMatchObject({ people: 0 });
		expect(await ask(it_.store, 'SELECT * FROM touched')).toEqual([]);
		expect(await reviewTouched(it_.store, 2)).toBeUndefined();
		expect(await refreshDue(it_.store, (error) => { throw error; })).toEqual([{ name: 'Buyers', joined: 3, left: 0 }]);
	});

	it('find the same whether in one page or cut between two', async () => {
		// More than the page of a refresh.
		await ask(it_.store, `INSERT INTO profiles (tags, created_at, updated_at) SELECT CASE WHEN n % 3 = 0 THEN ARRAY['vip'] ELSE '{}' END, $1, $1 FROM generate_series(1, 25000) n`, [it_.clock.now]);
		const vip = { ...segment, rule: { kind: 'tag', has: true, tag: 'vip' } as const };
		let pages = 0;
		const cut = intercepted(it_.store, () => async (sql, _params, pass) => {
			if (sql.includes('WITH judged') && ++pages === 2) throw new Error('cut');
			return await pass();
		});
		await expect(keepSegment(cut, vip)).rejects.toThrow('Segment "Buyers" was not refreshed: cut');
		expect(await it_.store.tx(listSegments)).toMatchObject([{ size: 3_333, refreshed_at: null, error: 'cut' }]);
		expect(await refreshSegment(it_.store, 'Buyers')).toEqual({ name: 'Buyers', joined: 5_000, left: 0 });
		expect(await it_.store.tx(listSegments)).toMatchObject([{ size: 8_333, error: null }]);
	});

	it('hold up no other when one cannot be refreshed', async () => {
		await keepSegment(it_.store, { ...segment, name: 'Other' });
		await keepSegment(it_.store, { ...segment, rule: { kind: 'segment', segment: 'Other', in: true } });
		await it_.store.tx(async (db) => await deleteSegment(db, 'Other'));
		await keepSegment(it_.store, { ...segment, name: 'Third' });
		it_.clock.pass(DAY_MS);
		const problems: string[] = [];
		expect(await refreshDue(it_.store, ({ message }) => problems.push(message))).toMatchObject([{ name: 'Third' }]);
		expect(problems).toEqual(['Segment "Buyers" was not refreshed: There is no segment "Other". Save it with the Journey Control node, or correct the name.']);
	});

	it('are not asked for again and again while the store is away, and that is one problem', async () => {
		await keepSegment(it_.store, segment);
		it_.clock.pass(DAY_MS);
		let asked = 0;
		const away: typeof it_.store = { ...it_.store, tx: async (work) => {
			if (++asked > 50) return await it_.store.tx(work);
			throw new Error('The store cannot be reached.');
		} };
		const problems: string[] = [];
		const janitor = new Janitor(away, () => undefined, ({ message }) => problems.push(message));
		await expect(janitor.refreshAudiences()).rejects.toThrow(/^The store cannot be reached\.$/);
		// It goes between two segments, too.
		let left = 2;
		const going: typeof it_.store = { ...it_.store, tx: async (work) => left-- > 0 ? await it_.store.tx(work) : await away.tx(work) };
		await expect(refreshDue(going, ({ message }) => problems.push(message))).rejects.toThrow('The store cannot be reached.');
		expect(problems).toEqual(['The store cannot be reached.']);
		expect(asked).toBeLessThan(10);
	});

	it('go with a person who is made one with another', async () => {
		await order('customer-1', 'customer-2');
		await keepSegment(it_.store, segment);
		await takeIn(it_.store, 'test', [{ index: 0, identities: [{ kind: 'user_id', value: 'customer-1' }, { kind: 'user_id', value: 'customer-2' }], alias: true, occurredAt: it_.clock.now }]);
		expect(await ask(it_.store, 'SELECT count(*)::int AS members, count(DISTINCT profile_id)::int AS people FROM segment_members')).toEqual([{ members: 1, people: 1 }]);
		expect(await refreshSegment(it_.store, 'Buyers')).toMatchObject({ joined: 0, left: 0 });
	});

	it('keep events that they ask for, and forget who left long ago', async () => {
		await order('customer-1');
		await keepSegment(it_.store, segment);
		await keepSegment(it_.store, { ...segment, name: 'Ever', rule: { ...bought, within: undefined } });
		it_.clock.pass(100 * DAY_MS);
		await refreshSegment(it_.store, 'Buyers');
		const warnings: string[] = [];
		expect(await forget(it_.store, { events: 1 }, (warning) => warnings.push(warning))).toEqual([]);
		expect(warnings.join()).toContain('segment "Ever" asks whether something ever happened');
		await forget(it_.store, { history: 6 }, () => undefined);
		expect(await history()).toEqual(['customer-1 02-10']);
		it_.clock.pass(200 * DAY_MS);
		await forget(it_.store, { history: 6 }, () => undefined);
		expect(await history()).toEqual([]);
	});

	it('can be looked at before: how many, ten of them, and the statement', async () => {
		await order(...Array.from({ length: 12 }, (_, at) => `customer-${at}`));
		await takeIn(it_.store, 'test', [eventOf('nobody', 'Visit', it_.clock.now)]);
		const { count, sample, sql, params } = await preview(it_.store, bought, 'UTC');
		expect([count, sample.length, sample[0]!.tags]).toEqual([12, 10, []]);
		expect(await ask(it_.store, sql, params)).toHaveLength(12);
		expect(await preview(it_.store, null, 'UTC')).toMatchObject({ count: 13 });
		expect(await it_.store.tx(listSegments)).toEqual([]);
	});

	it('refuse a rule that only somebody inside a journey can answer', async () => {
		await expect(keepSegment(it_.store, { ...segment, rule: { ...bought, within: 'entry' } })).rejects.toThrow('only somebody inside a journey can answer');
		await expect(keepSegment(it_.store, { ...segment, rule: { kind: 'segment', segment: 'Buyers', in: true } })).rejects.toThrow('There is no segment "Buyers"');
	});
});
