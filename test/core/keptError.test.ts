import fc from 'fast-check';

import { keptError, LONGEST_ERROR, readError, unwanted } from '../../lib/core/keptError';

describe('what is kept of an error', () => {
	const kept = (said: string, ...names: string[]) => keptError(said, unwanted(names));

	it('names nobody of these, as whole words, whatever stands in a name, longer names first', () => {
		expect(kept('To CUSTOMER-1@example.com (customer-1): 550', 'customer-1', 'customer-1@example.com')).toBe('To (a customer) ((a customer)): 550');
		expect(kept('order 100012 of 10001', '10001')).toBe('order 100012 of (a customer)');
		expect(kept('+49 30 123456: busy; x+49 30 123456', '+49 30 123456')).toBe('(a customer): busy; x+49 30 123456');
		expect(kept('a b c d', 'a b', 'b c d')).toBe('(a customer)');
		expect(kept('STRASSE Straße ΟΔΟΣ İx 😀1', 'straße', 'οδος', 'İX', '😀1')).toBe('STRASSE (a customer) (a customer) (a customer) (a customer)');
		fc.assert(fc.property(fc.string({ minLength: 1 }), (name) => {
			fc.pre(/[^\s\d]/.test(name) && !/[\0\p{Surrogate}]/u.test(name));
			expect(kept(`«${name}»`, name)).toBe('«(a customer)»');
		}));
	});

	it('says what went wrong, whoever is called by a small number', () => {
		const said = 'Request failed with status code 429: connect ECONNREFUSED 127.0.0.1:5432';
		expect(kept(said, '429', '1', '127', '5432')).toBe(said);
		expect(kept('no 54321', '54321')).toBe('no (a customer)');
	});

	it('names nobody at its end, where it is cut off', () => {
		const [long, short] = [`${'y'.repeat(240)}@example.com`, 'ab'];
		for (let before = LONGEST_ERROR - 300; before <= LONGEST_ERROR; before += 20) {
			expect(kept(`${'.'.repeat(before)}${long} ${'x'.repeat(5_000)}`, long)).not.toContain('y');
		}
		expect(kept(`${long} `.repeat(100), long)).toBe(`${'(a customer) '.repeat(7)}(a customer)…`);
		expect([...kept(`${short} `.repeat(600), short)]).toHaveLength(LONGEST_ERROR);
	});

	it('is bounded, and something that Postgres can hold', () => {
		expect([...keptError('😀'.repeat(3_000))]).toHaveLength(LONGEST_ERROR);
		expect(keptError('😀'.repeat(LONGEST_ERROR))).toBe('😀'.repeat(LONGEST_ERROR));
		expect(readError('x'.repeat(1_000_000))).toHaveLength(LONGEST_ERROR + 255);
		expect(keptError('a\0b\uD800c')).toBe('a\uFFFDb\uFFFDc');
		expect(keptError('as it is')).toBe('as it is');
	});

	it('costs what its text costs, however many names there are', () => {
		// A pattern for each name takes minutes here, and other work of the process waits for it.
		const names = unwanted(Array.from({ length: 20_000 }, (_, at) => `customer-${at}@example.com`));
		for (let at = 0; at < 300; at++) expect(keptError(`550 <customer-${at}@example.com> ${'and so on. '.repeat(180)}`, names)).toMatch(/^550 <\(a customer\)> and/);
	});
});
