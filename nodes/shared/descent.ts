import type { IExecuteFunctions, INodeExecutionData, IPairedItemData, IRunExecutionData, ISourceData } from 'n8n-workflow';

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

interface Descent {
	instances: number[];
	/** The node in which several customers' items became one. */
	mixer?: string;
}

/**
 * Tells of an item which node made it of several customers' items, as a Merge by position does; undefined: none did.
 *
 * n8n itself follows an item back to one node, and as long as it finds it by one of the ways it overlooks the others: by a
 * node that one of two customers has passed it finds that one. So all ways are followed here, each to the nearest journey
 * node, which is as much as everything behind it goes by. Each item of the run is looked at once for a batch.
 *
 * @param journeyNodes as `journeyNodesBefore` names them
 */
export function mixers(context: IExecuteFunctions, journeyNodes: string[]): (item: INodeExecutionData) => string | undefined {
	const { runData } = (context as unknown as { runExecutionData: IRunExecutionData }).runExecutionData.resultData;
	const trusted = new Set([...journeyNodes, context.getNode().name]);
	const known = new Map<string, Descent>();
	const together = (descents: Descent[], node: string): Descent => {
		const instances = [...new Set(descents.flatMap((one) => one.instances))];
		const mixer = descents.find((one) => one.mixer !== undefined)?.mixer ?? (instances.length > 1 ? node : undefined);
		return { instances, mixer };
	};
	const follow = (source: ISourceData | null | undefined, item: number): Descent => {
		if (!source) return { instances: [] };
		const { previousNode: node, previousNodeRun: run = 0, previousNodeOutput: output = 0 } = source;
		const place = `${run} ${output} ${item} ${node}`;
		const before = known.get(place);
		if (before) return before;
		const task = runData[node]?.[run];
		const found = task?.data?.main?.[output]?.[item];
		const key = trusted.has(node) ? keyOn(found) : undefined;
		const descent = key ? { instances: [key.instance] } : together(pairsOf(found).map((pair) => follow(pair.sourceOverwrite ?? task?.source[pair.input ?? 0], pair.item)), node);
		known.set(place, descent);
		return descent;
	};
	const sources = context.getInputSourceData();
	return (item) => together(pairsOf(item).map((pair) => follow(pair.sourceOverwrite ?? sources, pair.item)), context.getNode().name).mixer;
}

function pairsOf(item: INodeExecutionData | undefined): IPairedItemData[] {
	return [item?.pairedItem ?? []].flat().map((pair) => (typeof pair === 'number' ? { item: pair } : pair));
}
