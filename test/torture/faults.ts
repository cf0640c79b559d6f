import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Child } from '../support/child';
import type { Fault, FaultKind } from './schedule';
import type { Stage } from './stage';

/** Something was cut off, from when to when. */
export interface Cut {
	kind: FaultKind;
	from: Date;
	to: Date;
	/** `dies`: whoever executed is dead, and what was being sent at `from` can only be unknown. */
	sending: 'dies' | 'may stop' | 'goes on';
}

export interface Strike {
	stage: Stage;
	fault: Fault;
	/** Everything acknowledged so far, once more. */
	sendAllAgain(): Promise<void>;
	cut(from: Date, sending: Cut['sending']): void;
	/** Redis has lost what it took since then: it was not acknowledged, and its sender writes it again. */
	lost(since: Date): Promise<void>;
}

const FREEZES_AT_LEAST_MS = 1_500;
/** An answer is waited for 25 s, and the server for 10 more: see `lib/store/silence.ts`. */
const NOTICED_AFTER_MS = 40_000;

/** What each fault does. It ends when everything runs again. */
export const faults: Record<FaultKind, (strike: Strike) => Promise<void>> = {
	'kill n8n': async (strike) => await killN8n(strike),
	'kill n8n as it sends': async (strike) => (await untilItSends(strike), await killN8n(strike)),
	'kill n8n and Postgres': async ({ stage, fault, cut }) => {
		const from = new Date();
		await stage.n8n.kill();
		await stage.stream.age(0);
		await stage.postgres.stopNow();
		const booting = stage.n8n.start();
		await sleep(fault.ms);
		await stage.postgres.start();
		cut(from, stage.arrangement === 'single' ? 'dies' : 'may stop');
		await endLeases(stage, ofMain(stage));
		await booting;
	},
	deploy: async ({ stage, cut }) => {
		const from = new Date();
		await stage.n8n.restart();
		cut(from, 'goes on');
	},
	republish: async ({ stage }) => await stage.republish(),
	'freeze n8n': async (strike) => {
		const { stage, fault, cut } = strike;
		if (fault.ms % 2 === 0) await untilItSends(strike);
		const from = new Date();
		process.kill(stage.n8n.pid, 'SIGSTOP');
		await endLeases(stage, ofMain(stage));
		// The sweep may have to wait for a lock that the frozen process holds, and then it gives up, as any janitor does.
		const sweep = () => void stage.rival.janitor.sweep().catch(() => undefined);
		for (const end = Date.now() + FREEZES_AT_LEAST_MS + fault.ms; Date.now() < end; await sleep(500)) sweep();
		process.kill(stage.n8n.pid, 'SIGCONT');
		cut(from, 'may stop');
	},
	'crash Postgres': async ({ stage, fault, cut }) => {
		const from = new Date();
		await stage.postgres.stopNow();
		await sleep(fault.ms);
		await stage.postgres.start();
		cut(from, 'may stop');
	},
	'cut connections': async ({ stage, fault, cut }) => {
		const from = new Date();
		for (const end = Date.now() + fault.ms; ; await sleep(150)) {
			await stage.watch.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
			if (Date.now() >= end) break;
		}
		cut(from, 'may stop');
	},
	// As after a failover: what is connected is told nothing, new connections work.
	'silence connections': async ({ stage, cut }) => {
		const from = new Date();
		stage.link.silence();
		await sleep(NOTICED_AFTER_MS);
		cut(from, 'may stop');
	},
	'slow nodes': async ({ stage, fault }) => void (stage.lookUp.slowUntil = Date.now() + fault.ms),
	'send all again': async ({ sendAllAgain }) => await sendAllAgain(),
	'kill worker': async (strike) => await killWorker(strike),
	'kill worker as it sends': async (strike) => (await untilItSends(strike), await killWorker(strike)),
	'freeze worker': async (strike) => {
		const { stage, fault, cut } = strike;
		if (fault.ms % 2 === 0) await untilItSends(strike);
		const worker = living(stage)[fault.ms % living(stage).length]!;
		const from = new Date();
		process.kill(worker.pid, 'SIGSTOP');
		await endLeases(stage, await ofWorker(worker));
		await sleep(FREEZES_AT_LEAST_MS + 3 * fault.ms);
		process.kill(worker.pid, 'SIGCONT');
		cut(from, 'may stop');
	},
	// Nobody holds a lease there; but of what it was writing, others may have to wait for the locks.
	'kill webhooks': async ({ stage, fault, cut }) => {
		const from = new Date();
		await stage.webhooks.process!.finish('SIGKILL');
		await sleep(fault.ms);
		await stage.startWebhooks();
		cut(from, 'goes on');
	},
	'freeze webhooks': async ({ stage, fault, cut }) => {
		const from = new Date();
		process.kill(stage.webhooks.process!.pid, 'SIGSTOP');
		await sleep(FREEZES_AT_LEAST_MS + 3 * fault.ms);
		process.kill(stage.webhooks.process!.pid, 'SIGCONT');
		cut(from, 'goes on');
	},
	// It keeps what it took, and nobody but readers and writers of the stream needs it: nothing else is cut off.
	'kill Redis': async ({ stage, fault }) => {
		await stage.redis.kill();
		await sleep(fault.ms);
		await startRedis(stage);
	},
	'empty Redis': async ({ stage, fault, cut, lost }) => {
		const from = new Date();
		await tellRedis(stage, async (redis) => (await redis.flushall(), await redis.save()));
		await stage.redis.kill();
		await sleep(fault.ms);
		await startRedis(stage);
		cut(from, 'goes on');
		await lost(new Date(0));
	},
	// As after a restart from its last snapshot: what n8n had queued is queued again, and what was read is read again.
	'turn Redis back': async ({ stage, fault, cut, lost }) => {
		const from = new Date();
		await tellRedis(stage, async (redis) => await redis.save());
		await sleep(fault.ms / 5);
		await stage.redis.kill();
		await startRedis(stage);
		cut(from, 'goes on');
		await stage.stream.age(0);
		await lost(from);
	},
};

