import type { Canvas, CanvasNode } from './canvas';
import { Graph } from './graph';
import type { Problem } from './problem';
import { kindOf, named } from './roles';

/** An Audience Filter that says it is a condition of entry. */
export function isEntryCondition(node: CanvasNode): boolean {
	return kindOf(node) === 'journeyAudienceFilter' && node.parameters.works === 'entry';
}

/** The condition of entry of a journey; undefined: it has none. */
export function entryCondition(canvas: Canvas): CanvasNode | undefined {
	return new Graph(canvas).nodes.find(isEntryCondition);
}

/**
 * A condition of entry that does not stand directly, and alone, behind the Entry Trigger. It is asked of everybody who
 * enters, so no line may look as if it were asked of some, or somewhere else.
 */
export function entryConditionProblems(graph: Graph): Problem[] {
	const entry = graph.nodes.find((node) => kindOf(node) === 'journeyEntryTrigger');
	if (!entry) return [];
	const behind = graph.children(entry);
	return graph.nodes.filter(isEntryCondition).flatMap((audience): Problem[] => {
		const others = graph.nodes.filter((node) => node !== entry && graph.children(node).includes(audience));
		const beside = behind.filter((node) => node !== audience);
		const problem = (other: CanvasNode, message: string): Problem[] => [{ node: audience.name, other: other.name, message }];
		if (!behind.includes(audience)) {
			return problem(entry, `${named(audience)} is a condition of entry, but does not stand directly behind ${named(entry)}. Connect it there, or set This Is of '${audience.name}' to "A Step".`);
		}
		if (others[0]) {
			return problem(others[0], `${named(audience)} is a condition of entry, but ${named(others[0])} leads to it as well: whoever comes from there would pass unasked. Connect '${others[0].name}' behind it, or set This Is of '${audience.name}' to "A Step".`);
		}
		if (beside[0]) {
			return problem(beside[0], `${named(audience)} is a condition of entry for everybody, but ${named(beside[0])} stands beside it behind ${named(entry)}. Connect '${beside[0].name}' behind '${audience.name}', or set This Is of '${audience.name}' to "A Step".`);
		}
		return [];
	});
}
