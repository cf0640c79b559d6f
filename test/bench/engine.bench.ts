import { byHand } from './plainSql';
import { BATCH, filled, sum, wakeUp, type Place, type Times } from './rounds';
import { figure, perSecond, printTable, quantile } from './table';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 500_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const GOAL = 0.7;

describe('the engine alone, against plain SQL', () => {
	let place: Place;
	beforeAll(async () => {
		place = await filled(PEOPLE);
	}, 30 * 60_000);
	afterAll(async () => {
		printTable(`The engine without n8n, on Postgres: ${BATCH.toLocaleString('en')} of ${PEOPLE.toLocaleString('en')} people wake and park again, one batch after the other`);
		await place?.drop();
	});

	it('rounds a second', async () => {
		const rounds: Array<Record<'engine' | 'hand' | 'noLocks' | 'nobody', Times>> = [];
		// One connection at a time, in turn, so that whatever else the machine does falls on all.
		for (let round = 0; round <= ROUNDS; round++) {
			const one = {
				engine: await wakeUp(place),
				hand: await byHand(place, { locks: true, people: true }),
				noLocks: await byHand(place, { locks: false, people: true }),
				nobody: await byHand(place, { locks: true, people: false }),
			};
			if (round > 0) rounds.push(one);
		}
		const median = (of: keyof (typeof rounds)[0]) => quantile(rounds.map((one) => sum(one[of])), 0.5);
		const ratio = (of: 'hand' | 'noLocks' | 'nobody') => quantile(rounds.map((one) => sum(one[of]) / sum(one.engine)), 0.5).toFixed(2);
		for (const part of Object.keys(rounds[0]!.engine)) {
			const of = (name: 'engine' | 'hand') => Math.round(quantile(rounds.map((one) => one[name][part]!), 0.5));
			figure({ what: `  ${part}`, measured: `${of('engine')} ms`, against: `by hand ${of('hand')} ms` });
		}
		figure({
			what: 'wake-ups: event in → matched → claimed → started → parked, people loaded',
			measured: `${perSecond(BATCH, median('engine'))}; ${ratio('hand')} of plain SQL`, goal: `≥ ${GOAL} of plain SQL`,
			against: `by hand ${perSecond(BATCH, median('hand'))}\nwithout the match lock: ${perSecond(BATCH, median('noLocks'))}, of which the engine does ${ratio('noLocks')}\nnobody loaded by hand: ${perSecond(BATCH, median('nobody'))}, of which the engine does ${ratio('nobody')}`,
		});
	});
});
