import { setTimeout as sleep } from 'node:timers/promises';

import type { IntakeEntry } from '../../lib/core/types';
import { takeIn } from '../../lib/run/intake';
import { doors, SINGLY } from './doors';
import { faults, type Cut } from './faults';
import type { Mail } from '../support/smtp';
import type { Schedule, Scripted } from './schedule';
import type { Stage } from './stage';

/** What happened, as seen from outside. */
export interface Played {
	schedule: Schedule;
	/** when the sender of a message id was last told that it is kept */
	acknowledged: Map<string, number>;
	cuts: Cut[];
	mails: Mail[];
	/** addresses that bounced, once for each try */
	rejected: string[];
	/** what must never be seen, and was */
	seen: string[];
	/** what n8n's main process printed */
	said: string;
	/** why it was given up, if it was */
	stuck?: string;
}

const TICK_MS = 100;
/** A lease of 60 s is renewed every 15 s. Here one that was not renewed for 25 s is over, so that a seed takes half a minute. */
const UNRENEWED_MS = 25_000;
const LEASE_MS = 60_000;
/** Who waits for a place looks again every 15 s; here every 2 s. */
const LOOKS_FOR_A_TURN = 5;
/** Longer than anything rests that goes on by itself: a lease, its sweep, and n8n's start on a busy machine. */
const RESTS_AT_MOST_MS = 150_000;

/** Plays a schedule until everybody is through, or nothing moves any more. @param say tells what is going on */
export async function play(stage: Stage, schedule: Schedule, say: (line: string) => void): Promise<Played> {
	const { smtp, n8n } = stage;
	const played: Played = { schedule, acknowledged: new Map(), cuts: [], mails: [], rejected: [], seen: [], said: '' };
	const [mailsBefore, rejectedBefore, saidBefore] = [smtp.mails.length, smtp.rejected.length, n8n.logs().length];
	await introduce(stage, schedule);
	const began = Date.now();
	const since = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
	let over = false;
	const looking = look(stage, played, () => over);
	const sending = sendAll(stage, schedule.events, began, played);
	// It is waited for below, after all faults.
	sending.catch(() => undefined);
	try {
		for (const fault of schedule.faults) {
			await sleep(Math.max(0, began + fault.at - Date.now()));
			say(`    ${since()} ${fault.kind}`);
			await faults[fault.kind]({
				stage, fault,
				sendAllAgain: async () => await sendAll(stage, schedule.events.filter(({ messageId }) => played.acknowledged.has(messageId)), began, played),
				lost: async (since) => {
					const gone = schedule.events.filter(({ door, messageId }) => door === 'stream' && (played.acknowledged.get(messageId) ?? -1) >= since.getTime());
					gone.forEach(({ messageId }) => played.acknowledged.delete(messageId));
					await sendAll(stage, gone, began, played);
				},
				cut: (from, sending) => void played.cuts.push({ kind: fault.kind, from, to: new Date(), sending }),
			});
			await revive(stage, say);
		}
		await sending;
		say(`    ${since()} everything is sent`);
		await untilQuiet(stage, say);
		// Who has lost their lease may still be sending.
		for (let before = -1; before < smtp.mails.length; await sleep(1_500)) before = smtp.mails.length;
	} catch (error) {
		played.stuck = (error as Error).message;
	} finally {
		over = true;
		await looking;
	}
	say(`    ${since()} the end`);
	played.mails = smtp.mails.slice(mailsBefore);
	played.rejected = smtp.rejected.slice(rejectedBefore);
	played.said = n8n.logs().slice(saidBefore);
	return played;
}

async function introduce({ watch }: Stage, { people }: Schedule): Promise<void> {
	await takeIn(watch.store, 'torture', people.map(({ user, email, plot }, index): IntakeEntry => ({
		index, identities: [{ kind: 'user_id', value: user }, { kind: 'email', value: email }], occurredAt: new Date(),
		change: { attributes: { email, waits: plot === 'clicks' || plot === 'buys' }, consent: { email: plot === 'refuses mail' ? 'denied' : 'granted' } },
	})));
}

