import type { Canvas, CanvasNode } from '../../core/canvas/canvas';
import type { Drawing } from '../../core/canvas/drawing';

/** A node's box, in the editor's pixels. */
export interface Box {
	node: CanvasNode;
	x: number;
	y: number;
	height: number;
	outputs: string[];
}

/** A line between two boxes. */
export interface Edge {
	/** As an SVG path. */
	path: string;
	/** Between a node and a part of it, as an agent and its model. */
	part: boolean;
}

/** A canvas, measured. */
export interface Plan {
	boxes: Box[];
	edges: Edge[];
	/** What is to be seen, with room for names: x, y, width, height. */
	view: [number, number, number, number];
}

/** As n8n draws a node. */
export const SIDE = 96;
/** Each output beyond the third makes a box so much higher. */
const MORE = 32;
const ROOM = { left: 70, top: 56, right: 70, bottom: 80 };
/** Where positions are not known, nodes stand in a row. */
const APART = 240;

/** Where everything on a canvas is drawn. */
export function planOf(canvas: Canvas, drawing: Drawing): Plan {
	const boxes = canvas.nodes.map((node, index): Box => {
		const { at: [x, y], outputs = [] } = drawing[node.id] ?? { at: [index * APART, 0] };
		const used = canvas.connections[node.name]?.main?.length ?? 0;
		return { node, x, y, height: SIDE + Math.max(0, Math.max(outputs.length, used) - 3) * MORE, outputs };
	});
	const edges = edgesOf(canvas, new Map(boxes.map((box) => [box.node.name, box])));
	if (boxes.length === 0) return { boxes, edges: [], view: [0, 0, SIDE, SIDE] };
	const left = Math.min(...boxes.map(({ x }) => x));
	const top = Math.min(...boxes.map(({ y }) => y));
	const right = Math.max(...boxes.map(({ x }) => x + SIDE));
	const bottom = Math.max(...boxes.map(({ y, height }) => y + height), ...edges.map(({ lowest }) => lowest));
	return { boxes, edges, view: [left - ROOM.left, top - ROOM.top, right - left + ROOM.left + ROOM.right, bottom - top + ROOM.top + ROOM.bottom] };
}

/** Where an output's line begins. */
export function outputAt({ x, y, height, outputs }: Box, output: number, of = outputs.length): [number, number] {
	return [x + SIDE, y + (height * (output + 1)) / (Math.max(of, output + 1) + 1)];
}

function edgesOf({ connections }: Canvas, boxes: Map<string, Box>): Array<Edge & { lowest: number }> {
	const inputs = new Map<string, number>();
	const lines = Object.entries(connections).flatMap(([source, types]) => Object.entries(types).flatMap(([type, outputs]) =>
		outputs.flatMap((targets, output) => (targets ?? []).map((target) => ({ source, type, output, target, of: outputs.length })))));
	for (const { target, type } of lines) if (type === 'main') inputs.set(target.node, Math.max(inputs.get(target.node) ?? 1, target.index + 1));
	return lines.flatMap(({ source, type, output, target, of }) => {
		const [from, to] = [boxes.get(source), boxes.get(target.node)];
		if (!from || !to) return [];
		if (type !== 'main') return { ...curve([from.x + SIDE / 2, from.y], [to.x + SIDE / 2, to.y + to.height], 'up'), part: true };
		const start = outputAt(from, output, Math.max(from.outputs.length, of));
		const end: [number, number] = [to.x, to.y + (to.height * (target.index + 1)) / ((inputs.get(target.node) ?? 1) + 1)];
		return { ...curve(start, end, end[0] < start[0] - 8 ? 'back' : 'on'), part: false };
	});
}

/** Lines that go back run below what they come from. */
function curve([x, y]: [number, number], [toX, toY]: [number, number], way: 'on' | 'back' | 'up'): { path: string; lowest: number } {
	const lowest = Math.max(y, toY);
	const p = (...numbers: number[]) => numbers.map((one) => Math.round(one * 10) / 10).join(' ');
	if (way === 'up') {
		const half = (toY - y) / 2;
		return { path: `M${p(x, y)} C${p(x, y + half, toX, toY - half, toX, toY)}`, lowest };
	}
	if (way === 'on') {
		const reach = Math.max(36, (toX - x) / 2);
		return { path: `M${p(x, y)} C${p(x + reach, y, toX - reach, toY, toX, toY)}`, lowest };
	}
	const under = lowest + SIDE;
	return { path: `M${p(x, y)} C${p(x + 70, y, x + 70, under, x, under)} L${p(toX, under)} C${p(toX - 70, under, toX - 70, toY, toX, toY)}`, lowest: under };
}
