import { lockRegistry } from '../store/locks';
import { beat, switchOff, type Place, type Step } from '../store/steps';
import type { Store } from '../store/types';
import type { Dispatcher, Subscription } from './dispatcher';
import type { EngineLog } from './engine';
import type { Runs } from './lostSteps';
import { entersElsewhere, saveRegistration, type Registration } from './registration';
import { followWait } from './reschedule';

const GONE_AFTER_MS = 30_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
const BEAT_EVERY_MS = 20_000;
const RETRY_MS = 5_000;

/** What goes on in a process for one store. */
export interface Loops {
	/** A step listens. */
	run(): void;
	/** The last one has left: n8n stops, or publishes it anew. Resolves when it is left off what others could go on with. */
	pause(): Promise<void>;
	/** None has come back: what reads, emits and listens ends. People may still wait here. */
	rest(): void;
	/** All that have ever listened here listen at other stores: nobody uses this one any more. */
	end(): void;
}

/** Which steps listen in this process. Registering never throws for a store that is away: it goes on trying. */
export class Registry {
	private readonly workflows = new Map<number, number>();
	private readonly leaving = new Map<number, NodeJS.Timeout>();
	/** Nodes that have listened here and listen nowhere else. */
	private readonly nodes = new Set<string>();
	private since?: Date;
	private timer?: NodeJS.Timeout;
	private resting?: NodeJS.Timeout;
	/** Why no step can be switched off, as long as it is the same. */
	private said = '';

	constructor(
		private readonly store: Store,
		private readonly dispatcher: Dispatcher,
		private readonly log: EngineLog,
		private readonly loops: Loops,
	) {}

	/** @returns takes the node out of this process again; its row goes off if it does not come back */
	register(registration: Registration): () => Promise<void> {
		this.nodes.add(nodeOf(registration.place));
		let closed = false;
		let undo = async () => undefined as void;
		let said = '';
		const attempt = async () => {
			try {
				const { step, now, elsewhere } = await this.store.tx(async (db) => ({ ...(await saveRegistration(db, registration)), now: db.now }));
				if (elsewhere !== undefined) this.log.warn(`${registration.place.name}: ${entersElsewhere(registration, elsewhere)}`);
				if (registration.waits) {
					const moved = await followWait(this.store, step.id, registration.waits, () => closed);
					if (moved > 0) this.log.info(`${registration.place.name}: ${moved} waiting people follow its changed wait`);
				}
				undo = this.listen(step, now, registration);
				// Its row is on by now, so it has to leave like any other.
				if (closed) await undo();
			} catch (error) {
				const { message } = error as Error;
				if (message !== said) this.log.error(`${registration.place.name}: ${message}`);
				said = message;
				if (!closed) setTimeout(() => void attempt(), RETRY_MS).unref();
			}
		};
		void attempt();
		return async () => {
			closed = true;
			await undo();
		};
	}

	private listen(step: Step, now: Date, { place, limit, emit }: Registration): () => Promise<void> {
		this.since ??= now;
		clearTimeout(this.resting);
		clearTimeout(this.leaving.get(step.id));
		this.leaving.delete(step.id);
		this.workflows.set(step.workflow, (this.workflows.get(step.workflow) ?? 0) + 1);
		const subscription: Subscription = { step: step.id, entry: place.kind === 'entry', limit, emit };
		this.dispatcher.subscribe(subscription);
		this.timer ??= setInterval(() => void this.beat(), BEAT_EVERY_MS).unref();
		this.loops.run();
		return async () => await this.leave(step, subscription);
	}

	/** Nothing is written here: n8n closes triggers at every shutdown and republish, and they come back. */
	private async leave(step: Step, subscription: Subscription): Promise<void> {
		this.dispatcher.unsubscribe(subscription);
		const left = (this.workflows.get(step.workflow) ?? 1) - 1;
		if (left > 0) this.workflows.set(step.workflow, left);
		else this.workflows.delete(step.workflow);
		this.switchOffLater(step.id, new Date());
		if (this.workflows.size > 0) return;
		this.since = undefined;
		this.resting = setTimeout(() => this.rest(), GONE_AFTER_MS).unref();
		await this.loops.pause();
	}

	/** Tries until it can be written, or all steps listen at another store: whoever uses this one again sees that nobody runs them. */
	private switchOffLater(step: number, since: Date, tries = 0): void {
		const timer = setTimeout(() => void this.switchOff(step, since).then(() => true, (error: Error) => {
			if (error.message !== this.said) this.log.warn(`Journey: ${error.message}`);
			this.said = error.message;
			return this.isLeft();
		}).then((over) => {
			if (this.leaving.get(step) !== timer) return;
			if (over) this.leaving.delete(step);
			else this.switchOffLater(step, since, tries + 1);
		}), Math.min(LONGEST_PAUSE_MS, GONE_AFTER_MS * 2 ** tries)).unref();
		this.leaving.set(step, timer);
	}

	private async switchOff(step: number, since: Date): Promise<void> {
		await this.store.tx(async (db) => {
			await lockRegistry(db, 'register');
			// The database's clock, as far back as this process's timer waited.
			await switchOff(db, [step], new Date(+db.now - (Date.now() - +since)));
		});
		this.said = '';
	}

	private rest(): void {
		clearInterval(this.timer);
		this.timer = undefined;
		this.loops.rest();
		this.endIfLeft();
	}

	/** This node listens at another store now, and does not come back. */
	movedAway(place: Place): void {
		if (this.nodes.delete(nodeOf(place))) this.endIfLeft();
	}

	private endIfLeft(): void {
		if (this.isLeft()) this.loops.end();
	}

	private isLeft(): boolean {
		return this.timer === undefined && this.nodes.size === 0;
	}

	/** What runs in this process. A main that stops to lead runs nothing, and begins anew when it leads again. */
	runs(): Runs {
		return { ...(this.since && { since: this.since }), leaving: [...this.leaving.keys()] };
	}

	/** Says that the workflows of this process are run. */
	async beat(): Promise<void> {
		await this.store.tx(async (db) => await beat(db, [...this.workflows.keys()])).catch(() => undefined);
	}

	stop(): void {
		clearInterval(this.timer);
		clearTimeout(this.resting);
		this.leaving.forEach((timer) => clearTimeout(timer));
		this.leaving.clear();
	}
}

function nodeOf({ host, workflowId, nodeId }: Place): string {
	return `${host} ${workflowId} ${nodeId}`;
}
