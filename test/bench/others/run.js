/**
 * The store's timers beside those of three job queues, each bare: 50,000 jobs are scheduled in batches of 5,000 for one
 * instant ahead, then done by a worker that does nothing. All on the Postgres and the Redis that the environment names.
 *
 *   npm run build && cd test/bench/others && npm install
 *   POSTGRES_URL=postgres://… REDIS_URL=redis://… node run.js
 */
const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');

const JOBS = Number(process.env.JOBS ?? 50_000);
const BATCH = 5_000;
const AHEAD_MS = Number(process.env.AHEAD_MS ?? 45_000);
const url = process.env.POSTGRES_URL;
const batches = Array.from({ length: JOBS / BATCH }, (_, at) => at);

/** Notes when each job is done. */
function finishLine(due) {
	const late = [];
	let all;
	const over = new Promise((resolve) => (all = resolve));
	return { over, late, done: (count = 1) => { for (let at = 0; at < count; at++) late.push(Date.now() - due); if (late.length >= JOBS) all(); } };
}

async function measure(name, prepare) {
	const due = Date.now() + AHEAD_MS;
	const { schedule, work, stop } = await prepare();
	let began = performance.now();
	for (const batch of batches) await schedule(batch, new Date(due));
	const scheduled = performance.now() - began;
	if (Date.now() > due) throw new Error(`${name}: scheduling took longer than AHEAD_MS`);
	const line = finishLine(due);
	await work(line.done);
	await line.over;
	const late = line.late.sort((a, b) => a - b);
	began = Math.max(0, late[0]);
	await stop();
	const second = (ms) => Math.round((JOBS * 1000) / ms);
	return { name, 'scheduled/s': second(scheduled), 'done/s': second(late.at(-1)), 'first late ms': late[0], 'p50 late ms': late[JOBS >> 1], 'p99 late ms': late[Math.floor(JOBS * 0.99)] };
}

async function ours() {
	const lib = '../../../dist/lib';
	const { Engine } = require(`${lib}/run/engine`);
	const { openStore } = require(`${lib}/run/openStore`);
	const { claimInstances, startClaim } = require(`${lib}/store/claim`);
	const { completeClaim } = require(`${lib}/store/finish`);
	const { park } = require(`${lib}/run/park`);
	const { saveStep, saveJourney } = require(`${lib}/store/steps`);
	const store = await openStore({ url, schema: `bench_${Date.now()}` });
	const engine = new Engine(store, console, false);
	const step = await store.tx(async (db) => {
		const { id, workflow } = await saveStep(db, { host: 'bench', workflowId: 'bench', nodeId: 'state', name: 'State', kind: 'state' });
		const journey = await saveJourney(db, workflow, { key: 'bench', name: 'Bench', zone: 'UTC', correlation: null });
		await db.rows(`WITH made AS (INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM generate_series(1, $4::int) RETURNING id)
			INSERT INTO instances (profile_id, journey_id, step_id, status, due_at, since, parked_at, left_at, entered_at) SELECT id, $2, $3, 'waiting', $1, $1, $1, $1, $1 FROM made`, [db.now, journey, id, JOBS]);
		return id;
	});
	const claims = [];
	for (const at of batches) {
		const batch = await store.tx(async (db) => await claimInstances(db, step, 0, BATCH, new Date(+db.now + 600_000)));
		await store.tx(async (db) => await startClaim(db, batch.token, `e${at}`, new Date(+db.now + 600_000)));
		const people = await store.tx(async (db) => await db.rows('SELECT id, profile_id FROM instances WHERE token = $1', [batch.token]));
		claims.push({ claim: { token: batch.token, execution: `e${at}` }, people });
	}
	let over = false;
	return {
		schedule: async (batch, due) => await park(engine, claims[batch].claim, step, { conditions: [], timer: null }, claims[batch].people.map((one) => (
			{ ...one, due_at: due, expires: false, since: due, after_arrival: false, vars: null, wake: null }))),
		work: async (done) => {
			for (const worker of ['a', 'b']) {
				void (async () => {
					while (!over) {
						const batch = await store.tx(async (db) => await claimInstances(db, step, 0, BATCH, new Date(+db.now + 60_000)));
						if (!batch) { await sleep(50); continue; }
						await store.tx(async (db) => await startClaim(db, batch.token, worker, new Date(+db.now + 60_000)));
						done(await store.tx(async (db) => await completeClaim(db, batch.token)));
					}
				})();
			}
		},
		stop: async () => { over = true; await sleep(200); await store.close(); },
	};
}

async function pgBoss() {
	const { PgBoss } = require('pg-boss');
	const boss = new PgBoss({ connectionString: url, schema: `pgboss_${Date.now()}` });
	boss.on('error', () => {});
	await boss.start();
	await boss.createQueue('bench');
	return {
		schedule: async (_, due) => await boss.insert('bench', Array.from({ length: BATCH }, () => ({ startAfter: due.toISOString() }))),
		work: async (done) => { for (let at = 0; at < 2; at++) await boss.work('bench', { batchSize: BATCH, pollingIntervalSeconds: 0.5 }, async (jobs) => { setImmediate(() => done(jobs.length)); }); },
		stop: async () => await boss.stop({ graceful: false }),
	};
}

async function graphileWorker() {
	const { run, makeWorkerUtils, Logger } = require('graphile-worker');
	const schema = `worker_${Date.now()}`;
	const logger = new Logger(() => () => {});
	const utils = await makeWorkerUtils({ connectionString: url, schema, logger });
	await utils.migrate();
	let runner;
	return {
		schedule: async (_, due) => await utils.addJobs(Array.from({ length: BATCH }, () => ({ identifier: 'bench', runAt: due }))),
		work: async (done) => {
			runner = await run({ connectionString: url, taskList: { bench: () => done() }, preset: { worker: { schema, logger, concurrentJobs: 24, maxPoolSize: 4, pollInterval: 500, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } } });
		},
		stop: async () => { await runner.stop(); await utils.release(); },
	};
}

async function bullMq() {
	const { Queue, Worker } = require('bullmq');
	const Redis = require('ioredis');
	const connection = () => new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
	const name = `bench-${randomUUID()}`;
	const queue = new Queue(name, { connection: connection() });
	let worker;
	return {
		schedule: async (_, due) => await queue.addBulk(Array.from({ length: BATCH }, () => ({ name: 'bench', data: {}, opts: { delay: due - Date.now(), removeOnComplete: true } }))),
		work: async (done) => { worker = new Worker(name, async () => done(), { connection: connection(), concurrency: 200 }); },
		stop: async () => { await worker.close(true); await queue.close(); },
	};
}

(async () => {
	const rows = [];
	for (const [name, prepare] of Object.entries({ 'n8n-nodes-journey, its store alone': ours, 'pg-boss': pgBoss, 'graphile-worker, local queue': graphileWorker, BullMQ: bullMq })) {
		const row = await measure(name, prepare).catch((error) => ({ name, error: error.message }));
		console.log(JSON.stringify(row));
		rows.push(row);
	}
	console.table(rows);
	process.exit(0);
})();
