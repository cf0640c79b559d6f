import { DateTime } from 'luxon';
import { runInNewContext } from 'node:vm';

import { parseDate } from '../../lib/core/date-value';

const READ: Array<[unknown, string]> = [
	['2026-11-22', '2026-11-21T21:00:00.000Z'],
	['2026-11-22T14:00', '2026-11-22T11:00:00.000Z'],
	['2026-11-22T14:00:05', '2026-11-22T11:00:05.000Z'],
	['2026-11-22 14:00:05', '2026-11-22T11:00:05.000Z'],
	['  2026-11-22  ', '2026-11-21T21:00:00.000Z'],
	['2026-11-22T14:00:05.1', '2026-11-22T11:00:05.100Z'],
	['2026-11-22T14:00:05,123', '2026-11-22T11:00:05.123Z'],
	['2026-11-22T14:00:05.123999Z', '2026-11-22T14:00:05.123Z'],
	['2026-11-22T24:00', '2026-11-22T21:00:00.000Z'],
	['2026-11-22t14:00z', '2026-11-22T14:00:00.000Z'],
	['2026-11-22T14:00-03:30', '2026-11-22T17:30:00.000Z'],
	['2026-11-22T14:00+0530', '2026-11-22T08:30:00.000Z'],
	['2026-11-22 14:00:05.5+00', '2026-11-22T14:00:05.500Z'],
	['2024-02-29T00:00Z', '2024-02-29T00:00:00.000Z'],
	['0001-01-01T00:00Z', '0001-01-01T00:00:00.000Z'],
	['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
	[0, '1970-01-01T00:00:00.000Z'],
	[1_795_356_000, '2026-11-22T14:00:00.000Z'],
	[1_795_356_000.5, '2026-11-22T14:00:00.500Z'],
	[99_999_999_999, '5138-11-16T09:46:39.000Z'],
	[100_000_000_000, '1973-03-03T09:46:40.000Z'],
	[1_795_356_000_000, '2026-11-22T14:00:00.000Z'],
	[253_402_300_799_999, '9999-12-31T23:59:59.999Z'],
	[new Date('2026-11-22T14:00:00Z'), '2026-11-22T14:00:00.000Z'],
	[runInNewContext('new Date(1795356000000)'), '2026-11-22T14:00:00.000Z'],
	[DateTime.fromISO('2026-11-22T14:00', { zone: 'America/New_York' }), '2026-11-22T19:00:00.000Z'],
];

const REFUSED: Array<[unknown, RegExp]> = [
	['31/02', /^Trial ends: "31\/02" is not a date that can be told without guessing\. Use ISO 8601/],
	['31/02/2026', /without guessing/],
	['02/03/2026', /without guessing/],
	['2026-02-31', /"2026-02-31" does not exist/],
	['2026-02-29', /does not exist/],
	['2026-13-01', /does not exist/],
	['2026-00-10', /does not exist/],
	['2026-11-22T24:01', /does not exist/],
	['2026-11-22T25:00', /does not exist/],
	['2026-11-22T12:60', /does not exist/],
	['2026-11-22T12:00:60', /does not exist/],
	['2026-11-22T14', /without guessing/],
	['2026-11-22T14:00+25:00', /offset from UTC that does not exist \(\+25:00\)/],
	['2026-11-22T14:00+03:75', /offset from UTC that does not exist/],
	['2026-11-22Z', /without guessing/],
	['2026-11', /without guessing/],
	['2026', /without guessing/],
	['20261122', /without guessing/],
	['2026-W47-1', /without guessing/],
	['14:00', /without guessing/],
	['1795356000', /without guessing/],
	['tomorrow', /without guessing/],
	['Sun Nov 22 2026', /without guessing/],
	['+012026-11-22', /without guessing/],
	['0000-01-01', /lands before the year 1\./],
	['9999-12-31T23:59:59-01:00', /beyond the year 9999/],
	['', /^Trial ends: nothing is not a date/],
	['   ', /^Trial ends: nothing is not a date/],
	[null, /^Trial ends: nothing is not a date/],
	[undefined, /^Trial ends: nothing is not a date/],
	[true, /"true" is not a date/],
	[{ date: '2026-01-01' }, /a value of type object is not a date/],
	[['2026-01-01'], /a value of type list is not a date/],
	[-1, /"-1" is not a date/],
	[Number.NaN, /"NaN" is not a date/],
	[Number.POSITIVE_INFINITY, /"Infinity" is not a date/],
	[253_402_300_800_000, /beyond the year 9999 \(looks like microseconds/],
	[1_795_356_000_000_000, /looks like microseconds/],
	[new Date(Number.NaN), /is not a date/],
	[DateTime.invalid('made so'), /is not a date/],
	['x'.repeat(500), /^.{0,300}$/],
];

describe('parseDate', () => {
	test.each(READ)('reads %p as %s', (value, expected) => {
		expect(parseDate(value, 'Europe/Istanbul', 'Trial ends').toISOString()).toBe(expected);
	});

	test.each(REFUSED)('refuses %p', (value, message) => {
		expect(() => parseDate(value, 'Europe/Istanbul', 'Trial ends')).toThrow(
			expect.objectContaining({ name: 'TimeRuleError', field: 'Trial ends', message: expect.stringMatching(message) }),
		);
	});
});
