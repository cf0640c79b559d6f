import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ARRANGEMENTS, type Kind } from '../support/arrangement';
import { node24, repository } from '../support/n8nEnvironment';
import { runSeed } from '../torture/run';
import { setStage, type Stage } from '../torture/stage';

jest.setTimeout(400_000);

const lines: string[] = [];
const say = (line: string) => void lines.push(line);
afterEach(() => lines.splice(0));

/** The short form of `npm run torture`: seeds that kill, crash and freeze n8n, Postgres and Redis, or those, a worker and the process for webhooks. */
const SEEDS: Record<Kind, number> = { single: 53, queue: 73 };

describe.each(ARRANGEMENTS)('a schedule of crashes, drawn from a seed, after which the books are checked (%s)', (kind) => {
	let stage: Stage | undefined;
	beforeAll(async () => void (stage = await setStage(kind)));
	afterAll(async () => await stage?.stop());

	it(`seed ${SEEDS[kind]} leaves nothing lost, doubled or behind`, async () => {
		if (!stage) return; // without Redis, which is said
		const { wrong, mails } = await runSeed(stage, SEEDS[kind], say);
		if (wrong.length > 0) console.error(lines.join('\n'));
		expect(wrong).toEqual([]);
		expect(mails).toBeGreaterThan(20);
		// More came than there are places for.
		expect(await stage.watch.count("journal WHERE kind = 'delayed' AND reason = 'inside'")).toBeGreaterThan(0);
	});
});

/** A process of its own, since only there the machine's zone can be moved: in jest `process.env` is a copy. */
it('on the frozen clock, across a change of clocks, seeds 1 and 2 leave nothing lost, doubled or behind', async () => {
	const command = [join(repository, 'test', 'torture', 'index.js'), '--form', 'clock', '--seed', '1', '--seeds', '2'];
	const { stdout } = await promisify(execFile)(node24, command).catch((error: Error & { stdout: string }) => ({ stdout: `${error.message}\n${error.stdout}` }));
	expect(stdout).toMatch(/^clock: 2 seeds in \d+ s, 0 failed$/m);
});
