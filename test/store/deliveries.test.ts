import { Janitor } from '../../lib/run/janitor';
import { LEASE_MS } from '../../lib/run/leases';
import { claimInstances, startClaim } from '../../lib/store/claim';
import { claimDeliveries, doubtDeliveries, settleDeliveries, type Delivery } from '../../lib/store/deliveries';
import { claimUnknown } from '../../lib/store/unknown';
import { stopping, untilBlocked } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, makeRunning, makeWorld, type World } from '../support/world';

const EXECUTION = 'e1';

describe.each(STORES)('deliveries on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let rounds = 0;
	let token: string;
	let instances: number[];
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(async () => {
		world = await makeWorld(it_.store, `deliveries${++rounds}`);
		const [held] = await makeRunning(it_.store, world, [`p${rounds}`, `q${rounds}`], 2, EXECUTION);
		token = held!.token;
		instances = held!.people.map(({ id }) => id);
	});

	const wish = { channel: 'email', class: 'marketing', againIfUnknown: false } as const;
	const claim = async (of = { token, execution: EXECUTION }, againIfUnknown = false, step = world.action) =>
		await it_.store.tx(async (db) => (await claimDeliveries(db, of, step, { ...wish, againIfUnknown }, instances)).sort((a, b) => a.instance_id - b.instance_id));
	const settle = async (settlements: Parameters<typeof settleDeliveries>[2], by = token) => await it_.store.tx(async (db) => await settleDeliveries(db, by, settlements));
	const stored = async () => await ask<{ id: number; status: string }>(it_.store, 'SELECT id, status, error, provider_id FROM deliveries WHERE journey_id = $1 ORDER BY id', [world.journey]);
	const journal = async () => await ask<{ kind: string }>(it_.store, 'SELECT kind, reason, detail FROM journal WHERE journey_id = $1 ORDER BY id', [world.journey]);
	/** The process dies, and another execution gets the same people. */
	const dieAndRetry = async () => {
		it_.clock.pass(LEASE_MS + 1);
		await new Janitor(it_.store, () => undefined, (error) => { throw error; }).sweep();
		return await it_.store.tx(async (db) => {
			const again = (await claimInstances(db, world.entry, 0, 10, new Date(+db.now + LEASE_MS)))!;
			await startClaim(db, again.token, 'e2', new Date(+db.now + LEASE_MS));
			return { token: again.token, execution: 'e2' };
		});
	};
	const ours = (deliveries: Delivery[]) => deliveries.map((one) => one.ours);

	it('are one for each person, step and visit', async () => {
		const first = await claim();
		expect(first.map(({ instance_id, status, ours: mine }) => ({ instance_id, status, mine })))
			.toEqual(instances.map((instance_id) => ({ instance_id, status: 'claimed', mine: true })));
		expect(new Set(first.map(({ key }) => key)).size).toBe(2);
		// n8n's retry of the node: the same wish, the same key.
		expect(await claim()).toEqual(first);
		const elsewhere = await claim(undefined, false, world.state);
		expect(elsewhere.some(({ id, key }) => first.some((one) => one.id === id || one.key === key))).toBe(false);
		await ask(it_.store, 'UPDATE instances SET visit = visit + 1 WHERE journey_id = $1', [world.journey]);
		const later = await claim();
		expect(later.some(({ id, key }) => first.some((one) => one.id === id || one.key === key))).toBe(false);
		expect(await stored()).toHaveLength(6);
	});

	it('that may have been sent are not claimed by the retry of a visit', async () => {
		const first = await claim();
		await settle([{ id: first[0]!.id, outcome: 'sent' }]);
		const again = await claim(await dieAndRetry());
		expect(again.map(({ id, key, status, ours: mine }) => ({ id, key, status, mine }))).toEqual([
			{ id: first[0]!.id, key: first[0]!.key, status: 'sent', mine: false }, { id: first[1]!.id, key: first[1]!.key, status: 'unknown', mine: false },
		]);
	});

	it('that are unknown go again with the same key when that is the policy, and only those', async () => {
		const first = await claim();
		await settle([{ id: first[0]!.id, outcome: 'failed', error: 'bounced' }]);
		const retry = await dieAndRetry();
		const again = await claim(retry, true);
		expect(ours(again)).toEqual([false, true]);
		expect(again.map(({ key }) => key)).toEqual(first.map(({ key }) => key));
		expect((await stored()).map(({ status }) => status)).toEqual(['failed', 'claimed']);
		// What the first execution says now is too late.
		await settle([{ id: first[1]!.id, outcome: 'sent' }]);
		expect((await stored())[1]).toMatchObject({ status: 'claimed' });
		await settle([{ id: first[1]!.id, outcome: 'sent', provider_id: 'm-1' }], retry.token);
		expect((await stored())[1]).toMatchObject({ status: 'sent', provider_id: 'm-1' });
	});

	it('are settled once, and journaled once', async () => {
		const [one, other] = await claim();
		await settle([{ id: one!.id, outcome: 'sent', provider_id: 'x' }, { id: other!.id, outcome: 'failed', error: 'no such mailbox' }]);
		const before = [await stored(), await journal()];
		await settle([{ id: one!.id, outcome: 'failed', error: 'again' }, { id: other!.id, outcome: 'released' }]);
		await it_.store.tx(async (db) => await doubtDeliveries(db, token));
		expect([await stored(), await journal()]).toEqual(before);
		expect((await journal()).map(({ kind: said }) => said).sort()).toEqual(['failed', 'sent']);
	});

	it('that were unknown after a lost lease may still become known', async () => {
		const [one, other] = await claim();
		await dieAndRetry();
		await settle([{ id: one!.id, outcome: 'sent' }, { id: other!.id, outcome: 'released' }]);
		expect((await stored()).map(({ status }) => status)).toEqual(['sent', 'unknown']);
		await settle([{ id: one!.id, outcome: 'failed' }]);
		expect((await stored()).map(({ status }) => status)).toEqual(['sent', 'unknown']);
	});

	it('are settled by nobody else', async () => {
		const [one] = await claim();
		await settle([{ id: one!.id, outcome: 'sent' }], '00000000-0000-4000-8000-000000000000');
		expect((await stored())[0]).toMatchObject({ status: 'claimed' });
	});

	it('that no mailer saw are taken back, and can be claimed again', async () => {
		const first = await claim();
		await settle(first.map(({ id }) => ({ id, outcome: 'released' })));
		expect(await stored()).toEqual([]);
		expect(await journal()).toEqual([]);
		const again = await claim();
		expect(ours(again)).toEqual([true, true]);
		expect(again.map(({ key }) => key)).not.toEqual(first.map(({ key }) => key));
	});

	it('that were unknown and did not go again are unknown still, with their key', async () => {
		const first = await claim();
		const retry = await dieAndRetry();
		await claim(retry, true);
		await settle(first.map(({ id }) => ({ id, outcome: 'released' })), retry.token);
		expect(await stored()).toMatchObject([{ status: 'unknown', error: 'it was not sent again' }, { status: 'unknown' }]);
		const byHand = (await it_.store.tx(async (db) => await claimUnknown(db, [first[0]!.id], 'by hand', new Date(+db.now + LEASE_MS))))!;
		await settle([{ id: first[0]!.id, outcome: 'released' }], byHand);
		expect((await stored()).map(({ status }) => status)).toEqual(['unknown', 'unknown']);
		expect((await claim(retry, true)).map(({ key }) => key)).toEqual(first.map(({ key }) => key));
	});

	if (kind === 'embedded') return;

	it('claimed by two calls at once are the same', async () => {
		const { store, gate } = stopping(it_.store, 'after', /INSERT INTO deliveries/);
		const one = store.tx(async (db) => await claimDeliveries(db, { token, execution: EXECUTION }, world.action, wish, instances));
		await gate.reached;
		const other = claim();
		await untilBlocked(it_.store);
		gate.open();
		const keys = (deliveries: Delivery[]) => deliveries.map(({ id, key }) => `${id} ${key}`).sort();
		expect(keys(await other)).toEqual(keys(await one));
		expect(ours(await other)).toEqual([true, true]);
		expect(await stored()).toHaveLength(2);
	});
});
