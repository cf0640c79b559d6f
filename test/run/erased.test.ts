import { admit } from '../../lib/run/admission';
import { recordEngagements } from '../../lib/run/customerData';
import { takeIn } from '../../lib/run/intake';
import { endInJourney } from '../../lib/run/otherJourneys';
import { eraseProfile, exportProfile } from '../../lib/run/privacy';
import { resendRejected } from '../../lib/run/rejected';
import { claimCandidates } from '../../lib/store/claim';
import { claimDeliveries } from '../../lib/store/deliveries';
import { insertRejected } from '../../lib/store/events';
import { endRunning } from '../../lib/store/finish';
import type { Store } from '../../lib/store/types';
import { intercepted, stopping, untilBlocked } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, idleEngine, makeRunning, makeWorld, type World } from '../support/world';

const rules = { reentry: { kind: 'cap' as const, times: 99 }, whileInside: 'refuse' as const, values: { email: 'email' }, zone: 'UTC' };
const SECRET = 'zebra';

describe.each(STORES)('who was erased, on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let name: string;
	let rounds = 0;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(async () => {
		name = `person-${++rounds}`;
		world = await makeWorld(it_.store, name);
		await ask(it_.store, `UPDATE steps SET state = 'off', off_since = now() WHERE kind = 'entry' AND id <> $1 AND state = 'on'`, [world.entry]);
	});

	const happens = async (event: string, store = it_.store) => await takeIn(store, 'test', [
		eventOf(name, event, it_.clock.now, { properties: { email: SECRET }, change: { attributes: { name: SECRET } } }),
	]);
	const erase = async (store = it_.store, value = name) => await eraseProfile(store, { kind: 'user_id', value }, 'operator');
	const profileOf = async (value = name) => (await ask<{ profile_id: number }>(it_.store, 'SELECT profile_id FROM identities WHERE value = $1', [value]))[0]?.profile_id;
	const step = () => ({ id: world.entry, journey_id: world.journey, workflow: 0, off_since: null, fresh: false });
	const claimed = async () => (await it_.store.tx(async (db) => await claimCandidates(db, world.entry, 0, 5, it_.clock.now)))!.token;
	const admitting = async (token: string, store = it_.store) => await admit(idleEngine(store), { token, execution: 'e1' }, step(), rules);
	/** Tables that hold what nobody may know any more. */
	const known = async () => {
		const tables = await ask<{ name: string }>(it_.store, 'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1');
		const found: string[] = [];
		for (const one of tables) if ((await ask(it_.store, `SELECT 1 FROM "${one.name}" t WHERE t::text LIKE $1 LIMIT 1`, [`%${SECRET}%`])).length > 0) found.push(one.name);
		return found;
	};
	const inJourney = async () => await ask(it_.store, `SELECT 'in' AS what FROM instances WHERE journey_id = $1 UNION ALL SELECT 'entered' FROM enrolments WHERE journey_id = $1
		UNION ALL SELECT 'refused' FROM refusals WHERE journey_id = $1`, [world.journey]);

	it('is not let in by a page of a schedule that had taken them, nor is who was merged at that moment', async () => {
		await happens('Click');
		const profile = (await profileOf())!;
		await erase();
		await ask(it_.store, `INSERT INTO candidates (step_id, journey_id, profile_id, run_id, occurred_at, due_at) VALUES ($1, $2, $3, 1, $4, $4)`, [world.entry, world.journey, profile, it_.clock.now]);
		expect(await admitting(await claimed())).toEqual([]);
		expect(await inJourney()).toEqual([]);
	});

	it('is no more in what an execution says that was sending to them', async () => {
		const [batch] = await makeRunning(it_.store, world, [name], 1, null);
		const claim = { token: batch!.token, execution: 'e1' };
		const engine = idleEngine(it_.store);
		const ids = (await engine.executions.start(claim)).map(({ id }) => id);
		const wish = { channel: 'email', class: 'marketing', againIfUnknown: false } as const;
		const [delivery] = await it_.store.tx(async (db) => await claimDeliveries(db, claim, world.action, wish, ids));
		await erase();
		await engine.executions.acknowledge(claim, { settlements: [{ id: delivery!.id, outcome: 'failed', error: `550 no such user: ${SECRET}@example.com`, provider_id: SECRET }] });
		expect(await ask(it_.store, 'SELECT status, error, provider_id FROM deliveries WHERE id = $1', [delivery!.id])).toEqual([{ status: 'failed', error: null, provider_id: null }]);
		// It was opened all the same: that counts, without whose it was and from where.
		const opened = await recordEngagements(engine, [{ index: 0, findBy: 'key', message: delivery!.key, kind: 'unsubscribed', at: it_.clock.now, detail: { agent: SECRET } }]);
		expect(opened.size).toBe(1);
		expect(await ask(it_.store, 'SELECT kind, detail FROM engagements WHERE delivery_id = $1', [delivery!.id])).toEqual([{ kind: 'unsubscribed', detail: {} }]);
		expect(await ask(it_.store, "SELECT consent FROM profiles WHERE erased_at IS NOT NULL AND consent <> '{}'")).toEqual([]);
		expect(await known()).toEqual([]);
	});

	it('is in nothing that is kept with others of what went wrong with them all', async () => {
		const [address, telephone] = [`${SECRET}@example.com`, '+4930123456'];
		const others = [`${name}-b`, `${name}-c`];
		const [batch] = await makeRunning(it_.store, world, [name, ...others], 3, null);
		await ask(it_.store, "INSERT INTO identities (kind, value, profile_id, created_at) VALUES ('email', $2, $1, now())", [batch!.people[0]!.profile_id, address]);
		await ask(it_.store, 'UPDATE profiles SET phone = $2 WHERE id = $1', [batch!.people[0]!.profile_id, telephone]);
		const engine = idleEngine(it_.store);
		const claim = { token: batch!.token, execution: 'e1' };
		const ids = (await engine.executions.start(claim)).map(({ id }) => id);
		const wish = { channel: 'email', class: 'marketing', againIfUnknown: false } as const;
		const deliveries = await it_.store.tx(async (db) => await claimDeliveries(db, claim, world.action, wish, ids));
		const error = `550 <${address.toUpperCase()}>, ${telephone}, ${name}s, ${name}: ${'x'.repeat(3_000)}\0`;
		await engine.executions.acknowledge(claim, { error, settlements: deliveries.map(({ id }) => ({ id, outcome: 'unknown', error })) });
		const kept = await ask<{ error: string }>(it_.store, 'SELECT error FROM deliveries UNION ALL SELECT error FROM instances WHERE id = ANY($1::bigint[])', [ids]);
		expect(new Set(kept.filter((one) => one.error?.startsWith('550')).map((one) => one.error.slice(0, 80)))).toEqual(new Set([`550 <(a customer)>, (a customer), ${name}s, (a customer): ${'x'.repeat(80)}`.slice(0, 80)]));
		expect(Math.max(...kept.map((one) => one.error?.length ?? 0))).toBe(2_000);
		await erase();
		for (const said of [SECRET, telephone.slice(1)]) {
			expect(await ask(it_.store, `SELECT kind FROM journal t WHERE t::text ILIKE $1 UNION ALL SELECT 'delivery' FROM deliveries t WHERE t::text ILIKE $1
				UNION ALL SELECT 'instance' FROM instances t WHERE t::text ILIKE $1`, [`%${said}%`])).toEqual([]);
		}
		for (const one of others) await erase(it_.store, one);
	});

	/** People in one batch, as an execution that has started it holds them. */
	const started = async (...users: string[]) => {
		const [batch] = await makeRunning(it_.store, world, users, users.length, null);
		const engine = idleEngine(it_.store);
		const claim = { token: batch!.token, execution: 'e1' };
		await engine.executions.start(claim);
		const profiles = batch!.people.map(({ profile_id }) => profile_id);
		return {
			...batch!, profiles, engine, claim,
			fails: async (error: string) => await engine.executions.acknowledge(claim, { error, settlements: [] }),
			kept: async () => (await ask<{ error: string }>(it_.store, 'SELECT DISTINCT error FROM instances WHERE profile_id = ANY($1::bigint[]) AND error IS NOT NULL', [profiles])).map(({ error }) => error),
		};
	};

	it('hides what went wrong with everybody in their batch, however long it ran, and nothing of other batches', async () => {
		const [late, other] = [await started(name, `${name}-b`), await started(`${name}-c`, `${name}-d`)];
		await erase();
		it_.clock.pass(3 * 60 * 60_000);
		await late.fails(`no ${name}`);
		await other.fails('429 too many requests');
		expect([await late.kept(), await other.kept()]).toEqual([['what it said is not kept, since it may name a customer who was erased meanwhile'], ['429 too many requests']]);
		for (const one of ['b', 'c', 'd']) await erase(it_.store, `${name}-${one}`);
	});

	it('is not named by the error of the last one of a batch, whether they left it, were merged, or both', async () => {
		const { fails, kept, people, claim } = await started(name, `${name}-b`, `${name}-c`);
		await it_.store.tx(async (db) => await endRunning(db, claim, [people[1]!.id], 'exit'));
		await takeIn(it_.store, 'test', [`${name}-older`].map((value) => eventOf(value, 'Click', it_.clock.now)));
		await takeIn(it_.store, 'test', [{ index: 0, identities: [`${name}-older`, `${name}-c`].map((value) => ({ kind: 'user_id' as const, value })), alias: true, change: {}, occurredAt: it_.clock.now }]);
		await ask(it_.store, "UPDATE instances SET token = NULL, status = 'waiting' WHERE token = $1 AND id <> $2", [claim.token, people[0]!.id]);
		await fails(`${name}, ${name}-b, ${name}-c, ${name}-older: 550`);
		expect(await kept()).toEqual(['(a customer), (a customer), (a customer), (a customer): 550']);
		for (const one of ['', '-b', '-c']) await erase(it_.store, `${name}${one}`);
	});

	it('is gone with what went wrong with them alone, also after they were given up', async () => {
		const engine = idleEngine(it_.store);
		const [batch] = await makeRunning(it_.store, world, [name], 1, null);
		await ask(it_.store, 'UPDATE instances SET attempts = 4 WHERE id = $1', [batch!.people[0]!.id]);
		const claim = { token: batch!.token, execution: 'e1' };
		await engine.executions.start(claim);
		await engine.executions.acknowledge(claim, { error: `550 no such user: ${SECRET}@example.com`, settlements: [] });
		expect(await ask(it_.store, "SELECT error FROM finished WHERE status = 'failed' AND id = $1", [batch!.people[0]!.id])).toEqual([{ error: `550 no such user: ${SECRET}@example.com` }]);
		expect(await known()).toEqual(expect.arrayContaining(['finished']));
		await erase();
		expect(await known()).toEqual([]);
	});

	it('is nobody for an execution that acts for them', async () => {
		const claims = await makeRunning(it_.store, world, [name, `${name}-b`], 1);
		const acting = async (at: number) => await takeIn(it_.store, 'action', [{
			index: 0, identities: [], instance: claims[at]!.people[0]!.id, occurredAt: it_.clock.now, messageId: `${name} ${at}`,
			change: { attributes: { name: SECRET } }, event: { name: 'Told', properties: { email: SECRET } },
		}], [], { match: true, by: { token: claims[at]!.token, execution: 'e1' } });
		await erase();
		expect(await acting(0)).toMatchObject({ events: 0 });
		expect(await known()).toEqual([]);
		// So it is for one whose batch is not its own any more, and who has it now is no repetition of it.
		await ask(it_.store, "UPDATE claims SET execution = 'e2' WHERE token = $1", [claims[1]!.token]);
		expect(await acting(1)).toMatchObject({ events: 0, duplicates: 0 });
		await ask(it_.store, "UPDATE claims SET execution = 'e1' WHERE token = $1", [claims[1]!.token]);
		expect(await acting(1)).toMatchObject({ events: 1 });
		await it_.store.tx(async (db) => await endRunning(db, { token: claims[1]!.token, execution: 'e1' }, [claims[1]!.people[0]!.id], 'exit'));
		expect(await acting(1)).toMatchObject({ events: 0, duplicates: 0 });
		await erase(it_.store, `${name}-b`);
	});

	it('is turned away from another journey though an execution has claimed them already', async () => {
		await happens('Enter');
		const token = await claimed();
		await endInJourney(idleEngine(it_.store), name, [(await profileOf())!], 'left');
		expect(await admitting(token)).toEqual([]);
		expect(await ask(it_.store, 'SELECT kind, reason FROM journal WHERE journey_id = $1', [world.journey])).toEqual([{ kind: 'dropped', reason: 'left' }]);
		await erase();
	});

	describe('and what was refused', () => {
		const bodies = ['{"userId":"10001"}', '{"userId": 10001, "event": ""}', '[{"id":10001}]', '{"order":"order-100012"}', '{"order":100012}', '{"note":"x10001"}',
			String.raw`"{\"userId\":\"10001\"}"`, '{"to":"A10001@example.com"}', '{"to":"10001@example.com"}', 'not JSON: 10001', '10001'];
		const theirs = [0, 1, 2, 6, 9, 10].map((at) => bodies[at]!);

		it('is theirs only where they are named as a whole, and is blanked before anybody waits for the match lock', async () => {
			await takeIn(it_.store, 'test', [eventOf('10001', 'Click', it_.clock.now), eventOf('7.1', 'Click', it_.clock.now)]);
			await it_.store.tx(async (db) => await insertRejected(db, 'test', [...bodies, '{"userId":"7.1"}', '{"userId":"7x1"}', '{"n":7.1}'].map((body, position) => ({ position, reason: 'none', body }))));
			const named = async (value: string) => (await exportProfile(it_.store, { kind: 'user_id', value }, 'operator')).rejected.map((one) => (one as { body: string }).body);
			expect(await named('10001')).toEqual(theirs);
			expect(await named('7.1')).toEqual(['{"userId":"7.1"}']);

			const transactions: string[][] = [];
			const store = intercepted(it_.store, () => {
				const said: string[] = [];
				transactions.push(said);
				return async (sql, _params, pass) => (said.push(sql), await pass());
			});
			expect((await erase(store, '10001')).rows).toMatchObject({ rejected: theirs.length });
			expect(await ask(it_.store, "SELECT 1 FROM rejected WHERE reason = 'erased'")).toHaveLength(theirs.length);
			expect(await ask<{ body: string }>(it_.store, "SELECT body FROM rejected WHERE body <> '' AND reason = 'none' AND body LIKE '%1000%' ORDER BY id")).toEqual(
				bodies.filter((body) => !theirs.includes(body)).map((body) => ({ body })));
			const reading = transactions.filter((said) => said.some((sql) => /\brejected\b/.test(sql)));
			expect(reading.length).toBeGreaterThan(0);
			expect(reading.filter((said) => said.some((sql) => /journey match|journey registry/.test(sql)))).toEqual([]);
		});
	});

	describe('and is in what is sent in again', () => {
		const message = () => ({ type: 'track', userId: name, event: 'Enter', properties: { email: SECRET } });
		const ERASED = { result: 'refused', reason: 'it was erased, since it named a customer who was: discard it' };
		/** @returns its id */
		const refuse = async () => {
			await it_.store.tx(async (db) => await insertRejected(db, 'collector', [{ position: 0, reason: 'too old', body: JSON.stringify(message()), messageId: 'shop 1-0' }]));
			return (await ask<{ id: number }>(it_.store, 'SELECT max(id) AS id FROM rejected'))[0]!.id;
		};
		const resend = async (id: number, store = it_.store, more: object = {}) => (await resendRejected(idleEngine(store), [{ id, ...more }], 7, 'operator'))[0];

		it.each(['as it was', 'mended'])('does not come back by it when they are erased between its read and its taking, %s', async (how) => {
			await happens('Click');
			const id = await refuse();
			let transactions = 0;
			const store: Store = { ...it_.store, tx: async (work) => {
				if (++transactions === 2) await erase();
				return await it_.store.tx(work);
			} };
			expect(await resend(id, store, how === 'mended' ? { message: message() } : {})).toMatchObject(ERASED);
			expect([await known(), await profileOf()]).toEqual([[], undefined]);
			// Nor afterwards, by whoever had listed it before.
			expect(await resend(id, it_.store, { message: message() })).toMatchObject(ERASED);
			expect(await resend(id)).toMatchObject(ERASED);
			expect([await known(), await profileOf()]).toEqual([[], undefined]);
			expect(await ask(it_.store, 'SELECT reason, body, tries, message_id FROM rejected WHERE id = $1', [id])).toEqual([{ reason: 'erased', body: '', tries: 0, message_id: null }]);
		});

		if (kind === 'embedded') return;

		it('does not come back when it waits for the erasure', async () => {
			await happens('Click');
			const id = await refuse();
			const { store, gate } = stopping(it_.store, 'after', /^UPDATE rejected r SET body/);
			const erasing = erase(store);
			await gate.reached;
			const resending = resend(id, it_.store, { message: message() });
			await untilBlocked(it_.store);
			gate.open();
			await erasing;
			expect(await resending).toMatchObject(ERASED);
			expect([await known(), await profileOf()]).toEqual([[], undefined]);
		});

		it('is forgotten with it when the erasure waits for it', async () => {
			await happens('Click');
			const id = await refuse();
			const { store, gate } = stopping(it_.store, 'after', /FROM rejected .* FOR UPDATE/);
			const resending = resend(id, store);
			await gate.reached;
			const erasing = erase();
			await untilBlocked(it_.store);
			gate.open();
			expect(await resending).toMatchObject({ result: 'taken' });
			await erasing;
			expect([await known(), await profileOf()]).toEqual([[], undefined]);
		});
	});

	if (kind === 'embedded') return;

	/** What waits for the match lock while somebody is erased. */
	async function whileErased(waiting: (store: Store) => Promise<unknown>, meanwhile: () => Promise<unknown> = async () => await erase()): Promise<unknown> {
		const { store, gate } = stopping(it_.store, 'before', /journey match/);
		const done = waiting(store);
		await gate.reached;
		await meanwhile();
		gate.open();
		return await done;
	}

	it('is not let in by an admission that waits for the erasure', async () => {
		await happens('Enter');
		const token = await claimed();
		expect(await whileErased(async (store) => await admitting(token, store))).toEqual([]);
		expect([await inJourney(), await known()]).toEqual([[], []]);
	});

	it('is not let in by an admission that waits for whoever takes them out', async () => {
		await happens('Enter');
		const token = await claimed();
		const leaving = async () => await endInJourney(idleEngine(it_.store), name, [(await profileOf())!], 'left');
		expect(await whileErased(async (store) => await admitting(token, store), leaving)).toEqual([]);
		expect(await inJourney()).toEqual([]);
		await erase();
	});

	it('is somebody new for an event that waits for the erasure', async () => {
		await happens('Click');
		const before = await profileOf();
		expect(await whileErased(async (store) => await happens('Enter', store))).toMatchObject({ events: 1, candidates: 1 });
		const after = await profileOf();
		expect(after).not.toBe(before);
		expect(await ask(it_.store, 'SELECT attributes FROM profiles WHERE id = ANY($1::bigint[]) ORDER BY id', [[before, after]])).toEqual([{ attributes: {} }, { attributes: { name: SECRET } }]);
		expect(await ask(it_.store, 'SELECT name, profile_id FROM events WHERE properties @> $1', [{ email: SECRET }])).toEqual([{ name: 'Enter', profile_id: after }]);
		await erase();
		expect(await known()).toEqual([]);
	});

	it('is one new person for two events that wait for the erasure', async () => {
		await happens('Click');
		const [one, other] = [stopping(it_.store, 'before', /journey match/), stopping(it_.store, 'before', /journey match/)];
		const both = [happens('Enter', one.store), happens('Click', other.store)];
		await Promise.all([one.gate.reached, other.gate.reached]);
		const profiles = (await ask(it_.store, 'SELECT 1 FROM profiles')).length;
		await erase();
		one.gate.open();
		other.gate.open();
		expect(await Promise.all(both)).toMatchObject([{ events: 1 }, { events: 1 }]);
		expect(await ask(it_.store, 'SELECT DISTINCT profile_id FROM events WHERE properties @> $1', [{ email: SECRET }])).toEqual([{ profile_id: await profileOf() }]);
		expect(await ask(it_.store, 'SELECT 1 FROM profiles')).toHaveLength(profiles + 1);
		await erase();
	});

	it('is forgotten where they are when the erasure waits for a merge', async () => {
		const older = `${name}-older`;
		await takeIn(it_.store, 'test', [eventOf(older, 'Click', it_.clock.now, { change: { attributes: { of: `${SECRET} too` } } })]);
		await happens('Click');
		const merging = async () => await takeIn(it_.store, 'test', [
			{ index: 0, identities: [older, name].map((value) => ({ kind: 'user_id' as const, value })), alias: true, change: {}, occurredAt: it_.clock.now },
		]);
		const kept = await profileOf(older);
		expect(await whileErased(erase, merging)).toMatchObject({ profile: kept });
		expect(await known()).toEqual([]);
		expect(await profileOf(older)).toBeUndefined();
	});
});
