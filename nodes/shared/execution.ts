import type { IExecuteFunctions, INodeExecutionData, IRunExecutionData } from 'n8n-workflow';

import type { Claim, Engine, JourneyItem, Running } from '../../lib/index';
import { journeyEngine } from './engine';
import { claimOf, runDataOf } from './place';
import { settlementsOf } from './settlement';
import { watchExecution } from './stopped';

/** What the engine put into a batch. */
export function tokenOf(items: INodeExecutionData[]): string {
	return (items[0]!.json.journey as { token: string }).token;
}

const engineOfRun = new WeakMap<IRunExecutionData, Engine>();

/**
 * The engine of a journey node in an execution: that whose fence the execution has passed, else that of the node's store.
 * Whom it carries are there, also when the credential leads to another store meanwhile, which knows nobody of them.
 *
 * @throws StoreError when the store cannot be used
 */
export async function executingEngine(context: IExecuteFunctions): Promise<Engine> {
	return engineOfRun.get(runDataOf(context)) ?? (await journeyEngine(context));
}

/**
 * Passes the start fence, and lets the engine know how the execution ends: what became of its messages, who is done,
 * who must be tried again.
 *
 * n8n may stop an execution at any moment, and says then at once, and once only, that it is over: who is passing the
 * fence just then is waited for, and nobody passes it afterwards. They would be held for ever, with nobody to say what
 * becomes of them; so they go back with the emission, or when their lease ends.
 *
 * @param begin passes the fence @returns whom it has brought; called again by n8n's retries, as before
 */
export async function acknowledgedAtEnd<One>(context: IExecuteFunctions, engine: Engine, claim: Claim, begin: () => Promise<One[]>): Promise<One[]> {
	if (engine.executions.has(claim)) return await begin();
	if (context.getExecutionCancelSignal()?.aborted) return [];
	const { token } = claim;
	const ended = watchExecution(context);
	let told = false;
	const begun = begin();
	context.onExecutionFinish!(async () => {
		await begun.catch(() => undefined);
		// A second copy of a batch does not pass the fence: the outcomes are for the first to tell. A time limit may strike
		// while the end is being told.
		if (told || !engine.executions.has(claim)) return;
		told = true;
		const { error, runData, unreached } = ended();
		await engine.executions.acknowledge(claim, { error, settlements: settlementsOf(token, runData, unreached) });
	});
	const people = await begun;
	if (engine.executions.has(claim)) engineOfRun.set(runDataOf(context), engine);
	return people;
}

/**
 * The people of a batch that the engine woke at this node; none when they are not this execution's any more.
 * @param ranked people whose time is up go by the best of what has happened
 */
export async function resume(context: IExecuteFunctions, engine: Engine, ranked = false): Promise<Running[]> {
	const claim = claimOf(context, tokenOf(context.getInputData()));
	return await acknowledgedAtEnd(context, engine, claim, async () => await engine.executions.start(claim, ranked));
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
