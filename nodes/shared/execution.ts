import type { IExecuteFunctions, INodeExecutionData, IRunExecutionData } from 'n8n-workflow';

import type { Claim, Engine, JourneyItem, Running } from '../../lib/index';
import { claimOf } from './place';
import { messageOf, settlementsOf } from './settlement';

/** What the engine put into a batch. */
export function tokenOf(items: INodeExecutionData[]): string {
	return (items[0]!.json.journey as { token: string }).token;
}

interface Insides {
	runExecutionData: IRunExecutionData;
}

/**
 * Lets the engine know how the execution ends: what became of its messages, who is done, who must be tried again.
 * Called once for each claim, before anything else is done with it.
 */
export function acknowledgeAtEnd(context: IExecuteFunctions, engine: Engine, claim: Claim): void {
	if (engine.executions.has(claim)) return;
	const { token } = claim;
	context.onExecutionFinish!(async () => {
		// A second copy of a batch does not pass the fence: the outcomes are for the first to tell.
		if (!engine.executions.has(claim)) return;
		const { resultData } = (context as unknown as Insides).runExecutionData;
		await engine.executions.acknowledge(claim, {
			error: messageOf(resultData.error),
			settlements: settlementsOf(token, resultData.runData),
		});
	});
}

/**
 * The people of a batch that the engine woke at this node; none when they are not this execution's any more.
 * @param ranked people whose time is up go by the best of what has happened
 */
export async function resume(context: IExecuteFunctions, engine: Engine, ranked = false): Promise<Running[]> {
	const claim = claimOf(context, tokenOf(context.getInputData()));
	acknowledgeAtEnd(context, engine, claim);
	return await engine.executions.start(claim, ranked);
}

/**
 * An instance as an item of this node.
 *
 * @param input index of the item it comes from
 * @param carried what that item had besides, to be handed on
 */
export function itemOf(context: IExecuteFunctions, token: string, one: Running, input: number, carried: object = {}): INodeExecutionData {
	const json: JourneyItem = {
		journey: {
			key: one.journey_key, instance: one.id, token, step: context.getNode().name, visit: one.visit,
			correlation: one.correlation, entered_at: one.entered_at.toISOString(),
		},
		profile: one.profile,
		event: one.event,
		context: one.context,
	};
	return { json: { ...carried, ...json }, pairedItem: { item: input } };
}
