import { takeIn } from '../../lib/run/intake';
import { countJourneys, type Counts } from '../../lib/report/counts';
import { endRunning } from '../../lib/store/finish';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, makeRunning, makeWorld, type World } from '../support/world';

describe.each(STORES)('counts on %s', (kind) => {
	let test: TestStore;
	let world: World;
	beforeAll(async () => {
		test = await freshStore(kind);
		world = await makeWorld(test.store, 'shop', { type: 'conversion', exit: false, window: null, value: '$.revenue', currency: '$.currency' });
		await makeWorld(test.store, 'empty');
	}, 60_000);
	afterAll(async () => await test?.drop());

	it('tells a journey in which nothing has happened from one that is not there', async () => {
		expect(await countJourneys(test.store, ['empty', 'nowhere', 'empty'])).toEqual([
			{ journey: 'empty', entered: { times: 0, people: 0 }, inside: [], ended: {}, refused: {}, messages: [], converted: [] },
			{ problem: 'no journey has the key "nowhere": use one of: empty, shop' },
			expect.objectContaining({ journey: 'empty' }),
		]);
	});

	it('counts people where they are, how they ended, and what became of their messages', async () => {
		const { store } = test;
		const users = Array.from({ length: 8 }, (_, at) => `customer-${at}`);
		const [claim] = await makeRunning(store, world, users, users.length);
		const ids = claim!.people.map(({ id }) => id);
		const profiles = claim!.people.map(({ profile_id }) => profile_id);
		await ask(store, "UPDATE enrolments SET entries = 3 WHERE instance_id = $1", [ids[0]]);
		await ask(store, "UPDATE instances SET status = 'waiting', token = NULL, wake = NULL, step_id = $2 WHERE id = ANY($1::bigint[])", [ids.slice(0, 3), world.state]);
		await store.tx(async (db) => {
			await endRunning(db, { token: claim!.token, execution: 'e1' }, ids.slice(4, 6), 'completed');
			await endRunning(db, { token: claim!.token, execution: 'e1' }, ids.slice(6, 7), 'exit');
		});
		await ask(store, "UPDATE finished SET status = 'failed', reason = 'error' WHERE reason = 'exit'");
		for (const [at, status] of (['sent', 'sent', 'failed', 'unknown', 'claimed'] as const).entries()) {
			await ask(store, `INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at, settled_at)
				VALUES ($1, $2, $3, $4, 1, 'email', 'marketing', $5, 'e1', gen_random_uuid(), now(), CASE WHEN $5 <> 'claimed' THEN now() END)`,
			[profiles[at], world.journey, world.action, ids[at], status]);
		}
		for (const [at, reason] of ['consent_denied', 'consent_denied', 'missing'].entries()) {
			await ask(store, "INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason) VALUES (now(), 'skipped', $1, $2, $3, $4, $5)",
				[world.journey, world.action, profiles[at], ids[at], reason]);
		}
		for (const [at, times] of [2, 3].entries()) {
			await ask(store, "INSERT INTO refusals (profile_id, journey_id, reason, day, first_at, last_at, times, detail) VALUES ($1, $2, 'lock', '2026-03-02', now(), now(), $3, '{}')",
				[profiles[at], world.journey, times]);
		}
		const order = (user: string, properties: object) => eventOf(user, 'Order', new Date(+test.clock.now + 1000), { properties: properties as never });
		test.clock.pass(DAY_MS);
		await takeIn(store, 'test', [
			order('customer-0', { revenue: 10.5, currency: 'EUR' }), order('customer-1', { revenue: 4.5, currency: 'EUR' }), order('customer-5', { currency: 'USD' }),
		].map((entry, index) => ({ ...entry, index })));

		const [shop] = await countJourneys(store, ['shop']);
		expect(shop).toEqual({
			journey: 'shop',
			entered: { times: 10, people: 8 },
			inside: [{ step: 'The entry', waiting: 0, running: 2 }, { step: 'The state', waiting: 3, running: 0 }],
			ended: { completed: 2, failed: 1 },
			refused: { lock: 5 },
			messages: [{ step: 'The action', sent: 2, failed: 1, unknown: 1, claimed: 1, skipped: { consent_denied: 2, missing: 1 } }],
			converted: [
				{ goal: 'The goal', version: 1, times: 2, people: 2, value: 15, currency: 'EUR' },
				{ goal: 'The goal', version: 1, times: 1, people: 1, value: null, currency: 'USD' },
			],
		} satisfies Counts);
	});
});
