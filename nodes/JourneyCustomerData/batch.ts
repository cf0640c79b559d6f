import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { keptBody, storableText, type Refused } from '../../lib/index';

/** What became of one item: the data of the items it makes, or why it was refused. */
export type Outcome = object[] | { problem: string };

/** A transaction that takes longer holds up others. */
const ITEMS_AT_ONCE = 500;

/**
 * Reads every item before anything is stored, then works on the good ones, 500 in one transaction.
 *
 * With On Error = Stop, one bad item stops all of them before anything is stored. With Continue, it carries its error
 * on, and the others are stored.
 *
 * @param read throws for an item that cannot be taken; its expressions may throw too
 * @param work @returns the outcome of each, in their order
 * @param keep what is done with items that cannot be taken, when the others go on
 */
export async function inBatches<T>(
	context: IExecuteFunctions, read: (item: number) => T, work: (good: T[]) => Promise<Outcome[]>,
	keep?: (refused: Refused[]) => Promise<void>,
): Promise<INodeExecutionData[]> {
	const items = context.getInputData();
	const outcomes: Outcome[] = [];
	const good: Array<{ item: number; asked: T }> = [];
	items.forEach((_, item) => {
		try {
			good.push({ item, asked: read(item) });
		} catch (error) {
			outcomes[item] = { problem: (error as Error).message };
		}
	});
	const goesOn = context.continueOnFail();
	const bad = items.length - good.length;
	if (bad > 0 && goesOn) await keep?.(refusedAmong(items, outcomes));
	if (bad > 0 && !goesOn) throw firstProblem(context, outcomes, `Nothing was stored: ${bad} of ${items.length} items cannot be taken.`);

	for (let from = 0; from < good.length; from += ITEMS_AT_ONCE) {
		const some = good.slice(from, from + ITEMS_AT_ONCE);
		try {
			const done = await work(some.map(({ asked }) => asked));
			some.forEach(({ item }, at) => (outcomes[item] = done[at]!));
		} catch (error) {
			if (!goesOn) throw storeProblem(context, error as Error, from);
			some.forEach(({ item }) => (outcomes[item] = { problem: (error as Error).message }));
		}
	}
	if (!goesOn && outcomes.some((one) => 'problem' in one)) throw firstProblem(context, outcomes, 'All other items were dealt with.');
	return items.flatMap((_, item) => itemsOf(context, item, outcomes[item]!));
}

function refusedAmong(items: INodeExecutionData[], outcomes: Outcome[]): Refused[] {
	return outcomes.flatMap((outcome, position) => ('problem' in outcome ? [{ position, reason: storableText(outcome.problem), body: keptBody(items[position]!.json) }] : []));
}

function itemsOf(context: IExecuteFunctions, item: number, outcome: Outcome): INodeExecutionData[] {
	const pairedItem = { item };
	const { json } = context.getInputData()[item]!;
	if ('problem' in outcome) {
		const error = `Item ${item}: ${outcome.problem}`;
		// n8n finds the items for the error output by their having nothing but an error, and puts what came in beside it.
		const beside = context.getNode().onError === 'continueErrorOutput' ? {} : journeyOf(json);
		return [{ json: { ...beside, error }, pairedItem }];
	}
	const journey = journeyOf(json);
	return outcome.map((result) => ({ json: (journey ? { ...journey, customer: result } : result) as IDataObject, pairedItem }));
}

/** Inside a journey an item goes on with what it carried; what this node says of a customer, perhaps another one, stands beside it. */
export function journeyOf({ journey, profile, event, context }: IDataObject): IDataObject | undefined {
	const inside = typeof journey === 'object' && journey !== null && 'instance' in journey;
	return inside ? { journey, profile, event, context } : undefined;
}

function firstProblem(context: IExecuteFunctions, outcomes: Outcome[], description: string): NodeOperationError {
	const item = outcomes.findIndex((one) => one !== undefined && 'problem' in one);
	const { problem } = outcomes[item] as { problem: string };
	return new NodeOperationError(context.getNode(), `Item ${item}: ${problem}`, { itemIndex: item, description });
}

function storeProblem(context: IExecuteFunctions, error: Error, from: number): NodeOperationError {
	const stored = from === 0 ? 'Nothing was stored.' : `Items 0 to ${from - 1} were stored, the others not.`;
	return new NodeOperationError(context.getNode(), error, { description: stored });
}
