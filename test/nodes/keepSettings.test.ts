import { keepSettings } from '../../nodes/shared/engine';

describe('what is kept', () => {
	it('is everything unless the environment says so', () => {
		expect(keepSettings({})).toEqual({});
		expect(keepSettings({ JOURNEY_KEEP_EVENTS_MONTHS: ' ' })).toEqual({});
		expect(keepSettings({ JOURNEY_KEEP_EVENTS_MONTHS: '13', JOURNEY_KEEP_HISTORY_MONTHS: ' 36 ' })).toEqual({ events: 13, history: 36 });
	});

	it.each(['0', '-1', '1.5', '12 months', 'a', '1e3', '00012'])('refuses %p by name', (months) => {
		for (const name of ['JOURNEY_KEEP_EVENTS_MONTHS', 'JOURNEY_KEEP_HISTORY_MONTHS']) {
			expect(() => keepSettings({ [name]: months })).toThrow(`${name} is "${months}". Give a whole number of months from 1, or leave it out to keep everything.`);
		}
	});
});
