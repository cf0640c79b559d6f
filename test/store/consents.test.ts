import { consentKey } from '../../lib/core/consent';
import { takeIn } from '../../lib/run/intake';
import { forget } from '../../lib/run/retention';
import { recordEngagements } from '../../lib/run/customerData';
import { preview } from '../../lib/run/segments';
import { suggest } from '../../lib/run/suggest';
import { eraseProfile, exportProfile } from '../../lib/run/privacy';
import type { ConsentState, Rule } from '../../lib/core/types';
import { migrate } from '../../lib/store/migrate';
import { emptyPlace, freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, idleEngine, makeRunning, makeWorld } from '../support/world';

describe.each(STORES)('consent on %s', (kind) => {
	let it_: TestStore;
	let rounds = 0;
	let user: string;
	beforeAll(async () => void (it_ = await freshStore(kind)), 60_000);
	afterAll(async () => await it_?.drop());
	beforeEach(async () => {
		user = `customer-${++rounds}`;
		// What a preview shows of an audience are a few people.
		await ask(it_.store, 'TRUNCATE consents, profiles, identities CASCADE');
	});

	const days = (ago: number) => new Date(+it_.clock.now - ago * DAY_MS);
	const entry = (who: string, ago: number, consent: Record<string, ConsentState>, messageId?: string) =>
		({ index: 0, identities: [{ kind: 'user_id' as const, value: who }], change: { consent }, occurredAt: days(ago), messageId });
	const say = async (who: string, ago: number, consent: Record<string, ConsentState>, messageId?: string) => await takeIn(it_.store, 'collector', [entry(who, ago, consent, messageId)]);
	/** As a routine identify carries it along. */
	const stamped = (who: string, ago: number, consent: Record<string, ConsentState>) => ({ ...entry(who, ago, consent), change: { consent, consentIsStamped: true as const } });
	const stamp = async (who: string, ago: number, consent: Record<string, ConsentState>) => await takeIn(it_.store, 'collector', [stamped(who, ago, consent)]);
	const stored = async (who = user) => (await ask<{ consent: object }>(it_.store, 'SELECT consent FROM profiles p JOIN identities i ON i.profile_id = p.id WHERE i.value = $1', [who]))[0]!.consent;
	const word = (state: ConsentState, ago: number) => ({ state, at: +days(ago) });
	const history = async (who = user) => (await ask<{ line: string }>(it_.store,
		`SELECT concat_ws(' ', channel || coalesce('/' || nullif(purpose, ''), ''), coalesce(before, '-'), '>', state, CASE WHEN NOT holds THEN '(late)' END, source, reference,
			round(extract(epoch FROM $2::timestamptz - at) / 86400)) AS line
		 FROM consents c JOIN identities i USING (profile_id) WHERE i.value = $1 ORDER BY c.id`, [who, it_.clock.now])).map(({ line }) => line);
	const inForce = async (who: string, channel: string, purpose: string): Promise<string> => {
		const states = await Promise.all((['granted', 'denied', 'unknown'] as const).map(async (state) => {
			const rule: Rule = { kind: 'group', match: 'all', rules: [{ kind: 'consent', channel, purpose, state }] };
			const [own] = await ask<{ id: number }>(it_.store, 'SELECT profile_id AS id FROM identities WHERE value = $1', [who]);
			return (await preview(it_.store, rule, 'UTC')).sample.some(({ id }) => id === own!.id) ? [state] : [];
		}));
		return states.flat().join(' and ');
	};

	it('is kept with each change: what it was, when they said so, and by which door', async () => {
		await say(user, 9, { email: 'granted' }, 'm-1');
		await say(user, 8, { email: 'granted' });
		await say(user, 5, { 'email/newsletter': 'denied', sms: 'denied' }, 'm-2');
		await say(user, 4, { email: 'denied' });
		expect(await history()).toEqual(['email - > granted collector m-1 9', 'email/newsletter - > denied collector m-2 5', 'sms - > denied collector m-2 5', 'email granted > denied collector 4']);
	});

	it('is not overwritten by an older word, which is kept all the same, once', async () => {
		await say(user, 2, { email: 'denied' });
		for (let times = 0; times < 2; times++) await say(user, 3, { email: 'granted' });
		expect(await history()).toEqual(['email - > denied collector 2', 'email denied > granted (late) collector 3']);
		expect(await inForce(user, 'email', 'marketing')).toBe('denied');
	});

	it('knows what one batch itself takes back', async () => {
		await takeIn(it_.store, 'redis', [entry(user, 1, { email: 'denied' }), entry(user, 3, { email: 'granted' }), entry(user, 2, { email: 'granted' })]);
		expect(await history()).toEqual(['email - > granted redis 3', 'email granted > denied redis 1']);
		expect(await inForce(user, 'email', 'marketing')).toBe('denied');
	});

	it('that a call only carries along grants nothing that was refused, and what is granted is no newer by it', async () => {
		await say(user, 9, { email: 'granted', sms: 'granted' });
		await say(user, 8, { email: 'denied' });
		await stamp(user, 1, { email: 'granted', 'email/newsletter': 'granted', sms: 'granted', push: 'granted' });
		const known = { email: word('denied', 8), sms: word('granted', 9), push: word('granted', 1) };
		expect(await stored()).toEqual(known);
		expect(await inForce(user, 'email', 'newsletter')).toBe('denied');
		expect(await history()).toEqual(['email - > granted collector 9', 'sms - > granted collector 9', 'email granted > denied collector 8', 'push - > granted collector 1']);
		await say(user, 5, { sms: 'denied' });
		await stamp(user, 0, { push: 'denied' });
		expect(await stored()).toEqual({ ...known, sms: word('denied', 5), push: word('denied', 0) });
		await say(user, 0, { email: 'granted' });
		expect(await inForce(user, 'email', 'newsletter')).toBe('granted');
	});

	it('that a call only carries along grants nothing that its own batch refuses', async () => {
		await takeIn(it_.store, 'collector', [
			stamped(user, 1, { email: 'granted', 'push/offers': 'granted' }), entry(user, 2, { email: 'denied', push: 'denied', sms: 'granted' }), stamped(user, 0, { sms: 'granted' }),
		]);
		expect(await stored()).toEqual({ email: word('denied', 2), push: word('denied', 2), sms: word('granted', 2) });
		expect(await history()).toEqual(['email - > denied collector 2', 'push - > denied collector 2', 'sms - > granted collector 2']);
	});

	it('for one purpose alone stays when the next call carries it along again', async () => {
		const alone = { email: 'denied', 'email/newsletter': 'granted' } as const;
		await stamp(user, 9, alone);
		for (const ago of [5, 4]) await stamp(user, ago, alone);
		await takeIn(it_.store, 'collector', [stamped(user, 3, alone), stamped(user, 2, alone)]);
		expect([await inForce(user, 'email', 'marketing'), await inForce(user, 'email', 'newsletter')]).toEqual(['denied', 'granted']);
		await say(user, 1, { email: 'denied' });
		await stamp(user, 0, alone);
		expect([await inForce(user, 'email', 'newsletter'), (await history()).length]).toEqual(['denied', 3]);
	});

	it('is told when what is in force changes, even if the same was said before', async () => {
		await say(user, 9, { 'email/newsletter': 'granted' });
		await say(user, 8, { email: 'denied' });
		await say(user, 7, { 'email/newsletter': 'granted' });
		await say(user, 6, { 'email/newsletter': 'granted' });
		await say(user, 5, { email: 'denied' });
		await say(user, 4, { email: 'denied' });
		expect(await history()).toEqual([
			'email/newsletter - > granted collector 9', 'email - > denied collector 8', 'email/newsletter denied > granted collector 7', 'email denied > denied collector 5',
		]);
		await takeIn(it_.store, 'collector', [entry(user, 3, { 'email/newsletter': 'granted' }), entry(user, 2, { email: 'denied' })]);
		expect((await history()).slice(4)).toEqual(['email/newsletter denied > granted collector 3', 'email denied > denied collector 2']);
	});

	it('by a clock that is ahead counts from now, and does not outlast a later refusal', async () => {
		await say(user, -240 / 86_400, { email: 'granted' });
		expect(await stored()).toEqual({ email: word('granted', 0) });
		expect(await ask(it_.store, 'SELECT at FROM consents c JOIN identities i USING (profile_id) WHERE i.value = $1', [user])).toEqual([{ at: days(0) }]);
		await say(user, 0, { email: 'denied' });
		expect(await stored()).toEqual({ email: word('denied', 0) });
		await takeIn(it_.store, 'collector', [entry(user, -240 / 86_400, { sms: 'granted' }), entry(user, 0, { sms: 'denied' })]);
		expect(await stored()).toMatchObject({ sms: word('denied', 0) });
	});

	it('is asked for without regard to case', async () => {
		await say(user, 2, { [consentKey(' Email', '')]: 'granted', [consentKey('EMAIL', 'NewsLetter ')]: 'denied' });
		expect(await stored()).toEqual({ email: word('granted', 2), 'email/newsletter': word('denied', 2) });
		expect([await inForce(user, 'Email', 'Newsletter'), await inForce(user, 'eMail', 'Marketing')]).toEqual(['denied', 'granted']);
	});

	it('that was kept with its case becomes one, a refusal before all', async () => {
		const place = await emptyPlace(kind, it_.clock);
		try {
			await migrate(place.store.tx, 'journey', 26);
			const kept = { Email: word('denied', 5), email: word('granted', 2), 'email/News': word('granted', 1) };
			await ask(place.store, 'INSERT INTO profiles (created_at, updated_at, consent) VALUES ($1, $1, $2), ($1, $1, $3)', [it_.clock.now, JSON.stringify(kept), '{}']);
			await ask(place.store, "INSERT INTO consents (profile_id, channel, purpose, state, holds, at, recorded_at, source) VALUES (1, 'Email', 'News', 'granted', true, $1, $1, 'test')", [it_.clock.now]);
			await migrate(place.store.tx, 'journey', 27);
			expect(await ask(place.store, 'SELECT consent FROM profiles ORDER BY id')).toEqual([{ consent: { email: word('denied', 5), 'email/news': word('granted', 1) } }, { consent: {} }]);
			expect(await ask(place.store, 'SELECT channel, purpose FROM consents')).toEqual([{ channel: 'email', purpose: 'news' }]);
		} finally {
			await place.drop();
		}
	});

	it('that comes late again and again is kept where it differs from what was said before it', async () => {
		await say(user, 1, { email: 'granted' });
		for (const ago of [9, 8, 7]) await say(user, ago, { email: 'denied' });
		await takeIn(it_.store, 'collector', [6, 5, 4].map((ago) => entry(user, ago, { email: 'denied' })));
		await takeIn(it_.store, 'collector', [entry(user, 3, { email: 'granted' }), entry(user, 3.5, { email: 'granted' }), entry(user, 2, { email: 'denied' })]);
		expect((await history()).slice(1)).toEqual([
			'email granted > denied (late) collector 9', 'email granted > granted (late) collector 4', 'email granted > denied (late) collector 2',
		]);
		expect(await stored()).toEqual({ email: word('granted', 1) });
	});

	it.each<[string, Array<[number, Record<string, ConsentState>]>, Record<string, string>]>([
		['of a channel holds for every purpose', [[3, { email: 'granted' }]], { marketing: 'granted', newsletter: 'granted' }],
		['of a purpose holds for no other', [[3, { 'email/newsletter': 'granted' }]], { marketing: 'unknown', newsletter: 'granted' }],
		['of a purpose goes before that of the channel', [[3, { 'email/newsletter': 'denied' }], [2, { email: 'granted' }]], { marketing: 'granted', newsletter: 'denied' }],
		['that is refused for the channel takes back what was allowed before', [[3, { 'email/newsletter': 'granted' }], [2, { email: 'denied' }]], { marketing: 'denied', newsletter: 'denied' }],
		['may be given to a purpose again after that', [[3, { email: 'denied' }], [2, { 'email/newsletter': 'granted' }]], { marketing: 'denied', newsletter: 'granted' }],
		['may be for one purpose alone, said in one breath', [[3, { email: 'denied', 'email/newsletter': 'granted' }]], { marketing: 'denied', newsletter: 'granted' }],
	])('%s', async (_, said, expected) => {
		for (const [ago, consent] of said) await say(user, ago, consent);
		for (const [purpose, state] of Object.entries(expected)) expect([purpose, await inForce(user, 'email', purpose)]).toEqual([purpose, state]);
		expect(await inForce(user, 'sms', 'newsletter')).toBe('unknown');
	});

	it('of two people who become one is the strictest for each purpose, and the history of both', async () => {
		const [other, now] = [`${user}-too`, it_.clock.now];
		await say(user, 9, { email: 'denied', 'sms/alerts': 'granted', push: 'granted' });
		await say(other, 5, { 'email/newsletter': 'granted', sms: 'granted', push: 'granted', 'push/offers': 'denied' });
		const both = [...await history(user), ...await history(other)];
		await takeIn(it_.store, 'collector', [{ index: 0, identities: [{ kind: 'user_id', value: user }, { kind: 'user_id', value: other }], alias: true, change: {}, occurredAt: now }]);
		const merged = { 'email marketing': 'denied', 'email newsletter': 'denied', 'sms marketing': 'granted', 'sms alerts': 'granted', 'push marketing': 'granted', 'push offers': 'denied' };
		for (const [asked, state] of Object.entries(merged)) {
			const [channel, purpose] = asked.split(' ');
			expect([asked, await inForce(user, channel!, purpose!)]).toEqual([asked, state]);
		}
		expect(await history(user)).toEqual([...both, 'email/newsletter granted > denied merge 0', 'push/offers granted > denied merge 0']);
		await say(other, 0, { 'email/newsletter': 'granted' });
		expect(await inForce(user, 'email', 'newsletter')).toBe('granted');
	});

	it('is taken back for all purposes by whoever unsubscribes, and that is told', async () => {
		const world = await makeWorld(it_.store, user);
		const [claim] = await makeRunning(it_.store, world, [user], 1);
		const { id, profile_id } = claim!.people[0]!;
		const key = '00000000-0000-4000-8000-000000000001';
		await ask(it_.store, `INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, key, channel, class, status, execution, token, claimed_at, settled_at)
			VALUES ($1, $2, $3, $4, 0, $5, 'email', 'marketing', 'sent', 'e', gen_random_uuid(), $6, $6)`, [profile_id, world.journey, world.action, id, key, it_.clock.now]);
		await say(user, 9, { email: 'granted', 'email/newsletter': 'granted' });
		for (let times = 0; times < 2; times++) await recordEngagements(idleEngine(it_.store), [{ index: 0, findBy: 'key', message: key, kind: 'unsubscribed', at: days(1), detail: {} }]);
		expect(await inForce(user, 'email', 'newsletter')).toBe('denied');
		expect((await history()).slice(2)).toEqual([expect.stringMatching(/^email granted > denied unsubscribed \d+ 1$/)]);
	});

	it('stays when history is dropped, and goes with the person', async () => {
		await say(user, 900, { email: 'granted' }, `proof of ${user}`);
		await forget(it_.store, { events: 1, history: 1 }, () => undefined, async () => undefined);
		const identity = { kind: 'user_id' as const, value: user };
		const { consent, records } = await exportProfile(it_.store, identity, 'test');
		expect(consent).toEqual({ email: { state: 'granted', at: days(900).toISOString() } });
		expect(records.consents).toMatchObject([{ channel: 'email', purpose: '', before: null, state: 'granted', source: 'collector', reference: `proof of ${user}` }]);
		expect((await eraseProfile(it_.store, identity, 'test')).rows).toMatchObject({ consents: 1 });
		expect(await ask(it_.store, 'SELECT 1 FROM consents WHERE reference LIKE $1', [`%${user}`])).toEqual([]);
	});

	it('names the purposes that were seen to the editor, marketing first of all', async () => {
		await say(user, 1, { [consentKey('email', 'Product Updates')]: 'granted', email: 'granted' });
		const names = (await suggest(it_.store, 'purpose', '')).map(({ name }) => name);
		expect(names).toEqual(expect.arrayContaining(['marketing', 'newsletter', 'product updates']));
		expect(names).not.toContain('');
	});
});
