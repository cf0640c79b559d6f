import { NodeHelpers, NodeOperationError, type IExecuteFunctions, type INode, type ITriggerFunctions, type Workflow } from 'n8n-workflow';

import { canvasHash, canvasOf, checkCanvas, drawingOf, positionsOf, renamedOutputs, type Canvas, type Engine, type Problem, type RecordedCanvas } from '../../lib/index';
import { outputNames } from './outputNames';
import { placeOf } from './place';

interface Checked {
	canvas: Canvas;
	hash: string;
	/** Where the nodes stand. */
	positions: string;
}

/** By store, workflow and hash: a copy of a workflow keeps its node ids, and so the hash. */
const problemsOf = new WeakMap<Engine, Map<string, Problem[]>>();
const latestOf = new WeakMap<Engine, Map<string, string>>();
const canvasOfWorkflow = new WeakMap<Workflow, Checked>();
const MOST_REMEMBERED = 1_000;

/** n8n makes a new `Workflow` for each execution, so its canvas is read once an execution. */
function readCanvas(context: IExecuteFunctions | ITriggerFunctions): Checked {
	const workflow = workflowOf(context);
	const known = canvasOfWorkflow.get(workflow);
	if (known) return known;
	const canvas = canvasOf(Object.values(workflow.nodes), workflow.connectionsBySourceNode);
	const read = { canvas, hash: canvasHash(canvas), positions: positionsOf(Object.values(workflow.nodes)) };
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
	const { canvas, hash, positions } = readCanvas(context);
	const known = problemsOf.get(engine) ?? new Map<string, Problem[]>();
	problemsOf.set(engine, known);
	const workflowId = context.getWorkflow().id!;
	const key = `${workflowId} ${hash}`;
	// Also when an older version is published again, which is what retention asks, or nodes were moved.
	const looks = `${hash} ${positions}`;
	const latest = latestOf.get(engine) ?? new Map<string, string>();
	latestOf.set(engine, latest);
	let problems = known.get(key);
	if (!problems || latest.get(workflowId) !== looks) {
		const checked = checkCanvas(canvas);
		problems = checked.problems;
		const { name } = context.getWorkflow();
		const renamed = await engine.recordCanvas(placeOf(context, 'entry'), recordedCanvas(context), `workflow "${name}" (${workflowId})`, (before) => renamedOutputs(before, canvas, outputNames));
		if (renamed) {
			for (const { message } of [...checked.warnings, ...renamed]) context.logger.warn(`Journey "${name}": ${message}`);
			latest.set(workflowId, looks);
		}
		if (known.size >= MOST_REMEMBERED) known.clear();
		known.set(key, problems);
	}
	const [first, ...others] = problems;
	if (!first) return;
	throw new NodeOperationError(context.getNode(), first.message, {
		description: others.length > 0 ? `And ${others.length} more: ${others.map(({ message }) => message).join(' ')}` : undefined,
	});
}
