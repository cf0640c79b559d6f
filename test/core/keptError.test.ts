import fc from 'fast-check';

import { keptError, LONGEST_ERROR } from '../../lib/core/keptError';

describe('what is kept of an error', () => {
	it('names nobody of these, as whole words, whatever stands in a name, longer names first', () => {
		expect(keptError('To CUSTOMER-1@example.com (customer-1): 550', ['customer-1', 'customer-1@example.com'])).toBe('To (a customer) ((a customer)): 550');
		expect(keptError('order 100012 of 10001', ['10001'])).toBe('order 100012 of (a customer)');
		fc.assert(fc.property(fc.string({ minLength: 1 }), (name) => {
			fc.pre(/\S/.test(name) && !/[\0\p{Surrogate}]/u.test(name));
			expect(keptError(`<${name}>`, [name])).toBe('<(a customer)>');
		}));
	});

	it('is bounded, and something that Postgres can hold', () => {
		expect([...keptError('😀'.repeat(3_000))]).toHaveLength(LONGEST_ERROR);
		expect(keptError('a\0b\uD800c')).toBe('a\uFFFDb\uFFFDc');
		expect(keptError('as it is')).toBe('as it is');
	});
});
