import { backoffMs, batchSize } from '../core/backoff';
import { claimCandidates, claimInstances, nextDue, type Due } from '../store/claim';
import { movingSteps } from '../store/journeys';
import type { Store } from '../store/types';
import { carry, giveBackUnstarted, type Batch } from './flight';
import { LEASE_MS, type Leases } from './leases';

export interface Subscription {
	step: number;
	entry: boolean;
	/** Most people in one batch. */
	limit: number;
	/** Starts one n8n execution. @returns when it has ended, however it ended */
	emit: (batch: Batch) => Promise<void>;
}

/** A batch under way. */
interface Flight {
	started: number;
	/** As large as its step takes, so probably more people are due. Candidates never are: one person's go in order. */
	full: boolean;
}

const BUSY_MS = 50;
const IDLE_MS = 1_000;
const BUSY_FOR_MS = 60_000;
const SECOND_AFTER_MS = 1_000;
const MOST_IN_FLIGHT = 2;

/**
 * Moves what is due into n8n: claim a batch, emit it, wait until it has ended.
 *
 * Few batches of a step are in flight: a second may start when the first is full, so that one computes while the other
 * waits for the disk, or older than a second. What falls due meanwhile gathers and is the next batch. So an idle system
 * answers in one execution's time and a busy one works in large batches, without a setting.
 */
export class Dispatcher {
	private readonly subscriptions = new Map<number, Subscription>();
	private readonly inFlight = new Map<number, Set<Flight>>();
	private readonly flights = new Set<Promise<void>>();
	private lastWork = 0;
	private wake?: () => void;
	private hinted = false;
	private stopped = false;
	private loop?: Promise<void>;

	constructor(
		private readonly store: Store,
		private readonly leases: Leases,
		private readonly onError: (error: Error) => void,
		private readonly onCandidates: () => void = () => undefined,
	) {}

	subscribe(subscription: Subscription): void {
		this.subscriptions.set(subscription.step, subscription);
		this.notify();
	}

	unsubscribe(subscription: Subscription): void {
		if (this.subscriptions.get(subscription.step) === subscription) this.subscriptions.delete(subscription.step);
	}

	/** What listens in this process. */
	listening(): { steps: number[]; entries: number[] } {
		const all = [...this.subscriptions.values()];
		return { steps: all.map(({ step }) => step), entries: all.filter(({ entry }) => entry).map(({ step }) => step) };
	}

	/** Runs an Entry Trigger for steps of its workflow that do not listen: it sees the canvas. */
	ask(entry: number, steps: number[], at: Date): void {
		const flight = this.subscriptions.get(entry)?.emit({ token: '', kind: 'removed', ids: steps, at }).catch(this.onError);
		if (!flight) return;
		this.flights.add(flight);
		void flight.finally(() => this.flights.delete(flight));
	}

	/** Something may be due now. */
	notify(): void {
		this.hinted = true;
		this.wake?.();
	}

	/** Starts the loop; without it, whoever calls `tick()` keeps the time. */
	start(): void {
		this.stopped = false;
		this.loop ??= this.run();
	}

	/** Resolves when no batch is in flight. */
	async idle(): Promise<void> {
		while (this.flights.size > 0) await Promise.all(this.flights);
	}

	async stop(): Promise<void> {
		this.stopped = true;
		this.notify();
		await this.loop;
	}

	private async run(): Promise<void> {
		let failures = 0;
		while (!this.stopped) {
			this.hinted = false;
			let pause = IDLE_MS;
			try {
				pause = await this.tick();
				failures = 0;
			} catch (error) {
				// The store is away: say it once, then keep asking, more and more slowly.
				if (failures++ === 0) this.onError(error as Error);
				pause = Math.min(10_000, backoffMs(Math.min(failures, 3)));
			}
			if (this.hinted || this.stopped) continue;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, pause).unref();
				this.wake = () => (clearTimeout(timer), resolve());
			});
			this.wake = undefined;
		}
		// In the same turn as the last look at `stopped`: whoever starts it again finds it running, or gone.
		this.loop = undefined;
	}

	/** Claims and emits what is due and has a free place. @returns milliseconds until it should be called again */
	async tick(): Promise<number> {
		const free = [...this.subscriptions.values()].filter((one) => this.hasPlace(one.step)).map((one) => one.step);
		if (free.length === 0) return this.subscriptions.size === 0 ? IDLE_MS : BUSY_MS;
		const entries = free.filter((step) => this.subscriptions.get(step)?.entry);
		const { now, due } = await this.store.tx(async (db) => {
			const moving = await movingSteps(db, free);
			const open = entries.filter((step) => moving.includes(step));
			return {
				now: db.now,
				due: [
					...(moving.length ? await nextDue(db, 'instances', moving) : []).map((one) => ({ ...one, kind: 'instances' as const })),
					...(open.length ? await nextDue(db, 'candidates', open) : []).map((one) => ({ ...one, kind: 'candidates' as const })),
				],
			};
		});
		let claimed = 0;
		for (const one of due.filter(({ next }) => next <= now)) {
			const subscription = this.subscriptions.get(one.step_id);
			if (!subscription || this.stopped || !this.hasPlace(one.step_id)) continue;
			claimed += await this.claim(subscription, one);
		}
		if (claimed > 0) this.lastWork = Date.now();
		const poll = Date.now() - this.lastWork < BUSY_FOR_MS ? BUSY_MS : IDLE_MS;
		const next = Math.min(...due.map((one) => +one.next).filter((time) => time > +now));
		return Math.max(1, Math.min(poll, next - +now));
	}

	private async claim(subscription: Subscription, due: Due & { kind: Batch['kind'] }): Promise<number> {
		const take = due.kind === 'candidates' ? claimCandidates : claimInstances;
		const limit = batchSize(due.attempts, subscription.limit);
		const { batch, now } = await this.store.tx(async (db) => ({
			batch: await take(db, due.step_id, due.attempts, limit, new Date(+db.now + LEASE_MS)), now: db.now,
		}));
		if (!batch) return 0;
		if (due.kind === 'candidates') this.onCandidates();
		this.leases.emit(batch.token);
		const flight = this.fly(subscription, { ...batch, kind: due.kind, at: now });
		this.flights.add(flight);
		void flight.finally(() => this.flights.delete(flight));
		return batch.ids.length;
	}

	private async fly(subscription: Subscription, batch: Batch): Promise<void> {
		const flights = this.inFlight.get(subscription.step) ?? new Set();
		this.inFlight.set(subscription.step, flights);
		const flight = { started: Date.now(), full: batch.kind === 'instances' && batch.ids.length >= subscription.limit };
		flights.add(flight);
		try {
			await carry(this.store, batch, subscription.emit, () => this.serves(subscription));
		} catch (error) {
			this.onError(error as Error);
		} finally {
			await giveBackUnstarted(this.store, batch.token).catch(this.onError);
			this.leases.release(batch.token);
			flights.delete(flight);
			this.notify();
		}
	}

	private serves(subscription: Subscription): boolean {
		return !this.stopped && this.subscriptions.get(subscription.step) === subscription;
	}

	private hasPlace(step: number): boolean {
		const flights = [...(this.inFlight.get(step) ?? [])];
		return flights.length < MOST_IN_FLIGHT && flights.every(({ started, full }) => full || Date.now() - started > SECOND_AFTER_MS);
	}
}
