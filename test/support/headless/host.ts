import { tmpdir } from 'node:os';
import { Logger } from '@n8n/backend-common';
import { Container } from '@n8n/di';
import { ErrorReporter, ExecutionLifecycleHooks, InstanceSettings, TriggerContext, WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData, setGlobalState, Workflow,
	type IExecuteFunctions, type INode, type INodeExecutionData, type INodeTypes, type IRun, type ITriggerFunctions,
	type IWorkflowBase, type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';
import { Settings } from 'luxon';

import { runCode } from './codeRunner';

/** A workflow as the editor saves it. */
export interface WorkflowJson {
	name: string;
	nodes: Array<{ id: string; name: string; type: string; disabled?: boolean; parameters: object }>;
	connections: object;
	settings?: object;
}

export interface Listener {
	warn(message: string): void;
	error(message: string): void;
	/** n8n has taken a node, and runs it when this is over. */
	begins(node: string): Promise<void>;
	/** A node has run. Never resolving stops the execution there for good. */
	ran(node: string, outputs: INodeExecutionData[]): Promise<void>;
}

/** What n8n is to a node, without its server: executions by n8n-core, and the contexts of triggers. */
export class Host {
	private executions = 0;
	private running?: { additionalData: IWorkflowExecuteAdditionalData; run: { cancel(): void }; ending?: Promise<void> };

	/** @param now the clock that expressions read as `$now`; absent: the machine's */
	constructor(
		private readonly nodeTypes: INodeTypes,
		private readonly listener: Listener,
		now: () => Date = () => new Date(),
	) {
		setGlobalState({ defaultTimezone: 'UTC' });
		Settings.now = () => +now();
		const nothing = () => undefined;
		const logger = {
			debug: nothing, info: nothing, scoped: () => logger,
			warn: (message: string, { error }: { error?: Error } = {}) => listener.warn(error ? `${message}: ${error.message}` : message),
			error: (message: string) => listener.error(message),
		};
		Container.set(Logger, logger as never);
		Container.set(ErrorReporter, { error: nothing, warn: nothing, info: nothing } as never);
		const folder = tmpdir(); // named, never written to
		Container.set(InstanceSettings, {
			instanceId: 'headless', hmacSignatureSecret: 'headless', n8nFolder: folder, staticCacheDir: folder,
			customExtensionDir: folder, nodesDownloadDir: folder, nodeDefinitionsDir: folder,
		} as never);
	}

	/** n8n makes a new one for each execution. */
	workflow(id: string, json: WorkflowJson): Workflow {
		const copy = structuredClone(json) as never as IWorkflowBase;
		return new Workflow({ ...copy, settings: { executionOrder: 'v1', ...copy.settings }, id, active: true, nodeTypes: this.nodeTypes });
	}

	/** Whether a node listens while its workflow is published. */
	listens(workflow: Workflow, node: INode): boolean {
		return !node.disabled && this.nodeTypes.getByNameAndVersion(node.type, node.typeVersion).trigger !== undefined && workflow.active;
	}

	/** Starts a node's trigger. @returns what takes it out again; undefined when it does not listen as it is set */
	async trigger(workflow: Workflow, node: INode, emit: ITriggerFunctions['emit']): Promise<(() => Promise<void>) | undefined> {
		const context = new TriggerContext(workflow, node, this.additionalData('trigger'), 'trigger', 'activate', emit);
		const type = this.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
		const response = await type.trigger!.call(context);
		const close = response?.closeFunction;
		return close && (async () => await close());
	}

	/** Id of the next execution. */
	execution(): string {
		return String(++this.executions);
	}

	/** Runs the canvas from a node, as n8n does with what a trigger emits. */
	async run(workflow: Workflow, node: INode, items: INodeExecutionData[], executionId: string): Promise<IRun> {
		const additionalData = this.additionalData(executionId);
		const hooks = new ExecutionLifecycleHooks('trigger', executionId, { id: workflow.id } as IWorkflowBase);
		hooks.addHandler('nodeExecuteBefore', async (name) => await this.listener.begins(name));
		hooks.addHandler('nodeExecuteAfter', async (name, data) => {
			await this.listener.ran(name, (data.data?.main ?? []).flatMap((output) => output ?? []));
		});
		additionalData.hooks = hooks;
		const runData = createRunExecutionData({
			executionData: { nodeExecutionStack: [{ node: workflow.getNode(node.name)!, data: { main: [items] }, source: null }] },
		});
		const runHook = hooks.runHook.bind(hooks);
		hooks.runHook = async (name, parameters) => {
			const done = runHook(name, parameters);
			if (name === 'workflowExecuteAfter') this.running!.ending = done;
			await done;
		};
		const run = new WorkflowExecute(additionalData, 'trigger', runData).processRunExecutionData(workflow);
		this.running = { additionalData, run };
		return await run;
	}

	/** Stops what runs, as n8n does by its Stop button and, with a time limit, when that is over. @returns when the end has been told */
	async stop(): Promise<void> {
		this.running!.run.cancel();
		await this.running!.ending;
	}

	/** The time limit of what runs is over: n8n sees it when the node has run, if it is not stopped before. */
	overTime(): void {
		this.running!.additionalData.executionTimeoutTimestamp = 1;
	}

	private additionalData(executionId: string): IWorkflowExecuteAdditionalData {
		return {
			executionId, currentNodeExecutionIndex: 0, variables: {},
			webhookWaitingBaseUrl: 'http://localhost/waiting', formWaitingBaseUrl: 'http://localhost/form-waiting',
			setExecutionStatus: () => undefined, logAiEvent: () => undefined,
			startRunnerTask: async (_data: unknown, _type: string, settings: never, context: IExecuteFunctions) => await runCode(settings, context),
		} as unknown as IWorkflowExecuteAdditionalData;
	}
}
