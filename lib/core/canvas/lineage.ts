import type { CanvasNode } from './canvas';
import type { Graph } from './graph';
import { allMailers } from './mailers';
import type { Problem } from './problem';
import { carriesPeople, combines, comparesPeople, isCodeForAll, isStep, joinsPeople, named } from './roles';

/**
 * Nodes of n8n that people pass, each with the nearest node behind it that has to know whose item it gets: a step, or
 * the mailer of a check.
 */
export function passedByPeople(graph: Graph): Array<{ node: CanvasNode; next: CanvasNode }> {
	const mailers = allMailers(graph);
	const needsPerson = (node: CanvasNode) => isStep(node) || mailers.has(node);
	return [...graph.reached(graph.nodes.filter(carriesPeople))]
		.filter((node) => !isStep(node))
		.flatMap((node) => {
			const next = [...graph.reached(graph.children(node), (passed) => !needsPerson(passed))].find(needsPerson);
			return next ? [{ node, next }] : [];
		});
}

/** Nodes behind which nobody can tell whose item it is, although the next one has to. */
export function lineageProblems(graph: Graph): Problem[] {
	return passedByPeople(graph)
		.filter(({ node }) => joinsPeople(node))
		.map(({ node, next }) => ({
			node: node.name,
			other: next.name,
			message: `${named(node)} makes one item of many people, so ${named(next)} behind it could not tell whose it is. Take '${node.name}' out, or put it on a side way that ends without journey nodes.`,
		}));
}

/** Nodes that may mix people up, or leave some behind. */
export function lineageWarnings(graph: Graph): Problem[] {
	return passedByPeople(graph).flatMap(({ node, next }) => {
		const reason = mixing(node);
		return reason ? [{ node: node.name, other: next.name, message: `'${node.name}' stands in front of ${named(next)} and ${reason}` }] : [];
	});
}

function mixing(node: CanvasNode): string | undefined {
	if (isCodeForAll(node)) {
		return 'gets all people of a batch at once: code that reorders them, or returns fewer or more, takes one for another. Keep json.journey in each item, or set Mode to "Run Once for Each Item".';
	}
	if (comparesPeople(node)) {
		return 'looks at one batch at a time: whom it drops leaves the journey, and how people are batched is chance. Use Journey Audience Filter or Journey Branch to choose people.';
	}
	if (combines(node)) {
		return 'makes one item of two, which may belong to two people. Set Mode to "Append".';
	}
	return undefined;
}
