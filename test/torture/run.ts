import { setTimeout as sleep } from 'node:timers/promises';

import { check, type Wrong } from './books';
import { forget, readLedger, type Ledger } from './ledger';
import type { Form } from './options';
import { play, type Played } from './play';
import { schedule, wordsFor } from './schedule';
import type { Stage } from './stage';

/** How one seed went. */
export interface Verdict {
	seed: number;
	form: Form;
	wrong: string[];
	faults: string[];
	unknown: number;
	mails: number;
	seconds: number;
}

const STORIES = 5;

/** Plays one seed and checks the books. The store is empty before and after. @param say tells what is going on */
export async function runSeed(stage: Stage, seed: number, say: (line: string) => void): Promise<Verdict> {
	const began = Date.now();
	const script = schedule(seed, stage.arrangement);
	await forget(stage.watch);
	wordsFor(script).forEach(say);
	const played = await play(stage, script, say);
	const ledger = await readLedger(stage.watch);
	const wrong = check(ledger, played);
	tell(wrong, ledger, played, say);
	if (wrong.length > 0) await startAfresh(stage);
	const unknown = ledger.deliveries.filter(({ status }) => status === 'unknown').length;
	return {
		seed, form: stage.arrangement, wrong: wrong.map(({ what }) => what), faults: script.faults.map(({ kind }) => kind),
		unknown, mails: played.mails.length, seconds: Math.round((Date.now() - began) / 1000),
	};
}

/** Everything wrong, and the stories of the first few whom it is about. */
function tell(wrong: Wrong[], { journal, profiles }: Ledger, { cuts, stuck }: Played, say: (line: string) => void): void {
	if (wrong.length === 0) return;
	for (const { what } of wrong.slice(0, 40)) say(`  WRONG ${what}`);
	for (const { kind, from, to } of cuts) say(`  ${kind}: ${from.toISOString()} to ${to.toISOString()}`);
	for (const profile of [...new Set(wrong.flatMap((one) => one.profile ?? []))].slice(0, STORIES)) {
		say(`  the story of ${profiles.find(({ id }) => id === profile)?.user}:`);
		for (const { at, kind, step, instance_id, reason, detail } of journal.filter(({ profile_id }) => profile_id === profile)) {
			say(`    ${at.toISOString()} ${instance_id} ${kind} ${step ?? ''} ${reason ?? ''} ${detail ? JSON.stringify(detail) : ''}`);
		}
	}
	if (stuck !== undefined) say(`  ${stuck.slice(0, 6_000)}`);
}

/** What a failed seed has left in memory must not fail the next. */
async function startAfresh(stage: Stage): Promise<void> {
	await stage.n8n.kill().catch(() => undefined);
	for (const worker of stage.workers.splice(0)) {
		await worker.finish('SIGKILL');
		await stage.startWorker();
	}
	await forget(stage.watch);
	await stage.stream.forget();
	await stage.webhooks.process?.finish('SIGKILL');
	if (stage.webhooks.process) await stage.startWebhooks();
	await stage.n8n.start();
	await sleep(1_000);
}
