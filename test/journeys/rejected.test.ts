import { collect, type CollectorSettings } from '../../lib/run/collector';
import { RequestRate } from '../../lib/run/collector/requestRate';
import { partOf } from '../../lib/run/redis/streamReader';
import { resendRejected } from '../../lib/run/rejected';
import { takeInParts } from '../../lib/run/takeInParts';
import { listActs } from '../../lib/store/acts';
import { intercepted } from '../support/intercept';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { journeys } from '../support/journeys';
import { ask, DAY_MS, idleEngine } from '../support/world';

jest.setTimeout(60_000);

const SETTINGS: CollectorSettings = { writeKeys: ['key'], bodyLimitBytes: 100_000, batchLimit: 500, requestsPerMinute: 60, latenessDays: 7 };
const canvas = {
	name: 'Carts', nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', reentry: 'once' }), baseNode('End', 'noOp', 1)], connections: wires('Entry > End'),
};
const rejected = (operation: string, more: object = {}) => ({ resource: 'rejected', operation, ...more });

journeys('events that were refused', (open, kind) => {
	type Run = Awaited<ReturnType<typeof open>>;
	const ago = (run: Run, days: number) => new Date(+run.now - days * DAY_MS).toISOString();
	/** At the collector's door. */
	const post = async (run: Run, path: string, body: object) => await collect(
		{ method: 'POST', path, headers: {}, body: async () => Buffer.from(JSON.stringify({ writeKey: 'key', ...body })) }, SETTINGS, new RequestRate(), () => run.now,
		async (part) => (await takeInParts(run.store, 'collector', [part], () => undefined))[0]!,
	);
	const list = async (run: Run, more: object = {}) => await run.control(rejected('list', more));
	const idOf = (item: object) => (item as { rejected: { id: number } }).rejected.id;
	const events = async (run: Run) => (await ask<{ line: string }>(run.store, `SELECT concat_ws(' ', i.value, e.name, to_char(e.occurred_at, 'MM-DD HH24:MI')) AS line
		FROM events e JOIN identities i ON i.profile_id = e.profile_id AND i.kind = 'user_id' ORDER BY e.id`)).map(({ line }) => line);

	it('are listed with what was sent, filtered and by pages', async () => {
		const run = await open(canvas);
		const context = { timezone: 'Europe/Istanbul' };
		const timestamp = ago(run, 9);
		await post(run, '/v1/batch', { sentAt: run.now.toISOString(), context, batch: [
			{ type: 'track', userId: 'customer-1', event: 'cart', timestamp, messageId: 'm-1', context: { ip: '203.0.113.1' } }, { type: 'track', event: 'cart' },
		] });
		await run.pass('1 hour');
		await post(run, '/v1/track', { userId: 'customer-2' });
		const all = await list(run);
		expect(all).toEqual([
			{
				rejected: { id: 1 }, source: 'collector', position: 0, reason: expect.stringMatching(/older than the lateness limit of 7 days/), receivedAt: '2026-03-02T10:00:00.000Z', tries: 0, triedAt: null,
				payload: { type: 'track', userId: 'customer-1', event: 'cart', timestamp, messageId: 'm-1', sentAt: '2026-03-02T10:00:00.000Z', context: { timezone: 'Europe/Istanbul', ip: '203.0.113.1' } },
			},
			expect.objectContaining({ rejected: { id: 2 }, position: 1, reason: 'userId and anonymousId are both missing: send at least one' }),
			expect.objectContaining({ rejected: { id: 3 }, reason: 'event must be text, found nothing', payload: { userId: 'customer-2', type: 'track' } }),
		]);
		expect((await list(run, { rejectedFilters: { reason: 'LATENESS' } })).map(idOf)).toEqual([1]);
		expect((await list(run, { rejectedFilters: { since: '2026-03-02T10:30:00Z', source: 'collector' } })).map(idOf)).toEqual([3]);
		expect((await list(run, { rejectedFilters: { source: 'redis' } }))).toEqual([]);
		expect((await list(run, { limit: 1, after: 1 })).map(idOf)).toEqual([2]);
		// What was refused first may be stored last.
		await ask(run.store, "UPDATE rejected SET received_at = received_at - interval '20 minutes' WHERE id = 3");
		expect((await list(run, { rejectedFilters: { since: '2026-03-02T10:40:00Z' } })).map(idOf)).toEqual([3]);
		await ask(run.store, "UPDATE rejected SET received_at = received_at + interval '50 minutes' WHERE id = 1");
		expect((await list(run, { rejectedFilters: { since: '2026-03-02T10:40:00Z' } })).map(idOf)).toEqual([1, 3]);
		await expect(list(run, { limit: 0 })).rejects.toThrow('Limit: found 0. Enter a whole number from 1 to 1000.');
	});

	it('are sent in again as they are, when the limit was raised, and count from when they happened', async () => {
		const run = await open(canvas);
		await post(run, '/v1/track', { userId: 'customer-1', event: 'cart', timestamp: ago(run, 9), sentAt: run.now.toISOString() });
		await run.pass('5 hours');
		const again = async (more: object = {}) => (await run.control(rejected('resend', { rejected: '1', ...more })))[0];
		expect(await again()).toEqual({ rejected: { id: 1 }, result: 'refused', reason: expect.stringMatching(/older than the lateness limit of 7 days: raise Lateness Limit, or mend its timestamp/) });
		expect(await list(run)).toMatchObject([{ tries: 1, triedAt: '2026-03-02T15:00:00.000Z', reason: expect.stringMatching(/mend its timestamp/), receivedAt: '2026-03-02T10:00:00.000Z' }]);
		expect(await again({ latenessDays: 30 })).toEqual({ rejected: { id: 1 }, result: 'taken' });
		// By the sender's clock as it stood against ours when it came, not by ours now.
		expect(await events(run)).toEqual(['customer-1 cart 02-21 10:00']);
		expect(await list(run)).toEqual([]);
		await run.pass('1 minute');
		expect(await run.timeline('customer-1')).toEqual(['+5h entered Entry', '+5h done: completed']);
		expect(await again({ latenessDays: 30 })).toEqual({ rejected: { id: 1 }, result: 'gone' });
		const acts = await run.store.tx(async (db) => await listActs(db, 10));
		expect(acts.map(({ what, who, detail }) => [what, detail, /workflow "Operations"/.test(who)])).toEqual([['resend', { rejected: [1] }, true], ['resend refused', { rejected: [1] }, true]]);
	});

	it('are sent in again mended, and are no second event when their sender mended them, too', async () => {
		const run = await open(canvas);
		await post(run, '/v1/batch', { batch: [{ type: 'track', userId: 'customer-1', messageId: 'm-1' }, { type: 'track', event: 'cart', messageId: 'm-2' }] });
		await run.pass('1 hour');
		await post(run, '/v1/track', { userId: 'customer-1', event: 'cart', messageId: 'm-1' });
		const mended = async (id: number, payload: object | string) => (await run.control(rejected('resend', { rejected: id, sendIn: 'mended', payload })))[0];
		expect(await mended(1, JSON.stringify({ type: 'track', userId: 'customer-1', event: 'cart', messageId: 'm-1' }))).toEqual({ rejected: { id: 1 }, result: 'duplicate' });
		expect(await mended(2, '{"type":"track"}')).toMatchObject({ result: 'refused', reason: 'event must be text, found nothing' });
		expect((await list(run))[0]).toMatchObject({ rejected: { id: 2 }, tries: 1, payload: { type: 'track', event: 'cart', messageId: 'm-2' } });
		expect(await mended(2, '{"type":"track","userId":"customer-2","event":"cart"}')).toEqual({ rejected: { id: 2 }, result: 'taken' });
		expect(await events(run)).toEqual(['customer-1 cart 03-02 11:00', 'customer-2 cart 03-02 10:00']);
		await expect(mended(3, '{')).rejects.toThrow(/^Payload: item 0 has no valid JSON/);
		await expect(run.control(rejected('resend', { rejected: 'x' }))).rejects.toThrow('Rejected ID: item 0 has none. Connect "Rejected Event: List" in front.');
	});

	it('are taken once, whoever sends them in at the same time, and all of a batch but the poison', async () => {
		const run = await open(canvas);
		await post(run, '/v1/batch', { batch: Array.from({ length: 40 }, (_, at) => ({ type: 'track', userId: `customer-${at}`, event: 'cart', timestamp: ago(run, 9) })) });
		const ids = (await list(run)).map(idOf);
		const cut = { ...idleEngine(run.store), store: intercepted(run.store, () => async (sql, _params, pass) => {
			if (sql.startsWith('INSERT INTO events')) throw new Error('the store is gone');
			return await pass();
		}) } as never;
		await expect(resendRejected(cut, ids.map((id) => ({ id })), 30, 'test')).rejects.toThrow('the store is gone');
		expect([await events(run), (await list(run)).length]).toEqual([[], 40]);
		// What the database refuses harms nobody else.
		const poisoned = { ...idleEngine(run.store), store: intercepted(run.store, () => async (sql, params, pass) => {
			if (sql.startsWith('INSERT INTO events') && String(params[0]).includes('rejected:17"')) throw Object.assign(new Error('too large'), { code: '22003' });
			return await pass();
		}) } as never;
		const asked = [...ids, ids[0]!].map((id) => ({ id }));
		const both = await Promise.all([1, 2].map(async () => await resendRejected(poisoned, asked, 30, 'test')));
		const results = both.flat().map(({ result }) => result);
		const count = (what: string) => results.filter((one) => one === what).length;
		expect(count('taken')).toBe(39);
		expect(new Set(await events(run)).size).toBe(39);
		expect((await events(run)).length).toBe(39);
		expect(both.flat().find(({ result }) => result === 'refused')).toEqual({ id: 17, result: 'refused', reason: 'cannot be stored: too large' });
		expect(await list(run)).toMatchObject([{ rejected: { id: 17 }, reason: 'cannot be stored: too large' }]);
		expect(count('gone')).toBe(both.flat().length - 39 - count('refused'));
		if (kind === 'embedded') expect(count('refused')).toBe(2);
	});

	it('from a Redis stream count from when Redis took them, and once however often they were delivered', async () => {
		const run = await open(canvas);
		const poisonous = intercepted(run.store, () => async (sql, _params, pass) => {
			if (sql.startsWith('INSERT INTO events')) throw Object.assign(new Error('too large'), { code: '22003' });
			return await pass();
		});
		const deliver = async (daysAgo: number, message: object, store = run.store) => await takeInParts(store, 'redis', [
			partOf([`${+run.now - daysAgo * DAY_MS}-0`, ['message', JSON.stringify({ type: 'track', event: 'cart', ...message })]], 'shop', run.now),
		], () => undefined);
		// Its own time by its sender's clock, which was an hour slow when Redis took it.
		const slow = { userId: 'customer-1', timestamp: ago(run, 13), sentAt: new Date(+run.now - 3 * DAY_MS - 3_600_000).toISOString() };
		await deliver(3, slow);
		await deliver(3, slow);
		await deliver(20, { userId: 'customer-2' }, poisonous);
		await deliver(27, { userId: 'customer-3', messageId: 'm-1' }, poisonous);
		await deliver(31, { userId: 'customer-4' });
		await run.pass('3 days');
		const listed = await list(run);
		expect(listed.map(({ receivedAt, arrivedAt }) => [receivedAt, arrivedAt])).toEqual([3, 20, 27, 31].map((days) => ['2026-03-02T10:00:00.000Z', new Date(Date.UTC(2026, 2, 2, 10) - days * DAY_MS).toISOString()]));
		const answers: unknown[] = [];
		for (const item of listed) answers.push((await run.control(rejected('resend', { rejected: idOf(item), latenessDays: 60 })))[0]);
		const waited = (since: string) => ({ result: 'refused', reason: expect.stringContaining(`it has waited in Redis since ${since}`) });
		expect(answers).toMatchObject([{ result: 'taken' }, { result: 'taken' }, waited('2026-02-03'), waited('2026-01-30')]);
		// Handed out by Redis once more, it is known: six days ago by now.
		await deliver(6, slow);
		expect((await run.control(rejected('resend', { rejected: idOf((await list(run)).at(-1)!), latenessDays: 60 })))[0]).toMatchObject({ result: 'duplicate' });
		expect(await events(run)).toEqual(['customer-1 cart 02-17 11:00', 'customer-2 cart 02-10 10:00']);
		// Mended, they are new; without a time of its own it is still from when Redis took it.
		const mended = async (id: number, more: object) => (await run.control(rejected('resend', { rejected: id, sendIn: 'mended', latenessDays: 60, payload: JSON.stringify({ type: 'track', event: 'cart', ...more }) })))[0];
		expect(await mended(4, { userId: 'customer-3', messageId: 'm-1', timestamp: ago(run, 1) })).toMatchObject({ result: 'taken' });
		expect(await mended(5, { userId: 'customer-4' })).toMatchObject({ result: 'taken' });
		expect((await events(run)).slice(2)).toEqual(['customer-3 cart 03-04 10:00', 'customer-4 cart 01-30 10:00']);
		expect(await ask(run.store, 'SELECT message_id FROM events ORDER BY id')).toEqual([3, 20].map((days) => ({ message_id: `shop ${Date.UTC(2026, 2, 2, 10) - days * DAY_MS}-0` })).concat([{ message_id: 'm-1' }, { message_id: `shop ${Date.UTC(2026, 2, 2, 10) - 31 * DAY_MS}-0` }]));
	});

	it('are discarded, and not sent in when what they were is not kept', async () => {
		const run = await open(canvas);
		await post(run, '/v1/batch', { batch: [{ type: 'track', userId: 'customer-1', note: 'x'.repeat(40_000) }, { nonsense: 1 }, 'text', { type: 'identify', userId: 'customer-9', traits: { email: 'no address' } }] });
		await run.send({ who: 'customer-9' , change: {} });
		await run.control({ resource: 'customer', operation: 'erase', identityKind: 'user_id', identity: 'customer-9' });
		const answers: unknown[] = [];
		for (const id of [1, 2, 3, 4]) answers.push((await run.control(rejected('resend', { rejected: id })))[0]!.reason);
		expect(answers).toEqual([
			'what is kept of it is not whole, or no JSON: send a mended message instead', expect.stringMatching(/^type must be one of/), 'the message must be an object, found "text"',
			'it was erased, since it named a customer who was: discard it',
		]);
		expect(await run.control(rejected('discard', { rejected: 4 }))).toEqual([{ rejected: { id: 4 }, discarded: true }]);
		expect(await run.control(rejected('discard', { rejected: 4 }))).toEqual([{ rejected: { id: 4 }, discarded: false }]);
		expect((await list(run)).map(idOf)).toEqual([1, 2, 3]);
		expect(await run.store.tx(async (db) => (await listActs(db, 1))[0])).toMatchObject({ what: 'discard', detail: { rejected: [4] } });
		expect(await run.control({ resource: 'store', operation: 'health', rejectedEvents: 4 })).toMatchObject([{ rejectedEvents: 3, warnings: ['No event has come in.'] }]);
		expect(await run.control({ resource: 'store', operation: 'health', rejectedEvents: 3 })).toMatchObject([{ rejectedEvents: 3, warnings: [
			'No event has come in.', '3 events were refused in the last 24 hours. Journey Control → Rejected Event → List says why, and sends them in again.',
		] }]);
	});
});
