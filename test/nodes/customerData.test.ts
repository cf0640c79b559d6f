import type { INodeExecutionData } from 'n8n-workflow';

import { journeyNode } from '../support/canvas';
import { OneNode } from '../support/headless/oneNode';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, makeWorld, wakesBy } from '../support/world';
import { saveConditions } from '../../lib/store/conditions';
import { saveListener } from '../../lib/store/steps';

jest.setTimeout(60_000);

describe.each(STORES)('Journey Customer Data on %s', (kind) => {
	let test: TestStore;
	let nodes: OneNode;
	beforeAll(async () => {
		test = await freshStore(kind);
		nodes = await OneNode.on(test.store);
		await makeWorld(test.store);
	}, 60_000);
	afterAll(async () => await test?.drop());
	beforeEach(async () => {
		nodes.announced = 0;
		await ask(test.store, 'TRUNCATE rejected, consents, profiles, identities, events, seen, candidates RESTART IDENTITY CASCADE');
	});

	const resources = { track: 'event', recordEngagement: 'message', explain: 'journey', counts: 'journey', start: 'journey', leave: 'journey' } as Record<string, string>;
	const node = (operation: string, parameters: object, more: object = {}) =>
		journeyNode('Customer Data', 'journeyCustomerData', { resource: resources[operation] ?? 'profile', operation, identity: '={{ $json.user }}', ...parameters }, more);
	const GOES_ON = { onError: 'continueRegularOutput' };
	const json = (items: INodeExecutionData[] = []) => items.map((item) => item.json);
	const fields = (...list: Array<[name: string, value: unknown, type?: string]>) => ({
		assignments: list.map(([name, value, type = 'string']) => ({ id: name, name, value, type })),
	});
	const events = async () => await ask<{ name: string; properties: object; occurred_at: Date; message_id: string | null }>(test.store, 'SELECT * FROM events ORDER BY id');
	const get = async (user: string) => (await nodes.run(node('get', { identity: user }), [{}])).outputs[0]![0]!.json;

	it('tracks an event for each item, with typed properties, and lets journeys know', async () => {
		const track = node('track', {
			event: 'Enter',
			properties: fields(['total', '={{ $json.total }}', 'number'], ['items', '={{ [{ "sku": "a" }] }}', 'array'], ['note', '={{ $json.total }}'], ['on', '2026-03-01T12:00:00', 'dateTime'], ['gift', 'true', 'boolean']),
			eventOptions: { messageId: '={{ "m" + $json.user }}', time: '={{ $json.at }}' },
		});
		const { outputs, error } = await nodes.run(track, [{ user: 'u1', total: 12.5 }, { user: 'u2', total: '7', at: '2026-03-02T12:59:30' }]);
		expect(error).toBeUndefined();
		expect(json(outputs[0])).toEqual([
			{ profile: expect.objectContaining({ id: 1, attributes: {}, tags: [] }), event: { name: 'Enter', properties: { total: 12.5, items: [{ sku: 'a' }], note: '12.5', on: expect.stringMatching(/^2026-03-01T12:00:00/), gift: true }, occurred_at: '2026-03-02T10:00:00.000Z', message_id: 'mu1' } },
			expect.objectContaining({ event: expect.objectContaining({ occurred_at: '2026-03-02T09:59:30.000Z', properties: expect.objectContaining({ total: 7 }) }) }),
		]);
		expect(outputs[0]!.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect((await events()).map(({ message_id }) => message_id).sort()).toEqual(['mu1', 'mu2']);
		expect(nodes.announced).toBe(1);
		expect(await ask(test.store, 'SELECT id FROM candidates')).toHaveLength(2);
		await nodes.run(track, [{ user: 'u1', total: 12.5 }]);
		expect(await events()).toHaveLength(2);
	});

	it('recognises a retry of the same execution, and nothing else', async () => {
		const track = node('track', { event: 'Seen' });
		await nodes.run(track, [{ user: 'u1' }, { user: 'u1' }], 'trigger', 'same');
		await nodes.run(track, [{ user: 'u1' }, { user: 'u1' }], 'trigger', 'same');
		expect(await events()).toHaveLength(2);
		await nodes.run(track, [{ user: 'u1' }, { user: 'u1' }], 'trigger', 'other');
		expect(await events()).toHaveLength(4);
	});

	it('takes history of any age, which starts nothing', async () => {
		const old = { event: 'Enter', eventOptions: { time: '2020-01-01', history: true } };
		const { outputs, error } = await nodes.run(node('track', old), [{ user: 'u1' }]);
		expect([error, json(outputs[0])]).toEqual([undefined, [{ history: { events: 1, duplicates: 0 } }]]);
		expect(await events()).toMatchObject([{ occurred_at: new Date('2019-12-31T21:00:00Z') }]);
		expect([nodes.announced, await ask(test.store, 'SELECT id FROM candidates')]).toEqual([0, []]);
	});

	it('starts a journey with data, and takes people out of one', async () => {
		const { entry } = await makeWorld(test.store, 'welcome');
		await test.store.tx(async (db) => {
			await saveListener(db, entry, await saveConditions(db, [wakesBy('journey:start:welcome')], null), { entry: 'start' });
		});
		const start = node('start', { journey: '={{ $json.journey }}', data: fields(['plan', 'pro']) }, GOES_ON);
		const { outputs } = await nodes.run(start, [{ user: 'u1', journey: 'welcome' }, { user: 'u2', journey: 'shop' }, { user: 'u2', journey: 'nowhere' }]);
		expect(json(outputs[0])).toEqual([
			{ profile: expect.objectContaining({ id: 1 }), event: expect.objectContaining({ name: 'journey:start:welcome', properties: { plan: 'pro' } }) },
			{ error: expect.stringMatching(/^Item 1: the journey "shop" lets nobody in that way: set Entry to From Another Journey or Workflow/) },
			{ error: expect.stringMatching(/^Item 2: no journey has the key "nowhere": use one of: /) },
		]);
		expect(await ask(test.store, 'SELECT profile_id, step_id FROM candidates')).toEqual([{ profile_id: 1, step_id: entry }]);

		const leave = node('leave', { journey: '={{ $json.journey }}', reason: 'closed' }, GOES_ON);
		const left = await nodes.run(leave, [{ user: 'u1', journey: 'welcome' }, { user: 'u9', journey: 'welcome' }, { user: 'u1', journey: 'nowhere' }]);
		expect(json(left.outputs[0])).toEqual([
			{ profile: expect.objectContaining({ id: 1 }), left: { journey: 'welcome', reason: 'closed', instances: 0 } },
			{ error: 'Item 1: no customer has the user ID "u9": check the value' },
			{ error: expect.stringMatching(/^Item 2: no journey has the key "nowhere"/) },
		]);
		expect(await ask(test.store, 'SELECT id FROM candidates')).toEqual([]);
	});

	const BAD: Array<[string, object, object, RegExp]> = [
		['no identity', {}, { user: '' }, /^Item 1: User ID is empty/],
		['an identity that is an object', {}, { user: { a: 1 } }, /^Item 1: User ID must be text, found an object/],
		['an identity too long', {}, { user: 'x'.repeat(256) }, /^Item 1: User ID must have at most 255 characters, found 256/],
		['an identity with NUL', {}, { user: 'a\0b' }, /^Item 1: User ID contains the NUL character/],
		['no e-mail address', { identityKind: 'email' }, { user: 'not an address' }, /^Item 1: Email must be an e-mail address, found "not an address"/],
		['no phone number', { identityKind: 'phone' }, { user: 'call me' }, /^Item 1: Phone must be a phone number/],
		['an event of the engine', { event: '={{ $json.name ?? "Enter" }}' }, { user: 'u', name: 'journey:start:shop' }, /^Item 1: Event must not begin with "journey:"/],
		['an event without a name', { event: '={{ $json.name ?? "" }}' }, { user: 'u', name: ' ' }, /^Item 1: Event is empty/],
		['an event name too long', { event: '={{ $json.name }}' }, { user: 'u', name: 'x'.repeat(201) }, /^Item 1: Event must have at most 200/],
		['properties that are no JSON', { propertiesMode: 'json', propertiesJson: '={{ $json.p }}' }, { user: 'u', p: '{"a":' }, /^Item 1: Properties is not valid JSON/],
		['properties that are a list', { propertiesMode: 'json', propertiesJson: '={{ $json.p }}' }, { user: 'u', p: [1] }, /^Item 1: Properties must be an object .* found a list/],
		['properties with NUL', { propertiesMode: 'json', propertiesJson: '={{ $json.p }}' }, { user: 'u', p: { a: 'x\0' } }, /^Item 1: Properties.a contains the NUL/],
		['properties too large', { propertiesMode: 'json', propertiesJson: '={{ $json.p }}' }, { user: 'u', p: { a: 'x'.repeat(33_000) } }, /^Item 1: Properties is \d+ bytes/],
		['a number that is none', { properties: { assignments: [{ name: 'total', value: '={{ $json.p }}', type: 'number' }] } }, { user: 'u', p: 'many' }, /^Item 1: .*Properties: total.* expects a number/],
		['a time in the future', { eventOptions: { time: '={{ $json.at }}' } }, { user: 'u', at: '2026-03-02T10:05:01Z' }, /^Item 1: Time lies in the future/],
		['a time too long ago', { eventOptions: { time: '={{ $json.at }}' } }, { user: 'u', at: '2026-02-23T09:59:59Z' }, /^Item 1: the event is from 2026-02-23.* lateness limit of 7 days.*Import as History/],
		['a time that does not exist', { eventOptions: { time: '={{ $json.at }}' } }, { user: 'u', at: '2026-02-31' }, /^Item 1: Time: "2026-02-31" does not exist/],
		['a message id too long', { eventOptions: { messageId: '={{ $json.m }}' } }, { user: 'u', m: 'x'.repeat(256) }, /^Item 1: Message ID must have at most/],
	];
	it.each(BAD)('refuses %s by item and field: alone when it may go on, else before anything is stored', async (_, parameters, item, message) => {
		const good = { user: 'customer-1@example.com', name: 'ok', p: {}, at: '2026-03-02T10:00:00Z', m: 'm' };
		const fine = (parameters as { identityKind?: string }).identityKind === 'phone' ? { ...good, user: '+15550100' } : { ...good, ...('properties' in parameters ? { p: 1 } : {}) };
		const items = [fine, item, { ...fine, m: 'n' }];
		const stopped = await nodes.run(node('track', { event: 'Ok', ...parameters }), items);
		expect(stopped.error).toMatchObject({ message: expect.stringMatching(message), description: 'Nothing was stored: 1 of 3 items cannot be taken.' });
		expect(await events()).toEqual([]);

		const { outputs, error } = await nodes.run(node('track', { event: 'Ok', ...parameters }, GOES_ON), items);
		expect(error).toBeUndefined();
		expect(json(outputs[0])).toMatchObject([{ profile: { id: 1 } }, { error: expect.stringMatching(message) }, { profile: { id: 1 } }]);
		expect(await events()).toHaveLength(2);
		expect(await ask(test.store, 'SELECT source, position, reason FROM rejected')).toEqual([{ source: 'customer data', position: 1, reason: expect.not.stringMatching(/^Item/) }]);
	});

	it('sends refused items out by the error output', async () => {
		const { outputs } = await nodes.run(node('track', { event: 'Ok' }, { onError: 'continueErrorOutput' }), [{ user: 'u1' }, { user: '' }]);
		expect(json(outputs[0])).toMatchObject([{ profile: { id: 1 } }]);
		expect(json(outputs[1])).toMatchObject([{ error: expect.stringMatching(/User ID is empty/) }]);
	});

	it('takes thousands in, bounded batch by bounded batch', async () => {
		const { outputs } = await nodes.run(node('track', { event: 'Many' }), Array.from({ length: 1_201 }, (_, at) => ({ user: `u${at % 700}` })));
		expect(outputs[0]).toHaveLength(1_201);
		expect(await ask(test.store, 'SELECT count(*)::int AS n, count(DISTINCT received_at)::int AS d, count(DISTINCT profile_id)::int AS p FROM events')).toMatchObject([{ n: 1_201, p: 700 }]);
		expect((await get('u699')).profile).toEqual(outputs[0]![1_199 - 500]!.json.profile);
	});

	it('creates and updates profiles, and joins identities', async () => {
		const upsert = node('upsert', {
			attributes: fields(['plan', '={{ $json.plan }}'], ['orders', '3', 'number']),
			profileOptions: { identities: { identity: [{ kind: 'email', value: '={{ $json.email }}' }, { kind: 'phone', value: '' }] }, zone: 'Europe/Istanbul', locale: 'tr-TR' },
		});
		const { outputs } = await nodes.run(upsert, [{ user: 'u1', plan: 'free', email: 'Customer-1@Example.com' }]);
		expect(json(outputs[0])).toMatchObject([{ profile: { email: 'customer-1@example.com', zone: 'Europe/Istanbul', locale: 'tr-TR', attributes: { plan: 'free', orders: 3 } } }]);
		await nodes.run(node('upsert', { attributesMode: 'json', attributesJson: '{"orders": null, "plan": "pro"}' }), [{ user: 'u1' }]);
		await nodes.run(node('upsert', { attributesMode: 'json', attributesJson: '{"plan": "old"}', profileOptions: { time: '2026-03-01' } }), [{ user: 'u1' }]);
		expect((await get('u1')).profile).toMatchObject({ attributes: { plan: 'pro' } });
		await nodes.run(node('track', { event: 'Visit', identityKind: 'anonymous_id' }), [{ user: 'a1' }]);
		await nodes.run(node('addIdentity', { identities: { identity: [{ kind: 'anonymous_id', value: 'a1' }, { kind: 'user_id', value: 'u1-old' }] } }), [{ user: 'u1' }]);
		expect(await get('u1-old')).toMatchObject({ profile: { id: 1 }, identities: [
			{ kind: 'anonymous_id', value: 'a1' }, { kind: 'email', value: 'customer-1@example.com' }, { kind: 'user_id', value: 'u1' }, { kind: 'user_id', value: 'u1-old' },
		] });
		expect(await ask(test.store, 'SELECT profile_id FROM events')).toEqual([{ profile_id: 1 }]);
	});

	it('adds and removes tags, and sets consent by the newest word', async () => {
		await nodes.run(node('addTags', { tags: 'vip, press,' }), [{ user: 'u1' }]);
		await nodes.run(node('removeTags', { tags: '={{ ["press"] }}' }), [{ user: 'u1' }]);
		await nodes.run(node('setConsent', { channel: 'email', consent: '={{ $json.says }}' }), [{ user: 'u1', says: 'denied' }]);
		await nodes.run(node('setConsent', { channel: 'email', consent: 'granted', changeOptions: { time: '2026-03-01' } }), [{ user: 'u1' }]);
		expect(await get('u1')).toMatchObject({ profile: { tags: ['vip'] }, consent: { email: { state: 'denied', at: '2026-03-02T10:00:00.000Z' } }, journeys: [] });
		await nodes.run(node('setConsent', { channel: 'email', purpose: { __rl: true, mode: 'name', value: '={{ $json.for }}' }, consent: 'granted' }), [{ user: 'u1', for: ' NewsLetter' }]);
		expect(await get('u1')).toMatchObject({ consent: { email: { state: 'denied' }, 'email/newsletter': { state: 'granted', at: '2026-03-02T10:00:00.000Z' } } });
		expect((await nodes.run(node('setConsent', { channel: '={{ "email/news" }}' }), [{ user: 'u1' }])).error?.message).toBe('Item 0: Channel must have no slash, found "email/news": what it is for is the Purpose');
		const bad = await nodes.run(node('setConsent', { channel: 'email', consent: '={{ $json.says }}' }), [{ user: 'u1', says: 'yes' }]);
		expect(bad.error?.message).toBe('Item 0: Consent must be granted or denied, found "yes"');
		expect((await nodes.run(node('addTags', { tags: '={{ $json.none }}' }), [{ user: 'u1' }])).error?.message).toMatch(/Tags is empty/);
		expect((await nodes.run(node('addIdentity', {}), [{ user: 'u1' }])).error?.message).toMatch(/Also Known As is empty/);
	});

	it.each([
		['nothing', undefined, 'Purpose is empty: check the expression, or clear the field to mean all purposes'],
		['null', null, 'Purpose is empty: check the expression, or clear the field to mean all purposes'],
		['blanks', ' ', 'Purpose is empty: check the expression, or clear the field to mean all purposes'],
		['a number', 7, 'Purpose must be text, found 7'],
		['a boolean', false, 'Purpose must be text, found false'],
		['a list', ['newsletter'], 'Purpose must be text, found a list'],
		['an object', { value: 'newsletter' }, 'Purpose must be text, found an object'],
	])('refuses a purpose that an expression makes %s of, and does not grant the whole channel instead', async (_, purpose, message) => {
		for (const field of [{ __rl: true, mode: 'name', value: '={{ $json.for }}' }, '={{ $json.for }}']) {
			const items = [{ user: 'u1', for: 'newsletter' }, { user: 'u1', for: purpose }];
			const { error } = await nodes.run(node('setConsent', { channel: 'email', purpose: field, consent: 'granted' }), items);
			expect(error?.message).toBe(`Item 1: ${message}`);
			await nodes.run(node('setConsent', { channel: 'email', purpose: field, consent: 'granted' }, GOES_ON), items);
			expect(Object.keys((await get('u1')).consent as object)).toEqual(['email/newsletter']);
		}
	});

	it('takes a purpose field that was cleared for all purposes', async () => {
		for (const [at, purpose] of [{ __rl: true, mode: 'list', value: '' }, { __rl: true, mode: 'name', value: '' }, ''].entries()) {
			await nodes.run(node('setConsent', { channel: 'email', purpose, consent: 'granted' }), [{ user: `u${at}` }]);
			expect(Object.keys((await get(`u${at}`)).consent as object)).toEqual(['email']);
		}
	});

	it('gets nobody by an identity that is not known', async () => {
		const { error } = await nodes.run(node('get', {}), [{ user: 'ghost' }]);
		expect(error?.message).toBe('Item 0: no customer has the user ID "ghost": check the value, or create the profile first');
	});

	it('stores nothing in a run in the editor, unless asked to', async () => {
		const shown = await nodes.run(node('track', { event: 'Try' }), [{ user: 'u1' }], 'manual');
		expect(json(shown.outputs[0])).toMatchObject([{ test: true, identities: [{ kind: 'user_id', value: 'u1' }], event: { name: 'Try' } }]);
		expect([shown.hints, await events()]).toEqual([[expect.stringMatching(/nothing was stored/)], []]);
		const message = { message: '00000000-0000-4000-8000-000000000000', engagement: 'opened' };
		expect((await nodes.run(node('recordEngagement', message), [{}], 'manual')).outputs[0]![0]!.json).toMatchObject({ test: true, engagement: 'opened' });
		await nodes.run(node('track', { event: 'Try', whenTesting: 'store' }), [{ user: 'u1' }], 'manual');
		expect(await events()).toHaveLength(1);
		expect(await get('u1')).toMatchObject({ profile: { id: 1 } });
	});

	it('hands a journey on beside what it says of a customer', async () => {
		const inside = { journey: { instance: 5, token: 't' }, profile: { id: 9 }, event: null, context: { a: 1 }, user: 'friend', other: 1 };
		const { outputs } = await nodes.run(node('track', { event: 'Invited' }), [inside]);
		expect(json(outputs[0])).toEqual([{
			journey: inside.journey, profile: { id: 9 }, event: null, context: { a: 1 }, customer: { profile: expect.objectContaining({ id: 1 }), event: expect.objectContaining({ name: 'Invited' }) },
		}]);
		const failed = await nodes.run(node('get', {}, GOES_ON), [{ ...inside, user: 'ghost' }]);
		expect(json(failed.outputs[0])).toMatchObject([{ journey: inside.journey, error: expect.stringMatching(/no customer/) }]);
	});

	it('explains a journey, an item for each sentence', async () => {
		await nodes.run(node('track', { event: 'Enter' }), [{ user: 'u1' }]);
		const { outputs, error } = await nodes.run(node('explain', { journey: 'shop' }), [{ user: 'u1' }]);
		expect(error).toBeUndefined();
		expect(json(outputs[0])).toEqual([{
			at: '2026-03-02T10:00:00.000Z', kind: 'candidate', step: 'The entry', instance: null,
			sentence: "2026-03-02 10:00:00 UTC — Is about to be looked at by 'The entry' because of event 'Enter' (from 10:00:00).",
		}]);
		const bad = await nodes.run(node('explain', { journey: 'shop', limit: 0 }), [{ user: 'u1' }]);
		expect(bad.error?.message).toBe('Item 0: Limit must be a whole number from 1 to 1000, found 0');
		expect((await nodes.run(node('explain', { journey: 'nowhere' }), [{ user: 'u1' }])).error?.message).toMatch(/no journey has the key "nowhere": use one of: .*shop/);
	});

	it('counts a journey for each item, and says what is wrong with a key', async () => {
		const counts = node('counts', { journey: '={{ $json.key }}' });
		const { outputs, error } = await nodes.run(counts, [{ key: 'shop' }]);
		expect(error).toBeUndefined();
		expect(json(outputs[0])).toEqual([{ journey: 'shop', entered: { times: 0, people: 0 }, inside: [], ended: {}, refused: {}, messages: [], converted: [] }]);
		const mixed = await nodes.run({ ...counts, ...GOES_ON }, [{ key: 'nowhere' }, { key: 'shop' }, { key: '' }]);
		expect(json(mixed.outputs[0])).toEqual([
			{ error: expect.stringMatching(/no journey has the key "nowhere": use one of: .*shop/) }, expect.objectContaining({ journey: 'shop' }),
			{ error: expect.stringMatching(/^Item 2: Journey Key/) },
		]);
	});
});
