import { openStore } from '../../lib/run/openStore';
import { takeIn } from '../../lib/run/intake';
import type { IntakeEntry } from '../../lib/core/types';
import type { Store } from '../../lib/store/types';
import { N8n } from '../support/n8n';
import { freePort } from '../support/ports';
import { freshDatabase } from '../support/postgres';
import { cpu, cpuEach } from './cpu';
import { ownPortCollector } from './journeys';
import { beginProfile, printProfile, profiling } from './profile';
import { perSecond } from './table';

export const BATCH = 2_000;

/**
 * A real n8n with the pack on a Postgres of its own, and a door of our own into that store. BENCH_N8N_OPTIONS are given to
 * n8n's Node, e.g. `--cpu-prof`.
 */
export class Bench {
	private sent = 0;
	private rounds = 0;

	private constructor(
		readonly n8n: N8n,
		readonly store: Store,
	) {}

	static async start(): Promise<Bench> {
		const { url } = await freshDatabase();
		const store = await openStore({ url, schema: 'journey' });
		const n8n = await N8n.start({ database: 'sqlite', pack: 'link', env: { JOURNEY_STORE_URL: url, ...(process.env.BENCH_N8N_OPTIONS ? { NODE_OPTIONS: process.env.BENCH_N8N_OPTIONS } : {}) } });
		return new Bench(n8n, store);
	}

	/** Publishes a journey and waits until its steps listen. */
	async publish(workflow: object, steps: number): Promise<void> {
		const { id } = await this.n8n.createWorkflow(workflow);
		await this.n8n.activate(id);
		await this.until('the steps listen', async () => (await this.count('steps')) >= steps);
	}

	/** Opens a collector's own port. @returns the port */
	async openPort(writeKey: string): Promise<number> {
		const port = await freePort();
		const credential = await this.n8n.createCredential('Key', 'journeyWriteKey', { writeKey });
		await this.n8n.activate((await this.n8n.createWorkflow(ownPortCollector(port, credential))).id);
		return port;
	}

	async count(from: string): Promise<number> {
		const [row] = await this.store.tx(async (db) => await db.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`));
		return row!.n;
	}

	/** How often people have parked. */
	async transitions(): Promise<number> {
		const [row] = await this.store.tx(async (db) => await db.rows<{ n: number }>('SELECT coalesce(sum(visit), 0)::int AS n FROM instances'));
		return row!.n;
	}

	/**
	 * The number of the journal's last line; a step has two, left and parked. Asking costs nothing: counting people four
	 * times a second took 48 of the 198 µs that Postgres needed for a step.
	 */
	async journaled(): Promise<number> {
		const [row] = await this.store.tx(async (db) => await db.rows<{ last: number }>('SELECT last_value::int AS last FROM journal_ids'));
		return row!.last;
	}

	/** Resolves when autovacuum is through with what was written so far. */
	async swept(): Promise<void> {
		let quiet = 0;
		await this.until('autovacuum has ended', async () => {
			quiet = (await this.count("pg_stat_activity WHERE backend_type = 'autovacuum worker'")) > 0 ? 0 : quiet + 1;
			return quiet > 20 * 5; // it comes round every 15 s (`beginRun.ts`), and `until` asks five times a second
		}, 10 * 60_000);
	}

	/** One event for each of these users, in batches, as a door hands them over, each with a message id of its own. */
	async send(event: string, users: number[], more: (user: number) => Partial<IntakeEntry> = () => ({})): Promise<void> {
		for (let at = 0; at < users.length; at += BATCH) {
			await takeIn(this.store, 'bench', users.slice(at, at + BATCH).map((user, index): IntakeEntry => ({
				index, identities: [{ kind: 'user_id', value: `u${user}` }], event: { name: event, properties: {} }, occurredAt: new Date(),
				messageId: `bench-${++this.sent}`, ...more(user),
			})));
		}
	}

	/**
	 * Moves these people for so long as fast as they go on, and waits for the rest.
	 * @param ahead how far events may run ahead of the people they move
	 * @param apart every how manieth of those who wait they are
	 * @returns what a step takes, and how many a second have parked
	 */
	async round(people: number, seconds: number, { ahead = 20_000, apart = 1, send = async (users: number[]) => await this.send('tick', users) } = {}) {
		if (profiling) await beginProfile(this.store);
		const lines = await this.journaled();
		const cpuBefore = await cpu(this.n8n, this.store);
		const start = Date.now();
		let sent = 0;
		let moved = 0;
		const watch = setInterval(() => void this.journaled().then((now) => (moved = (now - lines) / 2)), 100);
		while (Date.now() - start < seconds * 1000) {
			if (sent - moved > ahead) {
				await new Promise((resolve) => setTimeout(resolve, 20));
				continue;
			}
			await send(shuffled(people, this.rounds + sent, BATCH).map((user) => user * apart));
			sent += BATCH;
		}
		const ms = Date.now() - start;
		const cpuAfter = await cpu(this.n8n, this.store);
		// Who runs has left, and not parked.
		const count = ((await this.journaled()) - lines - (await this.count('instances WHERE token IS NOT NULL'))) / 2;
		clearInterval(watch);
		this.rounds += sent;
		if (profiling) await printProfile(this.store, count);
		await this.until('the rest is done', async () => (await this.journaled()) - lines >= 2 * sent, 600_000);
		return { each: ms * 1000 / count, measured: perSecond(count, ms), used: cpuEach(cpuBefore, cpuAfter, count) };
	}

	async until(what: string, check: () => Promise<boolean>, ms = 120_000): Promise<void> {
		const end = Date.now() + ms;
		while (!(await check())) {
			if (Date.now() > end) throw new Error(`Still not: ${what}\n${this.n8n.logs().slice(-2_000)}`);
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	}

	async stop(): Promise<void> {
		await this.n8n.stop();
		await this.store.close();
	}
}

/** Of so many people the next ones in no particular order, each once before anybody comes again: 7,919 is prime. */
export const shuffled = (people: number, from: number, count: number) => range(from, from + count).map((at) => (at * 7_919) % people);

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
