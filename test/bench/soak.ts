import Table from 'cli-table3';

import { baseNode, journeyNode, wires } from '../support/canvas';
import { fillWaiting } from '../support/waiting';
import { cpu, cpuEach } from './cpu';
import { roundsJourney } from './journeys';
import { Bench, BATCH, range } from './setup';
import { quantile } from './table';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 30);
const PEOPLE = Number(process.env.SOAK_PEOPLE ?? 200_000);
/** Events a second; absent: half of what this machine turns out to reach. */
const RATE = process.env.SOAK_RATE ? Number(process.env.SOAK_RATE) : undefined;
/** People who go round by the clock, once a minute each. */
const TIMED = 2_000;
const CALIBRATION_MS = 30_000;
const MB = 2 ** 20;

const clockwork = {
	name: 'Clockwork',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Start', 'journeyEntryTrigger', { event: 'start' }),
		journeyNode('A Minute', 'journeyState', { waitFor: 'time', until: 'delay', delayAmount: 60, delayUnit: 'seconds' }),
		baseNode('Again', 'noOp', 1),
	],
	connections: wires('Start > A Minute', 'A Minute > Again', 'Again > A Minute'),
};

/** Size in bytes and dead rows of what changes all the time; partitions count as their table. */
const TABLES = `
	SELECT t.name, sum(pg_total_relation_size(c.oid))::bigint AS bytes, sum(pg_stat_get_dead_tuples(c.oid))::bigint AS dead, sum(pg_stat_get_live_tuples(c.oid))::bigint AS live
	FROM unnest(ARRAY['instances', 'candidates', 'claims', 'enrolments', 'events', 'journal', 'seen']) t(name)
		JOIN pg_class c ON c.relkind = 'r' AND c.relnamespace = 'journey'::regnamespace AND (c.relname = t.name OR c.relname LIKE t.name || '\\_%')
	GROUP BY 1`;

/**
 * How late every twentieth line of the journal between two was, in milliseconds: timers against their due time, people
 * against the arrival of their event. By keys alone: to read the whole journal once a minute, as it grows, would itself
 * make people late.
 */
const LATENESS = `
	SELECT j.reason, extract(epoch FROM j.at - CASE j.reason WHEN 'event' THEN e.received_at ELSE j.due_at END)::float8 * 1000 AS ms
	FROM generate_series($1::bigint, $2::bigint, 20) line(id) JOIN journal j ON j.id = line.id AND j.kind = 'woken' AND j.at > $3
		LEFT JOIN events e ON e.id = (j.detail->>'event_id')::bigint AND e.received_at > $3`;

interface Minute {
	transitions: number;
	late: number;
	slow: number;
	rss: number;
	instances: number;
	dead: number;
	queues: number;
	/** MB written to it; each page is written whole at its first change after a checkpoint. */
	wal: number;
	/** Processor time of one transition, in µs. */
	cpu: number;
}

