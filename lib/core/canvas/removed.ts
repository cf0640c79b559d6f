import type { Canvas, CanvasNode } from './canvas';
import type { Graph } from './graph';
import type { Problem } from './problem';
import { kindOf, named } from './roles';

/** Where people of a removed step are to go must be a State that people wait at. */
export function removalProblems(graph: Graph): Problem[] {
	return graph.nodes.filter((node) => kindOf(node) === 'journeyEntryTrigger').flatMap((entry) => {
		const goTo = removalTarget(entry.parameters);
		if (goTo === '' || graph.nodes.some((node) => node.name === goTo && kindOf(node) === 'journeyState')) return [];
		const states = graph.nodes.filter((node) => kindOf(node) === 'journeyState').map(({ name }) => `'${name}'`);
		return {
			node: entry.name,
			message: `${named(entry)} sends people of a removed step to '${goTo}', which is no Journey State on this canvas. Under Options → If a Step Is Removed, Go To enter ${states.length > 0 ? `the name of one (${states.join(', ')})` : 'the name of one'}, or leave it empty.`,
		};
	});
}

/** The State that an Entry Trigger names; empty: none, people leave. */
export function removalTarget({ options }: Record<string, unknown>): string {
	return String((options as { ifStepRemoved?: string } | undefined)?.ifStepRemoved ?? '').trim();
}

/** Whether a canvas does not have the node of a step, or has disabled it: then its people are taken from there. */
export function isGone(canvas: Canvas, nodeId: string): boolean {
	return !canvas.nodes.some(({ id, disabled }) => id === nodeId && !disabled);
}

/** The State to which people of removed steps go; undefined: the name is of none, and nobody is moved by a guess. */
export function removalState(canvas: Canvas, goTo: string): CanvasNode | undefined {
	return canvas.nodes.find((node) => !node.disabled && node.name === goTo && kindOf(node) === 'journeyState');
}
