import fc from 'fast-check';

import { ENDPOINT_PATHS, endpointOf } from '../../lib/core/segment/calls';
import { readMessage, type Envelope } from '../../lib/core/segment/intake';

const receivedAt = new Date('2026-03-10T12:00:00.000Z');
const envelope = (more: Partial<Envelope> = {}): Envelope => ({ index: 0, receivedAt, latenessDays: 7, ...more });

function accepted(raw: unknown, more: Partial<Envelope> = {}) {
	const read = readMessage(raw, envelope(more));
	if ('reason' in read) throw new Error(`refused: ${read.reason}`);
	return read.entry;
}

function reason(raw: unknown, more: Partial<Envelope> = {}): string {
	const read = readMessage(raw, envelope(more));
	if ('entry' in read) throw new Error(`accepted: ${JSON.stringify(read.entry)}`);
	return read.reason;
}

const track = (more: object = {}) => ({ type: 'track', userId: 'u1', event: 'Order Completed', ...more });
const identify = (traits: object, more: object = {}) => ({ type: 'identify', userId: 'u1', traits, ...more });

describe('paths', () => {
	it('knows long and short names, with and without v1, behind any base path', () => {
		expect(ENDPOINT_PATHS).toEqual(expect.arrayContaining(['v1/batch', 'v1/b', 'v1/import', 'v1/track', 'v1/t', 'track', 't', 'v1/i', 'v1/p', 'v1/s', 'v1/g', 'v1/a']));
		expect(new Set(ENDPOINT_PATHS).size).toBe(ENDPOINT_PATHS.length);
		expect(ENDPOINT_PATHS.map((path) => endpointOf(`/webhook/journey/${path}`))).not.toContain(undefined);
		expect(['/v1/t/', '/v1/track', '/webhook/journey/s', '/b', '/v1/nothing', '/'].map(endpointOf)).toEqual(['track', 'track', 'screen', 'batch', undefined, undefined]);
	});
});

