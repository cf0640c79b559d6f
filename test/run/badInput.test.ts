import fc from 'fast-check';

import { readMessage } from '../../lib/core/segment/intake';
import { admit } from '../../lib/run/admission';
import { takeIn } from '../../lib/run/intake';
import { park, type Arrival } from '../../lib/run/park';
import { claimCandidates } from '../../lib/store/claim';
import { OPERATORS, type Condition, type IntakeEntry } from '../../lib/core/types';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy, type World } from '../support/world';

/** JSON texts of values that have broken somebody's database before. */
const VALUES = [
	'1e308', '-1.7976931348623157e308', '5e-324', '1e400', '-0', '0.1e-300', '12345678901234567890123', '1e21', 'null', 'true', '[]', '{}', '[[[[[]]]]]', '""',
	'"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u2028\\ufeff\\uffff"', '"NaN"', '"Infinity"', '"-Infinity"', '"1e999999"', '"1_000"',
	'"12,50"', '"12.50"', '" 7 "', '"0x10"', '"--1"', '"."', '"1."', '"9999-12-31T23:59:59.999Z"', '"10000-01-01"', '"0000-00-00"', '"2026-02-30"', '"infinity"',
	'"{\\"a\\":1}"', '"\\\\"', '"\'; DROP TABLE events; --"', '"$1"', '"%s"', '"{}"', '"\\n\\t\\r\\b"',
	`"${'x'.repeat(8_000)}"`, `${'['.repeat(16)}${']'.repeat(16)}`, `${'{"a":'.repeat(15)}1${'}'.repeat(15)}`, `${'['.repeat(500)}${']'.repeat(500)}`,
	'{"__proto__":{"x":1},"constructor":1,"toString":2,"":3," ":4,"a.b":5,"$":6}', '{"a":1,"a":2}', '{"\\u0000":1}', '{"\\ud800":1}',
];
const NAMES = ['total', 'currency', 'id', '__proto__', '', 'constructor', 'when', '$', 'a.b'];

