import { validateDuration, validateOffset } from '../../lib/core/duration';
import { TIME_UNITS } from '../../lib/core/types';

describe('validateDuration', () => {
	test.each(TIME_UNITS)('1 of %s', (unit) => {
		expect(validateDuration({ amount: 1, unit }, 'Delay')).toEqual({ amount: 1, unit });
	});

	const ACCEPTED: Array<[number, string]> = [
		[90, 'minutes'], [0, 'seconds'], [0, 'minutes'], [0, 'hours'], [100, 'hours'], [400, 'days'],
		[100, 'years'], [1200, 'months'], [5217, 'weeks'], [36_525, 'days'], [876_600, 'hours'],
	];
	test.each(ACCEPTED)('%d %s stay what they are', (amount, unit) => {
		expect(validateDuration({ amount, unit }, 'Delay')).toEqual({ amount, unit });
	});

	const REFUSED: Array<[unknown, unknown, RegExp]> = [
		[1, 'fortnights', /^Delay: "fortnights" is not a unit of time\. Use one of: seconds, minutes/],
		[1, 'm', /"m" is not a unit/],
		[1, 'day', /"day" is not a unit/],
		[1, '', /nothing is not a unit/],
		[1, undefined, /nothing is not a unit/],
		[1, 'constructor', /"constructor" is not a unit/],
		[0, 'days', /^Delay: "0 days" is too short/],
		[0, 'years', /"0 years" is too short/],
		[-1, 'seconds', /"-1" is not a whole number of seconds/],
		[1.5, 'hours', /"1.5" is not a whole number of hours/],
		[Number.NaN, 'hours', /"NaN" is not a whole number/],
		[Number.POSITIVE_INFINITY, 'hours', /"Infinity" is not a whole number/],
		['90', 'minutes', /"90" is not a number of minutes.*Number\(…\)/],
		['90 m', 'minutes', /"90 m" is not a number/],
		[undefined, 'minutes', /nothing is not a number/],
		[null, 'minutes', /nothing is not a number/],
		[101, 'years', /"101 years" is longer than a hundred years\. Enter at most 100 years/],
		[1201, 'months', /longer than a hundred years/],
		[5218, 'weeks', /longer than a hundred years/],
		[36_526, 'days', /longer than a hundred years/],
		[876_601, 'hours', /longer than a hundred years/],
		[52_596_001, 'minutes', /longer than a hundred years/],
		[3_155_760_001, 'seconds', /longer than a hundred years/],
	];
	test.each(REFUSED)('refuses %p %p', (amount, unit, message) => {
		expect(() => validateDuration({ amount, unit }, 'Delay')).toThrow(
			expect.objectContaining({ name: 'TimeRuleError', field: 'Delay', message: expect.stringMatching(message) }),
		);
	});
});

test('an offset may be zero in any unit, and nothing else is different', () => {
	expect(validateOffset({ amount: 0, unit: 'days' }, 'Offset')).toEqual({ amount: 0, unit: 'days' });
	expect(() => validateOffset({ amount: -1, unit: 'days' }, 'Offset')).toThrow(/^Offset: "-1"/);
});
