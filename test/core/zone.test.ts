import { validateZone } from '../../lib/core/zone';

describe('validateZone', () => {
	test.each(['UTC', 'Etc/UTC', 'Europe/Istanbul', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires'])('accepts %s, also a second time', (zone) => {
		expect(validateZone(zone, 'Journey zone')).toBe(zone);
		expect(validateZone(zone, 'Journey zone')).toBe(zone);
	});

	test.each(['', 'local', 'system', 'DEFAULT', '+03:00', '-05', 'UTC+3', 'Mars/Olympus', ' Europe/Berlin', 3, null, undefined, {}])('refuses %p', (zone) => {
		expect(() => validateZone(zone, 'Journey zone')).toThrow(
			expect.objectContaining({ name: 'TimeRuleError', message: expect.stringMatching(/^Journey zone: .* is not a time zone\. Use an IANA name/) }),
		);
	});
});
