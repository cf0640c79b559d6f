import { randomUUID } from 'node:crypto';
import type { IExecuteFunctions, IRunExecutionData, ITriggerFunctions } from 'n8n-workflow';

import type { Claim, Place, StepKind } from '../../lib/index';

/** Where a node is. Copies of a workflow keep node ids, so the workflow id belongs to it. */
export function placeOf(context: IExecuteFunctions | ITriggerFunctions, kind: StepKind): Place {
	const node = context.getNode();
	return { host: context.getInstanceId(), workflowId: context.getWorkflow().id!, nodeId: node.id, name: node.name, kind };
}

/** What all nodes of a run share, and no other run has. */
export function runDataOf(context: IExecuteFunctions): IRunExecutionData {
	return (context as unknown as { runExecutionData: IRunExecutionData }).runExecutionData;
}

const runs = new WeakMap<IRunExecutionData, string>();

/**
 * This run's right to write about a batch. n8n's id of the execution alone does not tell two runs apart: its queue hands
 * out a job again when Redis comes back as it was a moment ago, and both would pass the fence.
 */
export function claimOf(context: IExecuteFunctions, token: string): Claim {
	const data = runDataOf(context);
	const run = runs.get(data) ?? randomUUID();
	runs.set(data, run);
	return { token, execution: `${context.getExecutionId()} ${run}` };
}

/** A run in the editor: nothing is parked or stored as real. */
export function isTest(context: IExecuteFunctions | ITriggerFunctions): boolean {
	const mode = context.getMode();
	return mode === 'manual' || mode === 'evaluation' || mode === 'chat';
}

/** Started by the engine at this node, rather than reached from another node. */
export function isResumed(context: IExecuteFunctions): boolean {
	return context.getExecuteData().source === null;
}
