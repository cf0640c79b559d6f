import { ExecutionLifecycleHooks, WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData, Workflow, type INode, type INodeExecutionData, type IWorkflowBase, type IWorkflowExecuteAdditionalData, type WorkflowExecuteMode,
} from 'n8n-workflow';

import { Engine } from '../../../lib/run/engine';
import type { Store } from '../../../lib/store/types';
import { storeSettings } from '../../../nodes/shared/engine';
import { version } from '../../../package.json';
import { Host } from './host';
import { NodeTypes } from './nodeTypes';

/** How one node ended. */
export interface Ended {
	/** Items of each output. */
	outputs: INodeExecutionData[][];
	hints: string[];
	error?: { message: string; description?: string | null };
}

/** Runs single nodes on items, by n8n-core, on a real store. */
export class OneNode {
	/** How often something was announced to be due. */
	announced = 0;
	private executions = 0;
	private readonly nodeTypes = new NodeTypes();
	readonly engine: Engine;

	private constructor(store: Store) {
		const nothing = () => undefined;
		new Host(this.nodeTypes, { warn: nothing, error: nothing, begins: async () => undefined, ran: async () => undefined });
		this.engine = new Engine(store, { info: nothing, warn: nothing, error: nothing }, false);
		this.engine.announce = () => void this.announced++;
	}

	/** The nodes that run from now on find this store under the settings that they would use. */
	static async on(store: Store): Promise<OneNode> {
		const one = new OneNode(store);
		process.env.JOURNEY_STORE_URL = 'postgres://one-node/store';
		const settings = await storeSettings({ getNode: () => ({}) } as never);
		const holder = { version, engines: new Map([[JSON.stringify(settings), Promise.resolve(one.engine)]]) };
		Object.assign(globalThis, { [Symbol.for('n8n-nodes-journey')]: holder });
		return one;
	}

	/** @param items their `json`; the execution is a new one unless `execution` names it */
	async run(node: object, items: object[], mode: WorkflowExecuteMode = 'trigger', execution = `x${++this.executions}`): Promise<Ended> {
		const workflow = new Workflow({
			id: 'w', name: 'Test', nodes: [structuredClone(node) as INode], connections: {}, active: false, nodeTypes: this.nodeTypes,
			settings: { timezone: 'Europe/Istanbul' },
		});
		const additionalData = {
			executionId: execution, currentNodeExecutionIndex: 0, variables: {}, setExecutionStatus: () => undefined, logAiEvent: () => undefined,
			webhookWaitingBaseUrl: 'http://localhost/waiting', formWaitingBaseUrl: 'http://localhost/form-waiting',
			hooks: new ExecutionLifecycleHooks(mode, execution, { id: 'w' } as IWorkflowBase),
		} as unknown as IWorkflowExecuteAdditionalData;
		const data = { main: [items.map((one) => ({ json: one }) as INodeExecutionData)] };
		const runData = createRunExecutionData({ executionData: { nodeExecutionStack: [{ node: workflow.getNode((node as INode).name)!, data, source: null }] } });
		const { data: { resultData } } = await new WorkflowExecute(additionalData, mode, runData).processRunExecutionData(workflow);
		const task = resultData.runData[(node as INode).name]?.[0];
		return {
			outputs: (task?.data?.main ?? []).map((output) => output ?? []),
			hints: (task?.hints ?? []).map(({ message }) => message),
			error: resultData.error && { message: resultData.error.message, description: resultData.error.description },
		};
	}
}
