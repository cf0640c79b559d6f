import { NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { journeyNodesBefore, keyOn, mixers, type JourneyKey } from './descent';

type ItemMatching = (item: number) => INodeExecutionData | undefined;

/**
 * The instance of each item. n8n's own nodes replace `json`, so where the journey is not on the item it is found by
 * lineage, at the nearest journey node that it came by; several may have run, each for some of the people.
 *
 * @throws NodeOperationError when it cannot be found, item and lineage name two different people, or one item was made of two
 */
export function journeyKeys(context: IExecuteFunctions): JourneyKey[] {
	const items = context.getInputData();
	const node = context.getNode();
	const ancestors = journeyNodesBefore(context);
	// Straight from a journey node there is nothing in between that could have mixed items up.
	const trusted = ancestors.includes(context.getInputSourceData().previousNode);
	let ran: ItemMatching[] | undefined;
	const byLineage = (item: number): JourneyKey | undefined => {
		ran ??= thatRan(context, ancestors);
		for (const [at, matching] of ran.entries()) {
			const key = keyAt(matching, item);
			if (!key) continue;
			// The next item most likely came the same way.
			if (at > 0) ran.unshift(...ran.splice(at, 1));
			return key;
		}
		return undefined;
	};
	const mixerOf = trusted ? () => undefined : mixers(context, ancestors);
	return items.map((item, at) => {
		const mixer = mixerOf(item);
		if (mixer !== undefined) {
			throw new NodeOperationError(node, `'${mixer}' made item ${at} of several customers' items, so ${node.name} cannot tell whose it is`, {
				itemIndex: at,
				description: `A Merge by position pairs whoever stands at the same place of its inputs. Set Mode of '${mixer}' to "Append", or let it match its inputs by the field journey.instance.`,
			});
		}
		const own = keyOn(item);
		const inherited = own && trusted ? undefined : byLineage(at);
		if (own && inherited && own.instance !== inherited.instance) {
			throw new NodeOperationError(node, `Item ${at} carries the journey of one customer and descends from another's`, {
				itemIndex: at,
				description: 'A node in between (Code, Merge by position, …) has mixed items up. Let it keep the field "journey" of each item, or the order of the items.',
			});
		}
		const key = own ?? inherited;
		if (!key) {
			throw new NodeOperationError(node, `Item ${at} cannot be traced back to a customer in this journey`, {
				itemIndex: at,
				description: 'A node in between (Aggregate, Summarize, Code, …) has dropped the link between items. Let it keep the field "journey", or move it out of the journey.',
			});
		}
		return key;
	});
}

function keyAt(matching: ItemMatching, item: number): JourneyKey | undefined {
	try {
		return keyOn(matching(item));
	} catch {
		// n8n says "paired item data is unavailable": the item did not come this way, or a node has dropped the link. That
		// it found several was refused above.
		return undefined;
	}
}

interface Proxy {
	$(name: string): { isExecuted: boolean };
	$getPairedItem(node: string, source: unknown, pair: INodeExecutionData['pairedItem']): INodeExecutionData | undefined;
}

/**
 * What finds items at those of these nodes that have run, and behind them at this node itself: n8n counts no node among
 * its own parents, though a loop may lead back to it. `$('…').itemMatching` would do the same and evaluate the expression of
 * this node's outputs before, for which n8n starts an isolate in every execution: 25 of the 70 ms that one took in n8n,
 * however few people it moved.
 */
function thatRan(context: IExecuteFunctions, names: string[]): ItemMatching[] {
	const proxy = context.getWorkflowDataProxy(0) as unknown as Proxy;
	const [items, source] = [context.getInputData(), context.getInputSourceData()];
	return [...names, context.getNode().name]
		.filter((one) => proxy.$(one).isExecuted)
		.map((one) => (item) => (items[item]!.pairedItem === undefined ? undefined : proxy.$getPairedItem(one, source, items[item]!.pairedItem)));
}