describe('half of the load, for long', () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await Bench.start();
		await bench.publish(roundsJourney, 3);
		// The first one tells the store what is waited for; the rest is written down.
		await bench.send('enter', [PEOPLE + TIMED]);
		await bench.until('one waits', async () => (await bench.count("instances WHERE status = 'waiting'")) === 1);
		await fillWaiting(bench.store, 'Wait', PEOPLE);
		await bench.publish(clockwork, 5);
	}, 30 * 60_000);
	afterAll(async () => await bench?.stop());

	const ask = async <R extends object>(sql: string, params: unknown[] = []) => await bench.store.tx(async (db) => await db.rows<R>(sql, params));
	const tables = async () => new Map((await ask<{ name: string; bytes: number; dead: number; live: number }>(TABLES)).map((one) => [one.name, one]));
	const written = async () => (await ask<{ wal: number; events: number; journal: number; checkpoints: number }>(
		`SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 AS wal, (SELECT last_value FROM event_ids) AS events, (SELECT last_value FROM journal_ids) AS journal,
			(SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter)::int AS checkpoints`))[0]!;

	let next = 0;
	/** Everybody in turn, so that most people have waited for long. @returns how many events */
	const sendBatch = async () => {
		const from = next;
		next = (next + BATCH) % PEOPLE;
		await bench.send('tick', range(from, from + BATCH).map((user) => user % PEOPLE));
		return BATCH;
	};
	const behind = async (sent: number, before: number) => sent - ((await bench.transitions()) - before);

	/** As fast as it goes. @returns transitions a second */
	async function calibrate(): Promise<number> {
		const [before, lines] = [await bench.transitions(), await bench.journaled()];
		const began = Date.now();
		let sent = 0;
		while (Date.now() - began < CALIBRATION_MS) {
			if (sent - ((await bench.journaled()) - lines) / 2 > 20_000) await new Promise((resolve) => setTimeout(resolve, 100));
			else sent += await sendBatch();
		}
		const count = (await bench.transitions()) - before;
		const rate = (count * 1_000) / (Date.now() - began);
		await bench.until('calibration is over', async () => (await behind(sent, before)) <= 0);
		return rate;
	}

	it('leaves memory, tables and lateness flat', async () => {
		const fastest = RATE === undefined ? await calibrate() : RATE * 2;
		const rate = fastest / 2;
		await bench.send('start', range(PEOPLE, PEOPLE + TIMED));
		process.stdout.write(`\n${PEOPLE.toLocaleString('en')} people wait; up to ${Math.round(fastest)} transitions/s were reached, ${Math.round(rate)}/s for ${MINUTES} minutes follow\n`);
		process.stdout.write('minute  transitions/s  late p50/p99 (timers)  late p50/p99 (events)  n8n MB  instances MB (dead)  queues MB  WAL MB  µs a transition  checkpoints\n');
		const minutes: Minute[] = [];
		const [began, tablesBefore, writtenBefore, cpuBefore, parkedBefore] = [Date.now(), await tables(), await written(), await cpu(bench.n8n, bench.store), await bench.transitions()];
		let sent = 0;
		let sending = true;
		const sender = (async () => {
			while (sending) {
				const due = ((Date.now() - began) / 1_000) * rate;
				if (sent + BATCH > due) await new Promise((resolve) => setTimeout(resolve, 20));
				else sent += await sendBatch();
			}
		})();
		let [parked, last, used] = [parkedBefore, writtenBefore, cpuBefore];
		for (let minute = 1; minute <= MINUTES; minute++) {
			const from = new Date(began + (minute - 1) * 60_000);
			const to = new Date(began + minute * 60_000);
			await new Promise((resolve) => setTimeout(resolve, Math.max(0, +to - Date.now())));
			const [now, usedNow] = [await written(), await cpu(bench.n8n, bench.store)];
			const late = await ask<{ reason: string; ms: number }>(LATENESS, [last.journal, now.journal, new Date(+from - 5 * 60_000)]);
			const of = (reason: string) => late.filter((one) => one.reason === reason && one.ms !== null).map(({ ms }) => ms);
			const [timers, events, sizes, transitions] = [of('time'), of('event'), await tables(), await bench.transitions()];
			const size = (...names: string[]) => names.reduce((sum, name) => sum + (sizes.get(name)?.bytes ?? 0), 0) / MB;
			const one: Minute = {
				transitions: transitions - parked, late: quantile(timers, 0.99) ?? 0, slow: quantile(events, 0.99) ?? 0, rss: bench.n8n.rss() / MB,
				instances: size('instances'), dead: sizes.get('instances')?.dead ?? 0, queues: size('claims', 'candidates'),
				wal: (now.wal - last.wal) / MB, cpu: cpuEach(used, usedNow, transitions - parked).micros,
			};
			minutes.push(one);
			const milli = (values: number[]) => `${Math.round(quantile(values, 0.5) ?? 0)}/${Math.round(quantile(values, 0.99) ?? 0)} ms`;
			process.stdout.write([
				String(minute).padEnd(8), String(Math.round(one.transitions / 60)).padEnd(15), milli(timers).padEnd(23), milli(events).padEnd(23),
				String(Math.round(one.rss)).padEnd(8), `${one.instances.toFixed(0)} (${one.dead})`.padEnd(21), one.queues.toFixed(1).padEnd(11), String(Math.round(one.wal)).padEnd(8), String(one.cpu).padEnd(17), now.checkpoints - last.checkpoints, '\n',
			].join(''));
			[parked, last, used] = [transitions, now, usedNow];
		}
		sending = false;
		await sender;
		const [tablesAfter, writtenAfter, cpuAfter, count] = [await tables(), await written(), await cpu(bench.n8n, bench.store), (await bench.transitions()) - parkedBefore];

		const thirds = (value: (one: Minute) => number) => {
			const third = Math.max(1, Math.floor(minutes.length / 3));
			const mean = (some: Minute[]) => some.reduce((sum, one) => sum + value(one), 0) / some.length;
			return [mean(minutes.slice(0, third)), mean(minutes.slice(-third))].map((one) => Math.round(one).toLocaleString('en'));
		};
		const table = new Table({ head: ['', 'first third', 'last third'] });
		table.push(
			['n8n, MB', ...thirds(({ rss }) => rss)], ['instances, MB', ...thirds(({ instances }) => instances)], ['dead rows in instances', ...thirds(({ dead }) => dead)],
			['candidates and claims, kB', ...thirds(({ queues }) => queues * 1024)], ['timers late, p99 ms', ...thirds(({ late }) => late)], ['events late, p99 ms', ...thirds(({ slow }) => slow)],
			['µs of processor time, a transition', ...thirds((one) => one.cpu)], ['WAL, MB a minute', ...thirds(({ wal }) => wal)],
		);
		const grown = (name: string, rows: number) => `${Math.round(((tablesAfter.get(name)?.bytes ?? 0) - (tablesBefore.get(name)?.bytes ?? 0)) / rows)} bytes`;
		const [events, journal] = [writtenAfter.events - writtenBefore.events, writtenAfter.journal - writtenBefore.journal];
		process.stdout.write(`${table.toString()}\n${count.toLocaleString('en')} transitions; each: ${(journal / count).toFixed(2)} journal rows, ${Math.round((writtenAfter.wal - writtenBefore.wal) / count)} bytes of WAL; CPU ${cpuEach(cpuBefore, cpuAfter, count).words}\n`
			+ `growth: ${grown('events', events)} an event, ${grown('journal', journal)} a journal row, with their indexes\n`);
		expect(await behind(sent, parkedBefore)).toBeLessThan(rate * 60);
	}, (MINUTES + 30) * 60_000);
});