describe('the calls', () => {
	it('track becomes an event', () => {
		expect(accepted(track({ anonymousId: 'a1', messageId: 'm1', properties: { total: 12.5 } }), { index: 3 })).toEqual({
			index: 3,
			identities: [{ kind: 'user_id', value: 'u1' }, { kind: 'anonymous_id', value: 'a1' }],
			event: { name: 'Order Completed', properties: { total: 12.5 } },
			occurredAt: receivedAt,
			messageId: 'm1',
		});
	});

	it('page and screen become events that carry name and category', () => {
		expect(accepted({ type: 'page', anonymousId: 'a1', name: 'Home', category: 'Shop', properties: { url: '/' } }).event).toEqual({ name: 'page', properties: { url: '/', name: 'Home', category: 'Shop' } });
		expect(accepted({ type: 'screen', userId: 'u1', name: null }).event).toEqual({ name: 'screen', properties: {} });
	});

	it('consent is for a channel or a purpose on it, and comes with identify and the event that says it was updated', () => {
		const context = { consent: { categoryPreferences: { email: true, ' Email / NewsLetter': false, 'PUSH/a/b': true } } };
		const consent = { email: 'granted', 'email/newsletter': 'denied', 'push/a/b': 'granted' };
		expect(accepted(identify({}, { context })).change).toEqual({ attributes: {}, consent, consentIsStamped: true });
		expect(accepted({ type: 'track', userId: 'u1', event: 'Segment Consent Preference Updated', context })).toMatchObject({ event: { name: 'Segment Consent Preference Updated' } });
		// The one is stamped on every call, the other says what was chosen.
		expect(accepted({ type: 'track', userId: 'u1', event: 'Segment Consent Preference Updated', context }).change).toEqual({ consent });
		expect(accepted({ type: 'track', userId: 'u1', event: 'Order', context }).change).toBeUndefined();
	});

	it('identify changes the profile and brings contacts, zone, locale and consent', () => {
		const traits = { first_name: 'Customer 1', email: 'customer-1@example.com', phone: '+44 20 7946 0000', plan: null };
		const context = { timezone: 'Europe/Istanbul', locale: 'tr-TR', consent: { categoryPreferences: { email: true, sms: false } } };
		const entry = accepted(identify(traits, { context }));
		expect(entry.event).toBeUndefined();
		expect(entry.change).toEqual({ attributes: traits, zone: 'Europe/Istanbul', locale: 'tr-TR', consent: { email: 'granted', sms: 'denied' }, consentIsStamped: true });
		expect(entry.identities).toEqual([
			{ kind: 'user_id', value: 'u1' },
			{ kind: 'email', value: 'customer-1@example.com' },
			{ kind: 'phone', value: '+44 20 7946 0000' },
		]);
	});

	it('prefers what traits say to what the client detected, and the message to its batch', () => {
		const batch = { context: { timezone: 'Europe/Paris', locale: 'fr' } };
		expect(accepted(identify({ timezone: 'Asia/Tokyo' }, { context: { locale: 'ja_JP' } }), batch).change).toMatchObject({ zone: 'Asia/Tokyo', locale: 'ja_JP' });
		expect(accepted(identify({}), batch).change).toMatchObject({ zone: 'Europe/Paris', locale: 'fr' });
	});

	it('an empty contact changes the attribute and identifies nobody', () => {
		const entry = accepted(identify({ email: '', phone: null }));
		expect(entry.identities).toEqual([{ kind: 'user_id', value: 'u1' }]);
		expect(entry.change?.attributes).toEqual({ email: '', phone: null });
	});

	it('track does not touch the profile, whatever its context says', () => {
		expect(accepted(track({ context: { timezone: 'Europe/Istanbul', traits: { email: 'customer-1@example.com' } } })).change).toBeUndefined();
	});

	it('group becomes an event and two attributes', () => {
		const entry = accepted({ type: 'group', userId: 'u1', groupId: 42, traits: { name: 'Acme' } });
		const about = { group_id: '42', group: { name: 'Acme' } };
		expect(entry.event).toEqual({ name: 'group', properties: about });
		expect(entry.change).toEqual({ attributes: about });
	});

	it('alias names one person by both ids', () => {
		expect(accepted({ type: 'alias', previousId: 'a1', userId: 'u1' })).toMatchObject({
			identities: [{ kind: 'user_id', value: 'u1' }, { kind: 'anonymous_id', value: 'a1' }, { kind: 'user_id', value: 'a1' }],
			change: {},
		});
	});

	it('takes the call from the path, and refuses a type that contradicts it', () => {
		expect(accepted({ userId: 'u1', event: 'Signed Up' }, { call: 'track' }).event?.name).toBe('Signed Up');
		expect(reason(identify({}), { call: 'track' })).toBe('type is "identify", but the path says track: send it to its own path');
	});

	it('reads numbers as ids, and null or blank text as no id', () => {
		expect(accepted(track({ userId: 42, anonymousId: null })).identities).toEqual([{ kind: 'user_id', value: '42' }]);
		expect(reason(track({ userId: ' ', anonymousId: '' }))).toBe('userId and anonymousId are both missing: send at least one');
	});
});

