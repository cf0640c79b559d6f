import type { Canvas } from '../core/canvas/canvas';
import { publishDetail } from '../core/canvas/changes';
import type { Problem } from '../core/canvas/problem';
import { tellAct } from '../store/acts';
import { endLeases } from '../store/claim';
import { findStep, saveCanvas, type Place, type RecordedCanvas, type Step } from '../store/steps';
import type { Keep, Store, StoreSettings } from '../store/types';
import { RequestRate } from './collector/requestRate';
import { Dispatcher } from './dispatcher';
import { Entrances } from './entrances';
import { Executions } from './executions';
import { Janitor } from './janitor';
import { Leases } from './leases';
import { LostSteps } from './lostSteps';
import { openStore, orClosed } from './openStore';
import { RedisLink } from './redis/link';
import { StreamReader } from './redis/streamReader';
import { Registry } from './registry';
import { RemovedSteps } from './removed';
import { Scheduler } from './scheduler';
import { takeInParts, type Outcome, type Part } from './takeInParts';

export interface EngineLog {
	info(message: string): void;
	warn(message: string): void;
	error(message: string): void;
}

/** How long n8n, when it stops, waits for what was read from the stream. */
const LET_GO_MS = 3_000;

/**
 * Everything this process does with one store. A process that only executes (a queue worker) uses the store and
 * renews leases; one that also holds triggers runs the dispatcher and the janitor, and reads the stream. When its last
 * trigger has gone, only the janitor goes on: people may wait, and events come in by other nodes. When all triggers have
 * gone to another store, as after a change of the credential, it ends as well; executions on their way still have the
 * store, whose connections close themselves when nobody uses them.
 */
export class Engine {
	readonly leases: Leases;
	readonly dispatcher: Dispatcher;
	readonly executions: Executions;
	readonly registry: Registry;
	readonly janitor: Janitor;
	readonly scheduler: Scheduler;
	/** Of requests at the collector's doors. */
	readonly rate: RequestRate;
	private stream?: StreamReader;
	private deaf?: () => void;
	private readonly steps = new Map<string, Step>();

	/** @param moves false: nothing happens by itself; the caller does what loops would, `dispatcher.tick()` and `janitor.sweep()` */
	constructor(
		readonly store: Store,
		readonly log: EngineLog,
		private readonly moves = true,
		keep: Keep = {},
		private readonly redis?: RedisLink,
		private readonly onEnd: () => void = () => undefined,
	) {
		const onError = (error: Error) => log.error(`Journey: ${error.message}`);
		this.leases = new Leases(store);
		this.dispatcher = new Dispatcher(store, this.leases, onError, () => this.scheduler.room());
		this.executions = new Executions(store, this.leases, () => this.dispatcher.notify());
		const chores = [
			new LostSteps(store, this.dispatcher, () => this.registry.runs()), new Entrances(store),
			new RemovedSteps(store, this.dispatcher, () => this.registry.runs().leaving),
		];
		this.janitor = new Janitor(store, () => this.dispatcher.notify(), onError, { keep, warn: (message) => log.warn(`Journey: ${message}`) }, chores);
		this.scheduler = new Scheduler(store, () => this.announce(), log);
		this.registry = new Registry(store, this.dispatcher, log, {
			run: () => this.run(), pause: async () => await Promise.race([this.stopReading(), aWhile(LET_GO_MS)]), rest: () => void this.rest(),
			end: () => this.end(),
		});
		this.rate = redis?.rate ?? new RequestRate();
	}

	private run(): void {
		if (!this.moves) return;
		this.hear();
		this.dispatcher.start();
		this.janitor.start();
		this.scheduler.start();
		const { stream } = this.redis?.settings ?? {};
		if (!stream || this.stream) return;
		this.stream = new StreamReader({ ...this.redis!.settings, stream }, async (parts) => await this.takeIn('redis', parts), this.log);
		this.stream.start();
	}

	private hear(): void {
		if (this.deaf) return;
		const listener = () => this.dispatcher.notify();
		const forget = this.store.onHint(listener);
		void this.redis?.onHint(listener);
		this.deaf = () => (forget(), this.redis?.deafen());
	}

	/** What comes in next is for whoever reads now: another process, or the engine of the store that the credential names now. */
	private async stopReading(): Promise<void> {
		const { stream } = this;
		this.stream = undefined;
		await stream?.stop();
	}

	private async rest(): Promise<void> {
		this.deaf?.();
		this.deaf = undefined;
		await Promise.all([this.scheduler.stop(), this.dispatcher.stop()]);
	}

	/** Nobody uses this store any more. Who comes back to it opens it anew. */
	private end(): void {
		this.janitor.stop();
		this.onEnd();
	}

	/** @param onEnd all that listened at the store listens at other ones */
	static async open(settings: StoreSettings, log: EngineLog, onEnd?: () => void): Promise<Engine> {
		const store = await openStore(settings);
		return await orClosed(store, async () => {
			if (store.kind === 'embedded') await store.tx(endLeases);
			const { redis, schema } = settings;
			const link = redis && (await RedisLink.open(redis, `journey:${schema}`, log));
			return new Engine(store, log, true, settings.keep, link, onEnd);
		});
	}

	/** The step of a node, looked up once. Which journey it is of may change: whoever needs it asks the store. */
	async step(place: Place): Promise<Pick<Step, 'id'>> {
		const key = `${place.host} ${place.workflowId} ${place.nodeId} ${place.name}`;
		const known = this.steps.get(key);
		if (known) return known;
		const step = await this.store.tx(async (db) => await findStep(db, place));
		this.steps.set(key, step);
		return step;
	}

	/** The store's clock. */
	async now(): Promise<Date> {
		return await this.store.tx(async (db) => db.now);
	}

	/**
	 * Records the canvas that an execution has seen. A publish is kept with what operators did.
	 *
	 * @param who says so
	 * @param renamedSince the outputs that it calls otherwise than the canvas before
	 * @param emitted when the execution was, by the store's clock; absent: now
	 * @returns them. `lagsUntil`: this execution may lag behind, as all do that were emitted before this time
	 */
	async recordCanvas(
		place: Place, recorded: RecordedCanvas, who: string, renamedSince: (before: Canvas) => Problem[], emitted?: Date,
	): Promise<Problem[] | { lagsUntil: Date }> {
		return await this.store.tx(async (db) => {
			const before = await saveCanvas(db, place, recorded, emitted);
			if (before === 'known') return [];
			if ('lagsUntil' in before) return before;
			const renamed = renamedSince(before.canvas);
			await tellAct(db, 'publish', who, before.journey, publishDetail(before.canvas, recorded.canvas, recorded.hash, renamed));
			return renamed;
		});
	}

	/** Takes parts in from a door, together if it goes well, and moves who is due. @returns what became of each, committed */
	async takeIn(source: string, parts: Part[]): Promise<Outcome[]> {
		return await takeInParts(this.store, source, parts, ({ woken, candidates, conversions }) => {
			if (woken + candidates + conversions > 0) this.announce();
		});
	}

	/** Says that something is due, here and in other processes. */
	announce(): void {
		this.dispatcher.notify();
		// A lost hint costs a poll interval.
		void this.hint().catch(() => undefined);
	}

	private async hint(): Promise<void> {
		if (!(await this.redis?.hint())) await this.store.hint();
	}

	async close(): Promise<void> {
		this.registry.stop();
		await this.stopReading();
		this.janitor.stop();
		await this.rest();
		this.leases.stop();
		this.redis?.close();
		await this.store.close();
	}
}

async function aWhile(ms: number): Promise<void> {
	await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}