/** A sender for each door. Each sends what is due, in one batch or each by itself, again until it is acknowledged. */
async function sendAll(stage: Stage, events: Scripted[], began: number, played: Played): Promise<void> {
	await Promise.all([...Map.groupBy(events, ({ door }) => door)].map(async ([door, mine]) => {
		const send = async (part: Scripted[]) => {
			for (const end = Date.now() + RESTS_AT_MOST_MS; ; await sleep(500)) {
				const refused = await doors[door](stage, part, began).then(() => undefined, (error: Error) => error);
				if (!refused) break;
				if (Date.now() > end) throw new Error(`${door}: nothing is acknowledged for ${RESTS_AT_MOST_MS / 1000} s (${refused.message})`);
			}
			part.forEach(({ messageId }) => played.acknowledged.set(messageId, Date.now()));
		};
		for (let at = 0; at < mine.length;) {
			await sleep(Math.max(TICK_MS, began + mine[at]!.at - Date.now()));
			const batch = mine.slice(at).filter((one) => began + one.at <= Date.now());
			at += batch.length;
			for (const part of [batch, batch.filter(({ again }) => again)].filter(({ length }) => length > 0)) {
				await Promise.all((SINGLY.has(door) ? part.map((one) => [one]) : [part]).map(send));
			}
		}
	}));
}

/** Everything is read, and nobody is inside, on the way in, or being sent to. @throws when nothing has moved for long and somebody still is */
async function untilQuiet(stage: Stage, say: (line: string) => void): Promise<void> {
	const left = ['instances', 'candidates', 'claims', "deliveries WHERE status = 'claimed'"].map((from) => `(SELECT count(*) FROM ${from})`).join(' + ');
	let [decisions, movedAt] = [-1, Date.now()];
	for (;; await sleep(200)) {
		await revive(stage, say);
		// First: what was read is in the store by then.
		const read = await stage.stream.isRead().catch(() => false);
		const [row] = await stage.watch.rows<{ left: number; decisions: number }>(`SELECT ${left} AS left, (SELECT count(*) FROM journal) AS decisions`).catch(() => []);
		if (row?.left === 0 && read) return;
		if (row && row.decisions !== decisions) [decisions, movedAt] = [row.decisions, Date.now()];
		if (Date.now() - movedAt > RESTS_AT_MOST_MS) throw new Error(`Nothing has moved for ${RESTS_AT_MOST_MS / 1000} s.\n${stage.n8n.logs().slice(-4_000)}`);
	}
}

/** Lets time pass more quickly for leases that nobody renews, for entries that nobody acknowledges and for those who wait for a place, and looks for what must never be. */
async function look({ watch, stream }: Stage, played: Played, isOver: () => boolean): Promise<void> {
	for (let looks = 0; !isOver(); await sleep(400)) {
		await watch.rows(
			`UPDATE claims SET lease_until = now() WHERE token IN (
				SELECT token FROM claims WHERE lease_until > now() AND lease_until < now() + $1::interval FOR UPDATE SKIP LOCKED)`,
			[`${LEASE_MS - UNRENEWED_MS} milliseconds`],
		).catch(() => undefined);
		await stream.age(UNRENEWED_MS).catch(() => undefined);
		if (++looks % LOOKS_FOR_A_TURN === 0) {
			await watch.rows(
				`UPDATE candidates SET due_at = now() WHERE id IN (
					SELECT id FROM candidates WHERE delayed IS NOT NULL AND token IS NULL AND attempts = 0 AND due_at > now() FOR UPDATE SKIP LOCKED)`,
			).catch(() => undefined);
		}
		const found = await watch.rows<{ what: string }>(
			`SELECT 'instance ' || id || ' is running and no lease holds it' AS what FROM instances i WHERE status = 'running' AND NOT EXISTS (SELECT FROM claims c WHERE c.token = i.token)
			 UNION ALL SELECT 'candidate ' || id || ' is running and no lease holds it' FROM candidates c WHERE token IS NOT NULL AND NOT EXISTS (SELECT FROM claims WHERE token = c.token)
			 UNION ALL SELECT 'instance ' || id || ' was woken before its time, ' || due_at FROM instances WHERE status = 'running' AND wake = 'time' AND due_at > now()`,
		).catch(() => []);
		for (const { what } of found) played.seen.push(what);
	}
}

/** Who ends by itself is started again, as a supervisor would. */
async function revive(stage: Stage, say: (line: string) => void): Promise<void> {
	try {
		void stage.n8n.pid;
	} catch (error) {
		say(`    started again: ${(error as Error).message}`);
		await stage.n8n.start();
	}
	if (stage.webhooks.process?.ended !== undefined) {
		say(`    the process for webhooks ended by itself (${stage.webhooks.process.ended}) and is started again`);
		await stage.startWebhooks();
	}
	for (const worker of stage.workers.filter(({ ended }) => ended !== undefined)) {
		stage.workers.splice(stage.workers.indexOf(worker), 1);
		if (!worker.ended!.includes('SIGKILL')) {
			say(`    a worker ended by itself (${worker.ended}) and is started again`);
			await stage.startWorker();
		}
	}
}