describe('own time', () => {
	const at = (times: object, more: Partial<Envelope> = {}) => accepted(track(times), more).occurredAt.toISOString();

	it('is the arrival without a timestamp, else the timestamp', () => {
		expect(at({})).toBe('2026-03-10T12:00:00.000Z');
		expect(at({ timestamp: '2026-03-09T08:00:00+03:00' })).toBe('2026-03-09T05:00:00.000Z');
		expect(at({ originalTimestamp: '2026-03-09T08:00:00.123456Z' })).toBe('2026-03-09T08:00:00.123Z');
	});

	it('corrects the sender’s clock by sentAt, of the message or of its batch', () => {
		// The client's clock is an hour fast; it sent the event ten minutes after it happened.
		const times = { timestamp: '2026-03-10T12:50:00Z', sentAt: '2026-03-10T13:00:00Z' };
		expect(at(times)).toBe('2026-03-10T11:50:00.000Z');
		expect(at({ timestamp: times.timestamp }, { sentAt: times.sentAt })).toBe('2026-03-10T11:50:00.000Z');
		expect(at(times, { sentAt: '2020-01-01T00:00:00Z' })).toBe('2026-03-10T11:50:00.000Z');
	});

	it('is refused beyond five minutes in the future', () => {
		expect(at({ timestamp: '2026-03-10T12:05:00Z' })).toBe('2026-03-10T12:05:00.000Z');
		expect(reason(track({ timestamp: '2026-03-10T12:05:00.001Z' }))).toContain('timestamp lies in the future (2026-03-10T12:05:00.001Z, received 2026-03-10T12:00:00.000Z)');
	});

	it('is refused for events beyond the lateness limit, but not for a person’s attributes', () => {
		expect(at({ timestamp: '2026-03-03T12:00:00Z' })).toBe('2026-03-03T12:00:00.000Z');
		expect(reason(track({ timestamp: '2026-03-03T11:59:59.999Z' }))).toContain('older than the lateness limit of 7 days');
		expect(accepted(identify({}, { timestamp: '2020-03-03T11:59:59Z' })).occurredAt.toISOString()).toBe('2020-03-03T11:59:59.000Z');
	});

	it.each(['31/02', '2026-02-31T00:00:00Z', '2026-02-31', 'yesterday', '10:00', '', '2026-03-10T25:00:00Z', {}, [], true, -1, 1e300])('refuses %j, naming the field', (timestamp) => {
		expect(reason(track({ timestamp }))).toMatch(/^timestamp: /);
		expect(reason(track({ timestamp: '2026-03-10T12:00:00Z', sentAt: timestamp }))).toMatch(/^sentAt: /);
	});
});

describe('what is refused, with a reason that names the field', () => {
	const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
	it.each<[string, unknown, string]>([
		['no object', 'hello', 'the message must be an object, found "hello"'],
		['nothing', null, 'the message must be an object, found nothing'],
		['a list', [], 'the message must be an object, found a list'],
		['no type', { userId: 'u1' }, 'type must be one of identify, track, page, screen, group, alias, found nothing'],
		['an unknown type', { type: 'delete', userId: 'u1' }, 'type must be one of identify, track, page, screen, group, alias, found "delete"'],
		['track without event', track({ event: undefined }), 'event must be text, found nothing'],
		['an empty event name', track({ event: '' }), 'event must not be empty'],
		['a long event name', track({ event: 'x'.repeat(201) }), 'event must have at most 200 characters, found 201'],
		['an event of the engine', track({ event: 'journey:start:welcome' }), 'event must not begin with "journey:", which is for events of the engine itself, found "journey:start:welcome"'],
		['two faults', track({ event: 5, properties: [] }), 'event must be text, found 5; properties must be an object, found a list'],
		['a long id', track({ userId: 'x'.repeat(256) }), 'userId must have at most 255 characters, found 256'],
		['an id that is no text', track({ userId: { id: 1 } }), 'userId must be text, found an object'],
		['an unsafe number as id', track({ userId: 2 ** 60 }), 'userId must be text, found 1152921504606847000'],
		['a long message id', track({ messageId: 'x'.repeat(256) }), 'messageId must have at most 255 characters, found 256'],
		['group without id', { type: 'group', userId: 'u1' }, 'group needs groupId: send it'],
		['alias without previous id', { type: 'alias', userId: 'u1' }, 'alias needs previousId and userId: send both'],
		['alias without user id', { type: 'alias', previousId: 'a1', anonymousId: 'a1' }, 'alias needs previousId and userId: send both'],
		['a broken e-mail', identify({ email: 'customer-1' }), 'traits.email must be an e-mail address, found "customer-1"'],
		['a phone that is a number', identify({ phone: 442079460000 }), 'traits.phone must be a phone number as text, found 442079460000'],
		['an unknown zone', identify({ timezone: 'Mars/Olympus' }), 'traits.timezone: "Mars/Olympus" is not a time zone. Use an IANA name such as Europe/Istanbul or America/New_York.'],
		['no locale', identify({}, { context: { locale: 'English, please' } }), 'context.locale must be a locale such as en-GB, found "English, please"'],
		['consent that is no boolean', identify({}, { context: { consent: { categoryPreferences: { email: 'yes' } } } }), 'context.consent.categoryPreferences must give true or false for each channel or channel/purpose, found "yes"'],
		['consent for a purpose without a name', identify({}, { context: { consent: { categoryPreferences: { 'email/ ': true } } } }), 'context.consent.categoryPreferences has the name "email/ ": write a channel such as email, or channel/purpose such as email/newsletter'],
		['deep nesting', track({ properties: nested(17) }), `properties${'.a'.repeat(16)} is nested deeper than 16 levels: flatten it`],
		['much data', track({ properties: { note: 'ü'.repeat(16_400) } }), 'properties is 32811 bytes as JSON, at most 32768 are kept: send less'],
		['NUL in a value', track({ properties: { items: [{ sku: 'a\0' }] } }), 'properties.items[0].sku contains the NUL character \\u0000, which cannot be kept: remove it ("a\\u0000")'],
		['NUL in a name', identify({ 'a\0': 1 }), 'a name in traits contains the NUL character \\u0000, which cannot be kept: remove it ("a\\u0000")'],
		['NUL in an id', track({ userId: 'u\0' }), 'the user id contains the NUL character \\u0000, which cannot be kept: remove it ("u\\u0000")'],
		['half a surrogate pair', track({ properties: { a: '\ud83d' } }), 'properties.a contains half a character (an unpaired surrogate): send whole Unicode ("\\ud83d")'],
		['a number beyond double precision', track({ properties: JSON.parse('{"a":1e400}') as object }), 'properties.a is a number too large to keep: send it as text'],
	])('%s', (_what, raw, expected) => {
		expect(reason(raw)).toBe(expected);
	});

	it('keeps what lies exactly on the limits', () => {
		accepted(track({ event: 'x'.repeat(200), userId: 'x'.repeat(255), messageId: 'x'.repeat(255), properties: nested(16) as object }));
		accepted(track({ properties: { note: 'x'.repeat(32 * 1024 - '{"note":""}'.length) } }));
	});
});

