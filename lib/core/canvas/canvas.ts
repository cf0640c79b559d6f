import { createHash } from 'node:crypto';

import { canonical } from '../canonical';

/** One end of a line on the canvas: input `index` of node `node`. `type` is `main` except between AI parts. */
export interface Line {
	node: string;
	type: string;
	index: number;
}

/** n8n's connections: name of the source node → type → output → lines. `null` is an output without lines. */
export type Connections = Record<string, Record<string, Array<Line[] | null>>>;

/**
 * What a journey needs to know about one node. `parameters` are as n8n's `Workflow` holds them, defaults filled in.
 * Switches are present only when they are on, `onError` only when it says more than n8n's default.
 */
export interface CanvasNode {
	id: string;
	name: string;
	type: string;
	typeVersion?: number;
	disabled?: boolean;
	onError?: string;
	/** The older form of `onError: 'continueRegularOutput'`. */
	continueOnFail?: boolean;
	retryOnFail?: boolean;
	alwaysOutputData?: boolean;
	executeOnce?: boolean;
	/** Which store a journey node uses; no other credential is kept. */
	credentials?: { journeyStore: { id: string | null; name: string } };
	parameters: Record<string, unknown>;
}

export interface Canvas {
	nodes: CanvasNode[];
	connections: Connections;
}

/** A node as n8n hands it over. */
export interface SourceNode extends Omit<CanvasNode, 'credentials'> {
	credentials?: Record<string, { id: string | null; name: string } | undefined>;
}

const NOTE = 'n8n-nodes-base.stickyNote';
const SWITCHES = ['disabled', 'continueOnFail', 'retryOnFail', 'alwaysOutputData', 'executeOnce'] as const;

/**
 * The part of a workflow that decides what happens to people: no positions, no notes, no credentials but the store's.
 * What makes no difference (a switch turned on and off again, the order of the nodes) is written in one way only.
 */
export function canvasOf(nodes: Iterable<SourceNode>, connections: Connections): Canvas {
	const kept = [...nodes].filter((node) => node.type !== NOTE).map(canvasNode);
	kept.sort((a, b) => (a.id < b.id ? -1 : 1));
	return {
		nodes: kept,
		connections: Object.fromEntries(
			Object.entries(connections)
				.map(([source, types]) => [source, connectedTypes(types)] as const)
				.filter(([, types]) => Object.keys(types).length > 0),
		),
	};
}

/** The version of a canvas: 64 hexadecimal digits, the same for canvases that do the same. */
export function canvasHash(canvas: Canvas): string {
	return createHash('sha256').update(canonical(canvas)).digest('hex');
}

function canvasNode(node: SourceNode): CanvasNode {
	const store = node.credentials?.journeyStore;
	const kept: CanvasNode = { id: node.id, name: node.name, type: node.type, parameters: node.parameters };
	if (node.typeVersion !== undefined) kept.typeVersion = node.typeVersion;
	if (node.onError !== undefined && (node.onError !== 'stopWorkflow' || node.continueOnFail)) kept.onError = node.onError;
	if (store) kept.credentials = { journeyStore: { id: store.id, name: store.name } };
	for (const name of SWITCHES) if (node[name]) kept[name] = true;
	return kept;
}

/** Without the types and trailing outputs that no line leaves by. */
function connectedTypes(types: Connections[string]): Connections[string] {
	const connected: Connections[string] = {};
	for (const [type, outputs] of Object.entries(types)) {
		const last = outputs.findLastIndex((lines) => lines !== null && lines.length > 0);
		if (last >= 0) connected[type] = outputs.slice(0, last + 1).map((lines) => lines ?? []);
	}
	return connected;
}
