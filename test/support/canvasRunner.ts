import type { INode, INodeExecutionData, IRun, ITriggerFunctions } from 'n8n-workflow';

import { Engine } from '../../lib/run/engine';
import { takeIn, type IntakeResult } from '../../lib/run/intake';
import type { IntakeEntry, Json, ProfileChange } from '../../lib/core/types';
import { makeMonths } from '../../lib/store/retention';
import type { Store } from '../../lib/store/types';
import { storeSettings } from '../../nodes/shared/engine';
import { version } from '../../package.json';
import { journeyNode } from './canvas';
import { nextMoment } from './headless/due';
import { Host, type WorkflowJson } from './headless/host';
import { RecordingMailer, type Mail } from './headless/mailer';
import { NodeTypes } from './headless/nodeTypes';
import { milliseconds, timelineOf } from './headless/timeline';
import { freshStore, type TestStore } from './stores';

const MOST_EXECUTIONS = 1_000;
/** Those who run on a store: their processes are there at the same time. */
const alive = new Map<TestStore, Set<CanvasRunner>>();

export interface RunnerOptions {
	/** An empty store to use, which stays open; absent: one of its own. */
	on?: TestStore;
	/** Send Email only writes its mails down, and fails for addresses that bounce. */
	mailer?: { bounces?: string[] };
	workflowId?: string;
}

/** Something that a customer does, or that becomes known of them. */
export interface Happening {
	who: string;
	event?: string;
	properties?: Json;
	/** Own time; absent: now. */
	at?: Date;
	change?: ProfileChange;
	email?: string;
	messageId?: string;
}

export interface Emission {
	node: INode;
	items: INodeExecutionData[];
	/** What was published then, which the execution keeps. */
	canvas: WorkflowJson;
	done?: { resolve(run: IRun): void };
	execution?: string;
}

/**
 * A whole journey on a frozen clock: canvas and timeline in, timeline out. The nodes are the real ones, n8n-core runs
 * them, the engine works on a real store; only n8n's server and the passing of time are stood in for.
 *
 * Executions run one after the other in the order of their claims, so that the same input gives the same timeline.
 */
export class CanvasRunner {
	/** How many executions n8n would have run. */
	executions = 0;
	readonly warnings: string[] = [];
	/** When an execution is stopped, as a node begins to work on so many items: by hand, by its time limit, or as n8n dies of it. */
	stops: (node: string, items: number) => 'by hand' | 'by time' | 'dead' | undefined = () => undefined;
	private readonly problems: string[] = [];
	private readonly passed = new Map<string, INodeExecutionData[]>();
	private readonly interruptions = new Map<string, () => Promise<void>>();
	private readonly start: Date;
	private queue: Emission[] = [];
	private open = new Map<string, { node: string; close(): Promise<void> }>();
	private canvas?: WorkflowJson;
	private cutAfter?: string;
	private stopped?: string;
	private last?: Emission;
	private delay?: () => Promise<void>;
	private died?: () => void;
	private engine!: Engine;

	private constructor(
		private readonly test: TestStore,
		private readonly host: Host,
		private readonly mailer: RecordingMailer,
		private readonly workflowId: string,
		private readonly ownsStore: boolean,
	) {
		this.start = test.clock.now;
	}

	/** An empty store, an n8n without its server, and the canvas published. */
	static async open(kind: Store['kind'], canvas: WorkflowJson, options: RunnerOptions = {}): Promise<CanvasRunner> {
		const test = options.on ?? (await freshStore(kind));
		const mailer = new RecordingMailer(() => test.clock.now, options.mailer?.bounces);
		const late: { runner?: CanvasRunner } = {};
		const types = new NodeTypes(options.mailer ? { 'n8n-nodes-base.emailSend': mailer } : {});
		types.entered = async (node, items) => await late.runner!.entered(node, items);
		const host = new Host(types, {
			begins: async (node) => await late.runner!.begins(node),
			warn: (message) => late.runner!.note(message),
			error: (message) => void late.runner!.problems.push(message),
			ran: async (node, items) => await late.runner!.ran(node, items),
		}, () => test.clock.now);
		const runner = new CanvasRunner(test, host, mailer, options.workflowId ?? 'journey', options.on === undefined);
		late.runner = runner;
		await runner.boot();
		await runner.publish(canvas);
		return runner;
	}

