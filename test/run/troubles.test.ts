import { Troubles } from '../../lib/run/collector/troubles';

describe('what goes wrong at a door', () => {
	const AWAY = 'The store cannot be reached.';

	it('is said once a minute for each kind, with how often it was kept back', () => {
		const troubles = new Troubles();
		const said = Array.from({ length: 3_000 }, (_, at) => troubles.line(AWAY, 5 + at * 40)).filter((line) => line !== undefined);
		expect(said).toEqual([AWAY, `${AWAY} (1499 more times since this was last said)`]);
		expect(troubles.line('Another.', 100_000)).toBe('Another.');
		expect(troubles.line(AWAY, 125_000)).toBe(`${AWAY} (1499 more times since this was last said)`);
		expect(troubles.line(AWAY, 185_000)).toBe(AWAY);
	});

	it('is remembered for a bounded number of kinds', () => {
		const troubles = new Troubles();
		troubles.line(AWAY, 0);
		for (let at = 0; at < 100; at++) expect(troubles.line(`Row ${at}`, 0)).toBe(`Row ${at}`);
		expect(troubles.line(AWAY, 0)).toBe(AWAY);
	});
});
