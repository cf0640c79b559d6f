import { NodeHelpers, NodeOperationError, type IExecuteFunctions, type INode, type ITriggerFunctions, type Workflow } from 'n8n-workflow';

import { canvasHash, canvasOf, checkCanvas, drawingOf, positionsOf, renamedOutputs, type Canvas, type Engine, type Problem, type RecordedCanvas } from '../../lib/index';
import { outputNames } from './outputNames';
import { isResumed, placeOf } from './place';

interface Read {
	canvas: Canvas;
	hash: string;
	/** Where the nodes stand. */
	positions: string;
	/** The store was told of it. */
	told?: boolean;
}

/** What the store said of a canvas, in this process. */
interface Said {
	/** Of a workflow: the canvas that is published, and how it looks. Another process may come to know a newer one. */
	published: Map<string, { looks: string; until: number }>;
	/** Of a workflow and a canvas: executions that were emitted before this lag behind. */
	lagsUntil: Map<string, Date>;
}

/** By store, workflow and hash: a copy of a workflow keeps its node ids, and so the hash. */
const checkedOf = new WeakMap<Engine, Map<string, ReturnType<typeof checkCanvas>>>();
const saidOf = new WeakMap<Engine, Said>();
const canvasOfWorkflow = new WeakMap<Workflow, Read>();
const MOST_REMEMBERED = 1_000;
const ASK_AGAIN_MS = 10_000;

/** n8n makes a new `Workflow` for each execution, so its canvas is read once an execution. */
function readCanvas(context: IExecuteFunctions | ITriggerFunctions): Read {
	const workflow = workflowOf(context);
	const known = canvasOfWorkflow.get(workflow);
	if (known) return known;
	const canvas = canvasOf(Object.values(workflow.nodes), workflow.connectionsBySourceNode);
	const read: Read = { canvas, hash: canvasHash(canvas), positions: positionsOf(Object.values(workflow.nodes)) };
	canvasOfWorkflow.set(workflow, read);
	return read;
}

function workflowOf(context: IExecuteFunctions | ITriggerFunctions): Workflow {
	return (context as unknown as { workflow: Workflow }).workflow;
}

/**
 * The canvas as the store keeps it, with what it looks like. In a trigger before anything is awaited: the names of
 * outputs are expressions.
 */
export function recordedCanvas(context: IExecuteFunctions | ITriggerFunctions): RecordedCanvas {
	const { canvas, hash } = readCanvas(context);
	const workflow = workflowOf(context);
	return { canvas, hash, drawing: drawingOf(canvas.nodes.map(({ name }) => workflow.nodes[name]!), (node) => outputsOf(workflow, node)) };
}

/** What n8n's canvas calls the outputs of a node. */
function outputsOf(workflow: Workflow, node: INode): string[] {
	const { description } = workflow.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
	return NodeHelpers.getNodeOutputs(workflow, node, description).map((output, at) =>
		(typeof output === 'string' ? undefined : output.displayName) ?? description.outputNames?.[at] ?? '');
}

/** The canvas that this execution runs. */
export function publishedCanvas(context: IExecuteFunctions): Canvas {
	return readCanvas(context).canvas;
}

/** Whether a line leaves this node by an output. */
export function isConnected(context: IExecuteFunctions, output: number): boolean {
	return (publishedCanvas(context).connections[context.getNode().name]?.main?.[output]?.length ?? 0) > 0;
}

/**
 * Checks the canvas that this execution runs, before any effect, and records it when it is new. A wrong one stops
 * here: everybody stays where they are, and it is not counted as an attempt.
 *
 * @throws NodeOperationError naming the nodes and what to do
 */
export async function guardCanvas(context: IExecuteFunctions, engine: Engine): Promise<void> {
	const read = readCanvas(context);
	const known = checkedOf.get(engine) ?? new Map<string, ReturnType<typeof checkCanvas>>();
	checkedOf.set(engine, known);
	const key = `${context.getWorkflow().id!} ${read.hash}`;
	const checked = known.get(key) ?? checkCanvas(read.canvas);
	if (known.size >= MOST_REMEMBERED) known.clear();
	known.set(key, checked);
	if (!read.told) {
		await tellCanvas(context, engine, read, checked.warnings);
		read.told = true;
	}
	const [first, ...others] = checked.problems;
	if (!first) return;
	throw new NodeOperationError(context.getNode(), first.message, {
		description: others.length > 0 ? `And ${others.length} more: ${others.map(({ message }) => message).join(' ')}` : undefined,
	});
}

/** Tells the store what an execution runs, also when an older version is published again or nodes were moved, and once in a while. */
async function tellCanvas(context: IExecuteFunctions, engine: Engine, { canvas, hash, positions }: Read, warnings: Problem[]): Promise<void> {
	const known: Said = saidOf.get(engine) ?? { published: new Map(), lagsUntil: new Map() };
	saidOf.set(engine, known);
	const { published, lagsUntil } = known;
	const { id, name } = context.getWorkflow();
	const looks = `${hash} ${positions}`;
	const newest = published.get(id!);
	if (newest?.looks === looks && performance.now() < newest.until) return;
	const emitted = emittedAt(context);
	const behind = lagsUntil.get(`${id} ${hash}`);
	if (emitted && behind && emitted < behind) return;
	const said = await engine.recordCanvas(placeOf(context, 'entry'), recordedCanvas(context), `workflow "${name}" (${id})`, (before) => renamedOutputs(before, canvas, outputNames), emitted);
	if ('lagsUntil' in said) {
		if (lagsUntil.size >= MOST_REMEMBERED) lagsUntil.clear();
		lagsUntil.set(`${id} ${hash}`, said.lagsUntil);
		return;
	}
	for (const { message } of [...(newest?.looks === looks ? [] : warnings), ...said]) context.logger.warn(`Journey "${name}": ${message}`);
	published.set(id!, { looks, until: performance.now() + ASK_AGAIN_MS });
}

/** When the engine emitted this execution; undefined: it has begun at another node. */
function emittedAt(context: IExecuteFunctions): Date | undefined {
	if (!isResumed(context)) return undefined;
	const said = context.getInputData()[0]?.json.journey as { at?: string } | undefined;
	return said?.at === undefined ? undefined : new Date(said.at);
}