	get store(): Store {
		return this.test.store;
	}

	get now(): Date {
		return this.test.clock.now;
	}

	get mails(): Mail[] {
		return this.mailer.mails;
	}

	/** Publishes a canvas. As in n8n, only nodes that differ from what is published are stopped and started. */
	async publish(canvas: WorkflowJson): Promise<void> {
		await this.enter();
		this.canvas = canvas;
		const workflow = this.host.workflow(this.workflowId, canvas);
		const nodes = Object.values(workflow.nodes).filter((node) => this.host.listens(workflow, node));
		const wanted = new Map(nodes.map((node) => [node.id, JSON.stringify({ ...node, position: undefined })]));
		for (const [id, { node, close }] of this.open) {
			if (wanted.get(id) === node) continue;
			this.open.delete(id);
			await close();
		}
		for (const node of nodes.filter(({ id }) => !this.open.has(id))) {
			const emit = ((data, _response, done) => {
				this.queue.push({ node, items: data[0]!, canvas: this.canvas!, done: done as never });
			}) as ITriggerFunctions['emit'];
			const close = await this.registered(async () => await this.host.trigger(workflow, node, emit));
			if (close) this.open.set(node.id, { node: wanted.get(node.id)!, close });
		}
	}

	/** Takes the workflow off, as n8n does at each shutdown as well. */
	async unpublish(): Promise<void> {
		for (const { close } of this.open.values()) await close();
		this.open.clear();
	}

	/** Takes one node off, as when its trigger fails while the others run. */
	async stop(node: string): Promise<void> {
		const { id } = this.canvas!.nodes.find(({ name }) => name === node)!;
		await this.open.get(id)!.close();
		this.open.delete(id);
	}

	/** n8n is not there for a while. Nothing of what falls due meanwhile has happened when it is back. @param canvas what is published then */
	async down(duration: string, canvas = this.canvas!): Promise<void> {
		this.halt();
		this.queue = [];
		this.open = new Map();
		await this.moveTo(new Date(+this.now + milliseconds(duration)));
		await this.boot();
		await this.publish(canvas);
	}

	/** Takes events and changes in, at this moment, in one batch. Nothing moves before the next `pass`. */
	async send(...happenings: Happening[]): Promise<IntakeResult> {
		return await takeIn(this.store, 'test', happenings.map(({ who, event, properties, at, change, email, messageId }, index): IntakeEntry => ({
			index, occurredAt: at ?? this.now,
			identities: [{ kind: 'user_id', value: who }, ...(email === undefined ? [] : [{ kind: 'email' as const, value: email }])],
			...(event !== undefined && { event: { name: event, properties: properties ?? {} } }),
			...(change && { change }), ...(messageId !== undefined && { messageId }),
		})));
	}

	/** Does something as soon as this node has run in the next execution: what arrives while people are under way. */
	after(node: string, action: () => Promise<unknown>): void {
		this.interruptions.set(node, async () => void (await action()));
	}

	/** Stops the next execution by hand when n8n has taken this node and is about to run it. */
	stopBefore(node: string): void {
		this.stopped = node;
	}

	/** The time limit of what runs is over, which n8n sees when the node has run. */
	overTime(): void {
		this.host.overTime();
	}

	/** n8n is so busy that the next execution, which it has been given, begins only after this. */
	late(action: () => Promise<unknown>): void {
		this.delay = async () => void (await action());
	}

	/** Kills n8n as soon as this node has run in the next execution; it comes back at once, knowing nothing. */
	killAfter(node: string): void {
		this.cutAfter = node;
	}

	/**
	 * Runs a batch once more, as n8n does at boot with what it cannot tell had begun, and by its Retry button.
	 * @param same as the same execution: n8n's queue hands out a job again when Redis comes back as it was a moment ago
	 */
	async runAgain({ same = false, batch = this.batch } = {}): Promise<void> {
		await this.execute({ ...batch, done: undefined, ...(same ? {} : { execution: undefined }) });
	}

	/** The one that was run last. */
	get batch(): Emission {
		return this.last!;
	}

