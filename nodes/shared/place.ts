import type { IExecuteFunctions, ITriggerFunctions } from 'n8n-workflow';

import type { Claim, Place, StepKind } from '../../lib/index';

/** Where a node is. Copies of a workflow keep node ids, so the workflow id belongs to it. */
export function placeOf(context: IExecuteFunctions | ITriggerFunctions, kind: StepKind): Place {
	const node = context.getNode();
	return { host: context.getInstanceId(), workflowId: context.getWorkflow().id!, nodeId: node.id, name: node.name, kind };
}

/** This execution's right to write about a batch. */
export function claimOf(context: IExecuteFunctions, token: string): Claim {
	return { token, execution: context.getExecutionId() };
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
