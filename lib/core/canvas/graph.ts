import type { Canvas, CanvasNode } from './canvas';

/**
 * The canvas as items travel it. A disabled node hands what arrives at its first input to its first output, so lines
 * through it are followed to the enabled nodes behind; it is itself never a target.
 */
export class Graph {
	/** Enabled nodes. */
	readonly nodes: CanvasNode[];
	readonly disabled: CanvasNode[];
	private readonly byName: Map<string, CanvasNode>;

	constructor(private readonly canvas: Canvas) {
		this.nodes = canvas.nodes.filter((node) => !node.disabled);
		this.disabled = canvas.nodes.filter((node) => node.disabled);
		this.byName = new Map(canvas.nodes.map((node) => [node.name, node]));
	}

	/** @throws when the canvas has no such node */
	node(name: string): CanvasNode {
		const node = this.byName.get(name);
		if (!node) throw new Error(`There is no node '${name}' on the canvas.`);
		return node;
	}

	/** The nodes directly behind one output (0 = the first). */
	targets(node: CanvasNode, output: number): CanvasNode[] {
		const found = new Set<CanvasNode>();
		this.follow(node, output, found, new Set());
		return [...found];
	}

	/** The nodes directly behind each output. */
	outputs(node: CanvasNode): CanvasNode[][] {
		const outputs = this.canvas.connections[node.name]?.main ?? [];
		return outputs.map((_, output) => this.targets(node, output));
	}

	/** The nodes directly behind any output. */
	children(node: CanvasNode): CanvasNode[] {
		return this.outputs(node).flat();
	}

	/** These nodes and all that items can reach from them, going on behind a node only where `through` says so. */
	reached(from: CanvasNode[], through: (node: CanvasNode) => boolean = () => true): Set<CanvasNode> {
		const reached = new Set(from);
		for (const node of reached) {
			if (through(node)) for (const child of this.children(node)) reached.add(child);
		}
		return reached;
	}

	/** Parts that work inside a node instead of in its line: an agent's tools and models. */
	parts(): Array<{ part: CanvasNode; of: CanvasNode }> {
		return this.nodes.flatMap((part) =>
			Object.entries(this.canvas.connections[part.name] ?? {})
				.filter(([type]) => type !== 'main')
				.flatMap(([, outputs]) => outputs.flatMap((lines) => lines ?? []))
				.flatMap((line) => this.byName.get(line.node) ?? [])
				.map((of) => ({ part, of })),
		);
	}

	private follow(node: CanvasNode, output: number, found: Set<CanvasNode>, passed: Set<CanvasNode>): void {
		for (const line of this.canvas.connections[node.name]?.main?.[output] ?? []) {
			const target = this.byName.get(line.node);
			if (!target) continue;
			if (!target.disabled) found.add(target);
			else if (line.index === 0 && !passed.has(target)) this.follow(target, 0, found, passed.add(target));
		}
	}
}