	/** Runs a Journey Control node, from a workflow of its own. @returns what it answers @throws what it refuses */
	async control(parameters: object): Promise<Json[]> {
		const ran = await this.operate({ name: 'Operations', nodes: [journeyNode('Control', 'journeyControl', parameters)], connections: {} }, 'Control');
		return ran.Control!;
	}

	/**
	 * Runs a workflow that is no journey, from this node on.
	 *
	 * @returns what has left each node by its first output that anything left by @throws what stopped it
	 */
	async operate(json: WorkflowJson, from: string): Promise<Record<string, Json[]>> {
		await this.enter();
		const workflow = this.host.workflow('operations', json);
		const { data } = await this.host.run(workflow, workflow.getNode(from)!, [{ json: {} }], this.host.execution());
		const { error, runData } = data.resultData;
		// n8n keeps errors as plain objects.
		if (error) throw new Error(error.message);
		return Object.fromEntries(Object.entries(runData).map(([node, [run]]) => {
			const outputs = (run!.data?.main ?? []).map((output) => output ?? []);
			return [node, (outputs.find(({ length }) => length > 0) ?? []).map(({ json: left }) => left)];
		}));
	}

	/** Lets time pass, from one due time to the next, and everything run that falls due. `0 seconds` only drains. */
	async pass(duration: string): Promise<void> {
		const end = new Date(+this.now + milliseconds(duration));
		for (;;) {
			await this.drain();
			const next = await this.nextMoment();
			if (!next || next > end) break;
			await this.moveTo(next);
		}
		await this.moveTo(end);
		await this.drain();
	}

	/** What was decided, one line each. @param who only this customer */
	async timeline(who?: string): Promise<string[]> {
		const lines = await timelineOf(this.store, this.start);
		return who === undefined ? lines : lines.filter((line) => line.split(' ')[1] === who).map((line) => line.replace(`${who} `, ''));
	}

	/** Time passes without anything being run. */
	async skip(duration: string): Promise<void> {
		await this.moveTo(new Date(+this.now + milliseconds(duration)));
	}

	/** The items that have left a node, in order, over all executions that went through. */
	itemsOf(node: string): INodeExecutionData[] {
		return this.passed.get(node) ?? [];
	}

	/** Errors of executions and of the engine since the last call. What a test has not taken fails it at the end. */
	takeProblems(): string[] {
		return this.problems.splice(0);
	}

	async close(): Promise<void> {
		await this.unpublish();
		this.halt();
		if (this.ownsStore) await this.test.drop();
		const awaited = [...this.interruptions.keys(), ...[this.cutAfter, this.stopped].filter((one) => one !== undefined), ...(this.delay ? ['something late'] : [])];
		if (awaited.length > 0) this.problems.push(`Something was to happen after ${awaited.join(', ')}, which never ran.`);
		if (this.problems.length > 0) throw new Error(`The run had problems:\n${this.problems.join('\n')}`);
	}

	/** A process of n8n begins: an engine whose time is kept here, found by the nodes under the settings they would use. */
	private async boot(): Promise<void> {
		this.engine = new Engine(this.store, {
			info: () => undefined, warn: (message) => this.note(message), error: (message) => void this.problems.push(message),
		}, false);
		if (!alive.has(this.test)) alive.set(this.test, new Set());
		alive.get(this.test)!.add(this);
		await this.enter();
	}

	/** The nodes find the engine of this process, and no other's. */
	private async enter(): Promise<void> {
		process.env.JOURNEY_STORE_URL = `postgres://frozen/${this.workflowId}`;
		const settings = await storeSettings({ getNode: () => ({}) } as never);
		const holder = { version, engines: new Map([[JSON.stringify(settings), Promise.resolve(this.engine)]]) };
		Object.assign(globalThis, { [Symbol.for('n8n-nodes-journey')]: holder });
	}

