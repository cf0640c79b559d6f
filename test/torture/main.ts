import { runClock } from './clock';
import { readOptions, type Form } from './options';
import { runSeed, type Verdict } from './run';
import type { Arrangement } from './schedule';
import { setStage, type Stage } from './stage';
import { summaryOf } from './summary';

const say = (line: string) => console.log(line);
const stages = new Map<Arrangement, Stage>();
const verdicts: Verdict[] = [];

async function main(): Promise<number> {
	const { seed: first, seeds, minutes, forms } = readOptions(process.argv.slice(2), Date.now() % 1_000_000);
	const end = Date.now() + minutes * 60_000;
	for (const form of forms) {
		const stage = form === 'clock' ? undefined : await setStage(form);
		if (stage) stages.set(stage.arrangement, stage);
	}
	for (let seed = first; seed < first + seeds && Date.now() < end; seed++) {
		for (const form of forms) {
			if (form !== 'clock' && !stages.has(form)) continue;
			say(`\n${form}`);
			const verdict = form === 'clock' ? await clock(seed) : await runSeed(stages.get(form)!, seed, say);
			verdicts.push(verdict);
			if (verdict.wrong.length === 0) say(`  ok: ${verdict.mails} mails, ${verdict.unknown} unknown, ${verdict.seconds} s`);
			else say(`  FAILED with ${verdict.wrong.length} things wrong. Once more: npm run torture -- --form ${form} --seed ${seed}`);
		}
	}
	say(summaryOf(verdicts));
	return verdicts.length > 0 && verdicts.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

async function clock(seed: number): Promise<Verdict> {
	const began = Date.now();
	const { wrong, faults, mails } = await runClock(seed, say);
	wrong.forEach((one) => say(`  WRONG ${one}`));
	return { seed, form: 'clock' satisfies Form, wrong, faults, mails, unknown: 0, seconds: Math.round((Date.now() - began) / 1000) };
}

async function finish(code: number): Promise<never> {
	await Promise.all([...stages.values()].map(async (stage) => await stage.stop()));
	process.exit(code);
}

process.once('SIGINT', () => (say(summaryOf(verdicts)), void finish(130)));
main().then(finish, async (error: Error) => (say(error.stack ?? error.message), await finish(1)));
