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