async function killN8n({ stage, fault, cut }: Strike): Promise<void> {
	const from = new Date();
	await stage.n8n.kill();
	await stage.stream.age(0);
	cut(from, stage.arrangement === 'single' ? 'dies' : 'may stop');
	await endLeases(stage, ofMain(stage));
	await sleep(fault.ms);
	await stage.n8n.start();
}

async function killWorker({ stage, fault, cut }: Strike): Promise<void> {
	const worker = living(stage)[fault.ms % living(stage).length]!;
	const from = new Date();
	await worker.finish('SIGKILL');
	cut(from, 'may stop');
	await endLeases(stage, await ofWorker(worker));
	await stage.startWorker();
}

/** The next mail, at most five seconds; then somewhere among those that follow. */
async function untilItSends({ stage, fault }: Strike): Promise<void> {
	const before = stage.smtp.mails.length;
	for (const end = Date.now() + 5_000; Date.now() < end && stage.smtp.mails.length === before;) await sleep(5);
	await sleep(fault.ms % 100);
}

const living = (stage: Stage): Child[] => stage.workers.filter(({ ended }) => ended === undefined);

/** Which claims the main process keeps alive: all it has emitted, and, where it executes, all. */
const ofMain = ({ arrangement }: Stage) => (arrangement === 'single' ? 'true' : 'execution IS NULL');

async function ofWorker(worker: Child): Promise<string> {
	const executions = [...worker.logs().matchAll(/Worker started execution (\d+)/g)].map(([, id]) => `'${id}'`);
	return executions.length === 0 ? 'false' : `split_part(execution, ' ', 1) IN (${executions.join()})`;
}

/** The dead and the frozen renew nothing: a minute later it would be so by itself. */
async function endLeases(stage: Stage, which: string): Promise<void> {
	await stage.watch.rows(`UPDATE claims SET lease_until = now() WHERE token IN (SELECT token FROM claims WHERE lease_until > now() AND ${which} FOR UPDATE SKIP LOCKED)`);
}

async function startRedis({ redis, stream }: Stage): Promise<void> {
	await redis.start();
	await stream.back();
}

async function tellRedis(stage: Stage, say: (redis: Redis) => Promise<unknown>): Promise<void> {
	const redis = new Redis(stage.redis.url);
	redis.on('error', () => undefined);
	await say(redis).finally(() => redis.disconnect());
}
