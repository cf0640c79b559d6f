import { recordEngagements } from '../../lib/run/customerData';
import { takeIn } from '../../lib/run/intake';
import { insertEngagements } from '../../lib/store/engagements';
import { lockProfiles } from '../../lib/store/locks';
import { mergeProfiles } from '../../lib/store/merge';
import type { Engagement } from '../../lib/core/types';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, idleEngine, makeRunning, makeWorld, type World } from '../support/world';

const KEY = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe.each(STORES)('engagements on %s', (kind) => {
	let test: TestStore;
	let world: World;
	let count = 0;
	beforeAll(async () => {
		test = await freshStore(kind);
		world = await makeWorld(test.store);
	}, 60_000);
	afterAll(async () => await test?.drop());

	/** Somebody with a message that was sent. */
	const withMessage = async (channel = 'email', provider: string | null = null) => {
		const n = ++count;
		const [claim] = await makeRunning(test.store, world, [`u${n}`], 1);
		const { id, profile_id } = claim!.people[0]!;
		await ask(test.store, `INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, key, channel, class, status, execution, token, claimed_at, settled_at, provider_id)
			VALUES ($1, $2, $3, $4, 0, $5, $6, 'marketing', 'sent', 'e', gen_random_uuid(), $7, $7, $8)`, [profile_id, world.journey, world.action, id, KEY(n), channel, test.clock.now, provider]);
		return { key: KEY(n), profile: profile_id, user: `u${n}`, instance: id };
	};
	const engagement = (index: number, message: string, what: Engagement['kind'], more: Partial<Engagement> = {}): Engagement => ({
		index, findBy: 'key', message, kind: what, at: test.clock.now, detail: {}, ...more,
	});
	const consentOf = async (profile: number) => (await ask<{ consent: object }>(test.store, 'SELECT consent FROM profiles WHERE id = $1', [profile]))[0]!.consent;
	const record = async (...list: Engagement[]) => [...(await recordEngagements(idleEngine(test.store), list)).values()];

	it('finds messages by key and by the provider’s id, and records each engagement once', async () => {
		const [a, b] = [await withMessage('email'), await withMessage('sms', 'SM1')];
		const clicked = engagement(0, a.key, 'clicked', { detail: { url: 'https://example.com' } });
		const found = await record(clicked, engagement(1, 'SM1', 'delivered', { findBy: 'provider' }), engagement(2, KEY(999), 'opened'), engagement(3, a.key, 'clicked'));
		expect(found).toMatchObject([{ index: 0, matches: 1, profile_id: a.profile, channel: 'email' }, { index: 1, matches: 1, profile_id: b.profile, channel: 'sms' }, { index: 3, matches: 1 }]);
		await record(clicked);
		const kept = await ask(test.store, 'SELECT kind, detail FROM engagements WHERE profile_id = ANY($1::bigint[]) ORDER BY kind', [[a.profile, b.profile]]);
		expect(kept).toEqual([{ kind: 'clicked', detail: { url: 'https://example.com' } }, { kind: 'delivered', detail: {} }]);
		expect([await consentOf(a.profile), await consentOf(b.profile)]).toEqual([{}, {}]);
	});

	it('records nothing for an id that two messages share', async () => {
		const [a] = [await withMessage('email', 'same'), await withMessage('email', 'same')];
		expect(await record(engagement(0, 'same', 'unsubscribed', { findBy: 'provider' }))).toMatchObject([{ index: 0, matches: 2 }]);
		expect([await consentOf(a.profile), await ask(test.store, 'SELECT 1 FROM engagements WHERE profile_id = $1', [a.profile])]).toEqual([{}, []]);
	});

	it('denies consent for the channel of the message, unless something newer was said', async () => {
		const [a, b, c] = [await withMessage('email'), await withMessage('sms'), await withMessage('email')];
		const [earlier, ahead] = [new Date(+test.clock.now - 1), new Date(+test.clock.now + 240_000)];
		const granted = (user: string, occurredAt: Date) => ({ index: 0, identities: [{ kind: 'user_id' as const, value: user }], change: { consent: { email: 'granted' as const } }, occurredAt });
		await takeIn(test.store, 'test', [granted(c.user, test.clock.now), granted(a.user, ahead)]);
		await record(engagement(0, a.key, 'unsubscribed'), engagement(1, b.key, 'complained', { at: ahead }), engagement(2, c.key, 'unsubscribed', { at: earlier }), engagement(3, a.key, 'opened'));
		expect(await consentOf(a.profile)).toEqual({ email: { state: 'denied', at: +test.clock.now } });
		expect(await consentOf(b.profile)).toEqual({ sms: { state: 'denied', at: +test.clock.now } });
		expect(await consentOf(c.profile)).toEqual({ email: { state: 'granted', at: +test.clock.now } });
		expect(await ask(test.store, 'SELECT state, before, holds, source, at FROM consents WHERE profile_id = $1 ORDER BY id', [c.profile])).toEqual([
			{ state: 'granted', before: null, holds: true, source: 'test', at: test.clock.now }, { state: 'denied', before: 'granted', holds: false, source: 'unsubscribed', at: earlier },
		]);
	});

	// The embedded store has one connection, so there is nothing to race with.
	if (kind === 'postgres') it('an unsubscription follows its message through a merge that is under way', async () => {
		const recordWhileMerging = async (work: (one: Engagement) => Promise<unknown>) => {
			const [into, from] = [await withMessage(), await withMessage()];
			let done = () => undefined as void;
			let merged = () => undefined as void;
			const released = new Promise<void>((resolve) => (done = resolve));
			const reached = new Promise<void>((resolve) => (merged = resolve));
			const merge = test.store.tx(async (db) => {
				await lockProfiles(db, 'match', [from.profile, into.profile]);
				await mergeProfiles(db, [{ from: from.profile, into: into.profile }]);
				merged();
				await released;
			});
			await reached;
			const recording = work(engagement(0, from.key, 'unsubscribed'));
			const waiting = async () => (await ask(test.store, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")).length > 0;
			while (!(await waiting())) await new Promise((resolve) => setImmediate(resolve));
			done();
			await Promise.all([merge, recording]);
			return await consentOf(into.profile);
		};
		const denied = { email: { state: 'denied', at: +test.clock.now } };
		expect(await recordWhileMerging(async (one) => await record(one))).toEqual(denied);
		// The race is real: without the lock the word stays with the profile that is no more.
		expect(await recordWhileMerging(async (one) => await test.store.tx(async (db) => await insertEngagements(db, [one])))).toEqual({});
	});
});
