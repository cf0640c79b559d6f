import type { CanvasNode } from './canvas';
import type { Graph } from './graph';
import type { Problem } from './problem';
import { carriesPeople, kindOf, named } from './roles';

/** A journey has exactly one way in. A disabled Entry Trigger still says which journey this is. */
export function entryProblems(graph: Graph): Problem[] {
	const [entry, ...others] = graph.nodes.filter(isEntry);
	if (entry) {
		return others.map((other) => ({
			node: other.name,
			other: entry.name,
			message: `One workflow is one journey, but there are two Entry Triggers, '${entry.name}' and '${other.name}'. Delete one, or move it to a workflow of its own.`,
		}));
	}
	if (graph.disabled.some(isEntry)) return [];
	return graph.nodes.filter(carriesPeople).map((node) => ({
		node: node.name,
		message: `${named(node)} works on people of a journey, but this workflow has no Journey Entry Trigger. Add one, or delete '${node.name}'.`,
	}));
}

/** All journey nodes of a workflow work on the same store, the one that the Entry Trigger names; Control on whichever the operator means. */
export function storeProblems(graph: Graph): Problem[] {
	const nodes = graph.nodes.filter((node) => ![undefined, 'journeyControl'].includes(kindOf(node)));
	const first = nodes.find(isEntry) ?? nodes[0];
	if (!first) return [];
	return nodes.filter((node) => storeId(node) !== storeId(first)).map((node) => ({
		node: node.name,
		other: first.name,
		message: `${named(node)} uses ${storeName(node, first)}, ${named(first)} uses ${storeName(first, node)}. All journey nodes of a workflow need the same store: choose the same Journey Store credential in both.`,
	}));
}

function isEntry(node: CanvasNode): boolean {
	return kindOf(node) === 'journeyEntryTrigger';
}

function storeId(node: CanvasNode): string | undefined {
	const store = node.credentials?.journeyStore;
	return store && (store.id ?? store.name);
}

/** The store as its credential is called; two credentials of the same name are told apart by id. */
function storeName(node: CanvasNode, than: CanvasNode): string {
	const store = node.credentials?.journeyStore;
	if (!store) return 'the default store (no credential)';
	return store.name === than.credentials?.journeyStore.name ? `'${store.name}' (id ${store.id})` : `'${store.name}'`;
}
