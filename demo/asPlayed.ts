import type { Json } from '../lib/core/types';

/** How long the demo waits where the example waits for hours or days, in seconds, by the State's name. */
export const WAITS: Record<string, number> = { 'An hour of quiet': 10, 'Click within a day': 8 };

export interface WorkflowJson {
	name: string;
	nodes: Array<{ name: string; type: string; parameters: Json; [field: string]: unknown }>;
	connections: object;
	settings: object;
}

/** Fewer than by default, so that a killed n8n leaves fewer messages unknown among so few customers. */
const PEOPLE_PER_BATCH = 25;

/**
 * An example as the demo plays it: seconds instead of hours and days, and small batches of messages. Nothing else of it
 * is touched.
 * @throws when a State is not in `WAITS`
 */
export function asPlayed(workflow: WorkflowJson): WorkflowJson {
	const nodes = workflow.nodes.map((node) => {
		if (node.parameters.operation === 'check') return { ...node, parameters: { ...node.parameters, options: { limit: PEOPLE_PER_BATCH } } };
		if (!node.type.endsWith('.journeyState')) return node;
		const seconds = WAITS[node.name];
		if (seconds === undefined) throw new Error(`The demo does not know how long to wait at '${node.name}': add it to WAITS.`);
		const [amount, unit] = node.parameters.waitFor === 'events' ? ['limitDelayAmount', 'limitDelayUnit'] : ['delayAmount', 'delayUnit'];
		return { ...node, parameters: { ...node.parameters, [amount!]: seconds, [unit!]: 'seconds' } };
	});
	return { ...workflow, nodes };
}
