import { runClock } from '../torture/clock';
import { runSeed } from '../torture/run';
import { setStage, type Stage } from '../torture/stage';

jest.setTimeout(400_000);

/** The short form of `npm run torture`: seeds that kill n8n as it sends, crash Postgres and freeze n8n. */
describe('a schedule of crashes, drawn from a seed, after which the books are checked', () => {
	let stage: Stage;
	const lines: string[] = [];
	const say = (line: string) => void lines.push(line);
	beforeAll(async () => void (stage = (await setStage('single'))!));
	afterEach(() => lines.splice(0));
	afterAll(async () => await stage?.stop());

	it.each([1])('seed %i leaves nothing lost, doubled or behind', async (seed) => {
		const { wrong, mails } = await runSeed(stage, seed, say);
		if (wrong.length > 0) console.error(lines.join('\n'));
		expect(wrong).toEqual([]);
		expect(mails).toBeGreaterThan(20);
	});

	it.each([1, 2])('on the frozen clock, across a change of clocks, seed %i does neither', async (seed) => {
		expect((await runClock(seed, say)).wrong).toEqual([]);
	});
});
