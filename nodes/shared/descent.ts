import type { IExecuteFunctions, INodeExecutionData, IPairedItemData, IRunExecutionData, ISourceData, Workflow } from 'n8n-workflow';

import { pairsByPosition } from '../../lib/index';

/** What identifies an instance on an item. */
export interface JourneyKey {
	instance: number;
	token: string;
}

/** The journey on an item, if it is there and whole. */
export function keyOn(item: INodeExecutionData | undefined): JourneyKey | undefined {
	const journey = item?.json.journey as Partial<JourneyKey> | undefined;
	return typeof journey?.instance === 'number' && typeof journey.token === 'string' ? (journey as JourneyKey) : undefined;
}

/** The journey nodes in front of a node whose items say for sure whose they are, the nearest first. */
export function journeyNodesBefore(context: IExecuteFunctions): string[] {
	return context
		.getParentNodes(context.getNode().name)
		.filter(({ type, disabled }) => /\.journey(?!CustomerData)[A-Z]/.test(type) && !disabled)
		.map(({ name }) => name)
		.reverse();
}

/** Whose an item is, by all ways on which it came: one customer, or nobody knows; or two, and what made it of them. */
interface Descent {
	instance?: number;
	/** The Merge by position in which two customers' items became one. */
	mixer?: string;
}

const NOBODY: Descent = {};
/** Nodes between two journey nodes; farther back only a loop without one leads. */
const FARTHEST = 1_000;

/**
 * Tells of an item which Merge by position made it of two customers' items; undefined: none did.
 *
 * n8n itself follows an item back to one node, and as long as it finds it by one of the ways it overlooks the others: by a
 * node that one of two customers has passed it finds that one. So all ways are followed here, each to the nearest journey
 * node, which is as much as everything behind it goes by. Only what is sure counts: what a node made of many
 * says nothing of whose it is, and a Merge by fields may enrich a customer with whatever it found. Each item of the run is
 * looked at once for a batch.
 *
 * @param journeyNodes as `journeyNodesBefore` names them
 */
export function mixers(context: IExecuteFunctions, journeyNodes: string[]): (item: INodeExecutionData) => string | undefined {
	const { runExecutionData, workflow } = context as unknown as { runExecutionData: IRunExecutionData; workflow: Workflow };
	const { runData } = runExecutionData.resultData;
	const trusted = new Set([...journeyNodes, context.getNode().name]);
	const known = new Map<string, Descent>();
	const together = (item: INodeExecutionData | undefined, name: string, before: (pair: IPairedItemData) => Descent): Descent => {
		const byInput = new Map<number, Set<number>>();
		for (const pair of pairsOf(item)) {
			const { instance, mixer } = before(pair);
			if (mixer !== undefined) return { mixer };
			const input = pair.input ?? 0;
			if (instance !== undefined) byInput.set(input, (byInput.get(input) ?? new Set()).add(instance));
		}
		const sure = new Set([...byInput.values()].flatMap((instances) => (instances.size === 1 ? [...instances] : [])));
		if (sure.size === 1) return { instance: [...sure][0] };
		const node = workflow.getNode(name);
		return sure.size > 1 && node && pairsByPosition(node) ? { mixer: name } : NOBODY;
	};
	const follow = (source: ISourceData | null | undefined, item: number, far: number): Descent => {
		if (!source || far > FARTHEST) return NOBODY;
		const { previousNode: node, previousNodeRun: run = 0, previousNodeOutput: output = 0 } = source;
		const place = `${run} ${output} ${item} ${node}`;
		const before = known.get(place);
		if (before) return before;
		const task = runData[node]?.[run];
		const found = task?.data?.main?.[output]?.[item];
		const key = trusted.has(node) ? keyOn(found) : undefined;
		const descent = key ? { instance: key.instance } : together(found, node, (pair) => follow(pair.sourceOverwrite ?? task?.source?.[pair.input ?? 0], pair.item, far + 1));
		known.set(place, descent);
		return descent;
	};
	const sources = context.getInputSourceData();
	return (item) => together(item, context.getNode().name, (pair) => follow(pair.sourceOverwrite ?? sources, pair.item, 0)).mixer;
}

function pairsOf(item: INodeExecutionData | undefined): IPairedItemData[] {
	const pairs = [item?.pairedItem ?? []].flat() as Array<IPairedItemData | number | null | undefined>;
	return pairs.flatMap((pair) => (typeof pair === 'number' ? { item: pair } : pair ?? []));
}