describe.each(STORES)('bad input on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	let waiting: string;
	let rounds = 0;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		world = await makeWorld(it_.store, 'bad', { type: 'conversion', exit: false, value: '$."total"', currency: '$."currency"', window: '30 days' });
		waiting = 'waiting';
		// Somebody waits for every kind of filter, so that each bad value is compared.
		const [held] = await makeRunning(it_.store, world, [waiting], 1);
		const values: Record<string, unknown> = { isOneOf: '1,2', before: '2020-01-01', after: '2031-01-01', greater: 5, greaterOrEqual: 5, less: -5e9, lessOrEqual: -5e9 };
		const conditions = OPERATORS.flatMap((operator) => ['total', 'when'].map((path): Condition =>
			wakesBy('Order', { effect: 'reset', filter: [{ path, operator, value: values[operator] ?? 'never this' }, { path: 'total', operator: 'is', value: 'never' }] })));
		await park(idleEngine(it_.store), { token: held!.token, execution: 'e1' }, world.state, { conditions, timer: { amount: 1, unit: 'days' } }, held!.people.map((one): Arrival => (
			{ id: one.id, profile_id: one.profile_id, due_at: new Date(+it_.clock.now + DAY_MS), expires: false, since: it_.clock.now, after_arrival: false, vars: null, wake: null })));
	}, 60_000);
	afterAll(async () => await it_?.drop());

	/** What the collector makes of a message of this JSON text: an entry, or nothing when it refuses it by itself. */
	function atTheDoor(json: string, index = 0): IntakeEntry[] {
		const read = readMessage(JSON.parse(json), { index, receivedAt: it_.clock.now, latenessDays: 7 });
		return 'entry' in read ? [read.entry] : [];
	}

	/** Takes what the door lets through in with two good neighbours, and tells what failed. */
	async function tryAll(messages: string[]): Promise<{ refused: number; failed: Array<[string, string]> }> {
		let refused = 0;
		const failed: Array<[string, string]> = [];
		const read = messages.map((message, at) => ({ message, entries: atTheDoor(message, at + 1) }));
		refused += read.filter(({ entries }) => entries.length === 0).length;
		const attempt = async (some: typeof read): Promise<void> => {
			const neighbour = (index: number) => ({ ...eventOf(`good${rounds}-${index}`, 'Order', it_.clock.now), index });
			const entries = [neighbour(0), ...some.flatMap((one) => one.entries), neighbour(messages.length + 1)];
			try {
				await takeIn(it_.store, 'test', entries);
			} catch (error) {
				// Find the culprit.
				if (some.length === 1) failed.push([some[0]!.message.slice(0, 200), (error as Error).message]);
				else for (const half of [some.slice(0, some.length / 2), some.slice(some.length / 2)]) await attempt(half);
			}
		};
		for (let at = 0; at < read.length; at += 100) {
			rounds++;
			await attempt(read.slice(at, at + 100));
		}
		return { refused, failed };
	}

	it('of any value in any place either stays outside by itself or gets in', async () => {
		const messages = VALUES.flatMap((value) => [
			...NAMES.map((name) => `{"type":"track","userId":"${waiting}","event":"Order","properties":{${JSON.stringify(name)}:${value}}}`),
			`{"type":"identify","userId":"v","traits":{"a":${value}}}`,
			`{"type":"identify","userId":"v","traits":${value}}`,
			`{"type":"identify","userId":"v","traits":{"email":${value},"phone":${value},"locale":${value}}}`,
			`{"type":"identify","userId":"v","context":{"timezone":${value},"consent":{"categoryPreferences":${value}}}}`,
			`{"type":"identify","userId":"v","context":{"consent":{"categoryPreferences":{"a":${value}}}}}`,
			`{"type":"track","userId":${value},"event":"Order"}`,
			`{"type":"track","userId":"v","event":${value}}`,
			`{"type":"track","userId":"v","event":"Order","messageId":${value}}`,
			`{"type":"track","userId":"v","event":"Order","timestamp":${value},"sentAt":${value}}`,
			`{"type":"identify","userId":"v","traits":{"b":1},"timestamp":${value}}`,
			`{"type":"group","userId":"v","groupId":${value},"traits":${value}}`,
			`{"type":"alias","userId":${value},"previousId":${value}}`,
			`{"type":"page","anonymousId":${value},"name":${value},"category":${value}}`,
		]);
		const { refused, failed } = await tryAll(messages);
		expect(failed).toEqual([]);
		expect(refused).toBeGreaterThan(100);
		expect(messages.length - refused).toBeGreaterThan(300);
	}, 60_000);

	it('made at random either stays outside by itself or gets in', async () => {
		const text = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom('\0', '\ud800', '\udfff', '"', '\\', '{', '\u0001', 'é', '😀')), maxLength: 12 });
		const json = fc.letrec<{ any: unknown }>((tie) => ({
			any: fc.oneof({ maxDepth: 4 }, text, fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(text, tie('any'), { maxKeys: 3 })),
		})).any;
		const message = fc.record({
			type: fc.constantFrom('track', 'identify', 'page', 'group', 'alias'), userId: fc.oneof(text, json), anonymousId: fc.oneof(text, json), previousId: text, groupId: text,
			event: fc.oneof(fc.constant('Order'), text), properties: fc.dictionary(text, json), traits: fc.dictionary(text, json), messageId: text, timestamp: fc.oneof(fc.constant(undefined), text, fc.maxSafeInteger()),
		}, { requiredKeys: ['type', 'userId', 'event', 'previousId', 'groupId'] });
		await fc.assert(fc.asyncProperty(fc.array(message, { minLength: 50, maxLength: 50 }), async (messages) => {
			expect((await tryAll(messages.map((one) => JSON.stringify(one)))).failed).toEqual([]);
		}), { numRuns: 10 });
	}, 60_000);

	it('in a goal\'s value is no value, and in a goal\'s currency is kept', async () => {
		const world_ = await makeWorld(it_.store, 'values', { type: 'conversion', exit: false, value: '$."total"', currency: '$."currency"' });
		const totals: Array<[unknown, number | null]> = [[12.5, 12.5], ['12.50', 12.5], [' -3e2 ', -300], ['12,50', null], ['much', null], ['NaN', null], [true, null], [null, null], [[5], null], ['', null], ['1e999999', null]];
		const users = totals.map((_, at) => `value${at}`);
		await makeRunning(it_.store, world_, users, 100);
		const { conversions } = await takeIn(it_.store, 'test', totals.map(([total], at) => eventOf(users[at]!, 'Order', it_.clock.now, { properties: { total, currency: 'EUR' } })));
		expect(conversions).toBe(totals.length);
		expect(await ask(it_.store, `SELECT c.value, c.currency FROM conversions c JOIN identities i USING (profile_id) WHERE journey_id = $1 ORDER BY length(i.value), i.value`, [world_.journey]))
			.toEqual(totals.map(([, value]) => ({ value, currency: 'EUR' })));
	});

	it('in a correlation value keeps nobody else outside', async () => {
		const world_ = await makeWorld(it_.store, 'correlated');
		// Text that does not compress, as keys of an index must fit a page.
		const long = (length: number) => Array.from({ length }, (_, at) => String.fromCharCode(0x4e00 + ((at * 7919) % 20_000))).join('');
		const values = [long(5_000), 'ok', 1e21, 0.0000001, long(255), long(256), '', null, { a: 1 }, true];
		await takeIn(it_.store, 'test', values.map((id, at) => eventOf(`corr${at}`, 'Enter', it_.clock.now, { properties: { id } })));
		const claim = await it_.store.tx(async (db) => await claimCandidates(db, world_.entry, 0, 100, it_.clock.now));
		const rules = { reentry: { kind: 'once' as const }, whileInside: 'refuse' as const, values: {}, zone: 'UTC', correlation: 'id' };
		const step = { id: world_.entry };
		const inside = await admit(idleEngine(it_.store), { token: claim!.token, execution: 'e' }, step, rules);
		// As Postgres writes a property as text, or a later event would not match.
		const correlations = inside.map(({ correlation }) => (correlation === long(255) ? 'long' : correlation.slice(0, 30)));
		expect(correlations.sort()).toEqual(['0.0000001', '1000000000000000000000', 'long', 'ok', 'true']);
		expect(await ask(it_.store, 'SELECT reason, times FROM refusals WHERE journey_id = $1 ORDER BY reason, times', [world_.journey])).toEqual([
			{ reason: 'correlation_too_long', times: 1 }, { reason: 'correlation_too_long', times: 1 },
			{ reason: 'no_correlation', times: 1 }, { reason: 'no_correlation', times: 1 }, { reason: 'no_correlation', times: 1 },
		]);
	});
});
