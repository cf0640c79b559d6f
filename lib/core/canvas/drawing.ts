/** How one node looks on the canvas. */
export interface NodeLooks {
	/** Where it stands, in the editor's pixels. */
	at: [x: number, y: number];
	/** Names of its outputs, if it has several. */
	outputs?: string[];
}

/** How a canvas looks, by node id. No part of its version: a node that is moved does the same. */
export type Drawing = Record<string, NodeLooks>;

/** A node as n8n hands it over. */
interface Placed {
	id: string;
	position?: [number, number];
}

/** Where the nodes stand, as text that is the same as long as none is moved. */
export function positionsOf(nodes: Iterable<Placed>): string {
	return JSON.stringify([...nodes].map(({ id, position }) => [id, position ?? [0, 0]]).sort(([a], [b]) => (a! < b! ? -1 : 1)));
}

/** The looks of these nodes. @param outputsOf names of a node's outputs */
export function drawingOf<N extends Placed>(nodes: Iterable<N>, outputsOf: (node: N) => string[]): Drawing {
	return Object.fromEntries([...nodes].map((node) => {
		const outputs = outputsOf(node);
		const at: [number, number] = [Math.round(node.position?.[0] ?? 0), Math.round(node.position?.[1] ?? 0)];
		return [node.id, outputs.length > 1 ? { at, outputs } : { at }];
	}));
}