	/**
	 * Starts a trigger and waits until it has registered, which it does in the background.
	 *
	 * @throws what the engine said when it could not
	 */
	private async registered<C>(trigger: () => Promise<C | undefined>): Promise<C | undefined> {
		const { dispatcher } = this.engine;
		const subscribe = dispatcher.subscribe.bind(dispatcher);
		const known = this.problems.length;
		let listens = false;
		dispatcher.subscribe = (subscription) => {
			subscribe(subscription);
			listens = true;
		};
		try {
			const close = await trigger();
			while (close && !listens) {
				if (this.problems.length > known) throw new Error(this.problems.at(-1));
				await new Promise((resolve) => setTimeout(resolve, 2));
			}
			return close;
		} finally {
			dispatcher.subscribe = subscribe;
		}
	}

	/** The next moment at which something happens by itself, the dates of schedules among them. */
	private async nextMoment(): Promise<Date | undefined> {
		const { next } = await this.engine.scheduler.tick();
		const moments = [await nextMoment(this.store), next].filter((one) => one && one > this.now) as Date[];
		return moments.length > 0 ? new Date(Math.min(...moments.map(Number))) : undefined;
	}

	private async moveTo(moment: Date): Promise<void> {
		const { clock } = this.test;
		const newMonth = moment.getUTCMonth() !== clock.now.getUTCMonth() || +moment - +clock.now > milliseconds('28 days');
		clock.now = moment;
		if (newMonth) await this.store.tx(makeMonths);
	}

	/** Claims, emits and executes until nothing is due. */
	private async drain(): Promise<void> {
		const before = this.executions;
		for (const one of alive.get(this.test)!) await one.engine.registry.beat();
		for (;;) {
			await this.engine.janitor.sweep();
			await this.engine.janitor.end();
			await this.engine.janitor.review();
			await this.engine.janitor.judge();
			while ((await this.engine.scheduler.tick()).pages > 0);
			await this.engine.dispatcher.tick();
			if (this.queue.length === 0) return;
			for (let next = this.queue.shift(); next; next = this.queue.shift()) await this.execute(next);
			await this.engine.dispatcher.idle();
			if (this.executions - before > MOST_EXECUTIONS) throw new Error(`${MOST_EXECUTIONS} executions at one moment: ${this.problems.at(-1)}`);
		}
	}

	private async execute(emission: Emission): Promise<void> {
		const { delay } = this;
		this.delay = undefined;
		await delay?.();
		await this.enter();
		const { node, items, canvas, done, execution = this.host.execution() } = emission;
		this.last = { ...emission, execution };
		this.executions++;
		const death = new Promise<undefined>((resolve) => (this.died = () => resolve(undefined)));
		const run = await Promise.race([this.host.run(this.host.workflow(this.workflowId, canvas), node, items, execution), death]);
		if (!run) return await this.rise();
		const { error } = run.data.resultData;
		if (error) this.problems.push(`${run.data.resultData.lastNodeExecuted}: ${error.message}`);
		done?.resolve(run);
	}

	private async begins(node: string): Promise<void> {
		if (this.stopped !== node) return;
		this.stopped = undefined;
		await this.host.stop();
	}

	private async entered(node: string, items: number): Promise<void> {
		const how = this.stops(node, items);
		if (how === 'dead') await this.die();
		if (how === 'by time') this.host.overTime();
		if (how) await this.host.stop();
	}

	private async die(): Promise<void> {
		this.died!();
		await new Promise(() => undefined);
	}

	private async ran(node: string, items: INodeExecutionData[]): Promise<void> {
		this.passed.set(node, [...(this.passed.get(node) ?? []), ...items]);
		const interruption = this.interruptions.get(node);
		this.interruptions.delete(node);
		await interruption?.();
		if (this.cutAfter !== node) return;
		this.cutAfter = undefined;
		await this.die();
	}

	/** After a kill: whatever was in memory is gone, the store is as it was. */
	private async rise(): Promise<void> {
		this.halt();
		this.queue = [];
		this.open = new Map();
		await this.boot();
		await this.publish(this.canvas!);
	}

	/** Ends the timers of this process's engine. */
	private halt(): void {
		this.engine.leases.stop();
		this.engine.registry.stop();
		alive.get(this.test)!.delete(this);
	}

	private note(warning: string): void {
		// n8n only warns of what the nodes have to do at the end of an execution.
		(/^Execution-finish handler/.test(warning) ? this.problems : this.warnings).push(warning);
	}
}