it('keeps properties named like parts of JavaScript’s objects', () => {
	const properties = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":"x"}') as object;
	expect(JSON.stringify(accepted(track({ properties })).event?.properties)).toBe(JSON.stringify(properties));
	expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

it('never throws: any JSON is accepted or gets a reason that can be stored', () => {
	const known = fc.constantFrom('type', 'userId', 'anonymousId', 'previousId', 'groupId', 'event', 'properties', 'traits', 'context', 'timestamp', 'sentAt', 'messageId', 'name', 'category');
	const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('track', 'identify', 'page', 'group', 'alias', 'u1\0', '\ud800', '2026-03-10T11:00:00Z'));
	const value = fc.oneof(fc.jsonValue({ noUnicodeString: false }), text, fc.constantFrom(1e400, -1, 2 ** 60, { consent: { categoryPreferences: 5 } }, { consent: 7 }, { timezone: '\0' }));
	const message = fc.oneof(value, fc.dictionary(fc.oneof(known, fc.string()), value).map((fields) => ({ type: 'track', userId: 'u1', event: 'e', ...fields })));
	const outcomes = { accepted: 0, refused: 0 };
	fc.assert(
		fc.property(message, value, fc.constantFrom(undefined, 'identify' as const, 'track' as const), (raw, outer, call) => {
			const read = readMessage(raw, envelope({ context: outer, sentAt: outer, call }));
			outcomes['entry' in read ? 'accepted' : 'refused']++;
			if ('reason' in read) {
				expect(read.reason).not.toBe('');
				expect(read.reason).not.toMatch(/[\0\p{Surrogate}]/u);
			} else {
				expect(read.entry.identities.length).toBeGreaterThan(0);
				expect(read.entry.occurredAt.getTime()).toBeLessThanOrEqual(receivedAt.getTime() + 300_000);
				expect(JSON.stringify(read.entry)).not.toMatch(/\\u0000|\\ud[89a-f]/);
			}
		}),
		{ numRuns: 2_000 },
	);
	expect(outcomes.accepted).toBeGreaterThan(50);
	expect(outcomes.refused).toBeGreaterThan(50);
});
