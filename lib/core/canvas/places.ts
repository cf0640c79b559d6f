import type { CanvasNode } from './canvas';
import type { Graph } from './graph';
import type { Problem } from './problem';
import { carriesPeople, isParking, isStep, kindOf, loopOutput, named, waits } from './roles';

/** n8n nodes that would hold a whole batch in an execution instead of parking each person. */
export function waitingProblems(graph: Graph): Problem[] {
	const reached = graph.reached(graph.nodes.filter(carriesPeople));
	const parts = graph.parts().filter(({ of }) => reached.has(of)).map(({ part }) => part);
	return [...new Set([...reached, ...parts])].filter((node) => !isStep(node) && waits(node)).map((node) => ({
		node: node.name,
		message: `'${node.name}' keeps its n8n execution waiting, and everybody in it. Use a Journey State instead: there each person waits on their own.`,
	}));
}

/** Outputs that send one instance to two places at once. */
export function parallelProblems(graph: Graph): Problem[] {
	return graph.nodes.flatMap((node) =>
		graph.outputs(node).flatMap((targets, output) => {
			const pair = twoPlaces(targets.map((target) => placesBehind(graph, target)));
			if (!pair) return [];
			const [one, two] = pair;
			return {
				node: one.name,
				other: two.name,
				message: `An instance waits in one place: output ${output + 1} of ${named(node)} leads to both ${named(one)} and ${named(two)}. Put one behind the other, or let a Journey Branch decide between them.`,
			};
		}),
	);
}

/** Places inside a loop of n8n: a loop goes on only when its batch comes back, and who waits does not. */
export function loopProblems(graph: Graph): Problem[] {
	return graph.nodes.flatMap((loop) => {
		const output = loopOutput(loop);
		if (output === undefined) return [];
		const inside = graph.reached(graph.targets(loop, output), (node) => node !== loop);
		return [...inside]
			.filter((node) => isParking(node) && graph.reached([node]).has(loop))
			.map((place) => ({
				node: place.name,
				other: loop.name,
				message: `${named(place)} stands inside the loop of '${loop.name}': people wait there and never come back to the loop, so it would stop after its first batch. Remove '${loop.name}'; journey nodes work on whole batches by themselves.`,
			}));
	});
}

/** States that lead nowhere. */
export function trailingWarnings(graph: Graph): Problem[] {
	return graph.nodes
		.filter((node) => kindOf(node) === 'journeyState' && graph.children(node).length === 0)
		.map((state) => ({
			node: state.name,
			message: `Nothing is connected behind ${named(state)}: whoever gets there has completed the journey and does not wait. Connect what comes next, or delete it.`,
		}));
}

/** States that wait for a date, where nothing is connected for people who have none. */
export function undatedWarnings(graph: Graph): Problem[] {
	return graph.nodes
		.filter((node) => kindOf(node) === 'journeyState' && waitsForDate(node) && graph.children(node).length > 0 && graph.targets(node, NO_DATE).length === 0)
		.map((state) => ({
			node: state.name,
			message: `No date of ${named(state)} is not connected: whoever has no date there leaves the journey, with reason no_date. Connect it to let them go on.`,
		}));
}

const NO_DATE = 1;

function waitsForDate({ parameters }: CanvasNode): boolean {
	return (parameters.waitFor === 'events' ? parameters.limitUntil : parameters.until) === 'date';
}

/**
 * The first places on every way from here. Steps that choose a way for each person end the search: parallel Audience
 * Filters may well exclude each other, and only their people can tell.
 */
function placesBehind(graph: Graph, from: CanvasNode): Set<CanvasNode> {
	const through = (node: CanvasNode) => !isStep(node) || (kindOf(node) === 'journeyAction' && !isParking(node));
	return new Set([...graph.reached([from], through)].filter(isParking));
}

function twoPlaces(ways: Array<Set<CanvasNode>>): [CanvasNode, CanvasNode] | undefined {
	for (const [index, way] of ways.entries()) {
		for (const one of way) {
			for (const other of ways.slice(index + 1)) {
				const two = [...other].find((place) => place !== one);
				if (two) return [one, two];
			}
		}
	}
	return undefined;
}
