import fc from 'fast-check';

import { looksSigned, readLink, signLink, type Grant } from '../../lib/core/signedLink';

const now = new Date('2026-03-02T10:00:00.000Z');
const later = (seconds: number) => new Date(+now + seconds * 1_000);
const grant: Grant = { scope: 'status', expiresAt: later(3_600) };
const token = signLink('secret', grant);

describe('a signed link', () => {
	it('grants what it says to who shows it, until its time is over to the second', () => {
		expect(looksSigned(token)).toBe(true);
		expect(readLink('secret', token, now)).toEqual(grant);
		expect(readLink('secret', token, later(3_599.999))).toEqual(grant);
		expect(readLink('secret', token, later(3_600))).toBeUndefined();
	});

	it('is read by nobody else’s secret', () => {
		fc.assert(fc.property(fc.string(), fc.string(), (mine, other) => {
			expect(readLink(other, signLink(mine, grant), now)).toEqual(mine === other ? grant : undefined);
		}));
	});

	it('is worth nothing when a single character of it is another, is missing or is too many', () => {
		for (let at = 0; at < token.length; at++) {
			for (const other of ['A', 'B', '_', '.', '=']) {
				if (token[at] !== other) expect(readLink('secret', token.slice(0, at) + other + token.slice(at + 1), now)).toBeUndefined();
				expect(readLink('secret', token.slice(0, at) + other + token.slice(at), now)).toBeUndefined();
			}
			expect(readLink('secret', token.slice(0, at) + token.slice(at + 1), now)).toBeUndefined();
		}
	});

	it('cannot be given more time, or more to show, by who knows another one', () => {
		const signature = token.split('.')[1]!;
		for (const said of [['status', +later(999_999) / 1_000], ['everything', +grant.expiresAt / 1_000]]) {
			expect(readLink('secret', `${Buffer.from(JSON.stringify(said)).toString('base64url')}.${signature}`, now)).toBeUndefined();
		}
	});

	it('is never mistaken for one, whatever is shown, and nothing throws', () => {
		fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ maxLength: 2_000 }).map((text) => `${text}.${'a'.repeat(43)}`)), (text) => {
			expect(readLink('secret', text, now)).toBeUndefined();
		}));
	});
});
