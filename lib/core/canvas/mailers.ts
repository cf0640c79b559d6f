import type { Canvas, CanvasNode } from './canvas';
import { Graph } from './graph';
import type { Problem } from './problem';
import { continuesOnError, isCheck, isCode, isDataNode, isStep, named } from './roles';

const SEND_NOW = 0;
const SKIPPED = 1;

/**
 * The nodes that send for a *Check before sending*: on each way from *Send now* the first node that is not one of
 * n8n's data nodes. Where there is none at all, the first Code nodes: code can send too. Outcomes are read from these
 * nodes' run data; what stands behind them (a log, a notice to staff) is not asked.
 * @returns names, in no particular order
 */
export function mailersOf(canvas: Canvas, action: string): string[] {
	const graph = new Graph(canvas);
	return mailers(graph, graph.node(action), SEND_NOW).map((node) => node.name);
}

/** Every node that sends for a check of this canvas. */
export function allMailers(graph: Graph): Set<CanvasNode> {
	return new Set(graph.nodes.filter(isCheck).flatMap((check) => mailers(graph, check, SEND_NOW)));
}

/** Mailers that would lose or double messages, and ways around the check. */
export function mailerProblems(graph: Graph): Problem[] {
	const enabled = graph.nodes.filter(isCheck).flatMap((check) => {
		const sending = mailers(graph, check, SEND_NOW);
		const unchecked = mailers(graph, check, SKIPPED).filter((mailer) => sending.includes(mailer));
		return [
			...sending.flatMap((mailer) => settingProblems(mailer, check)),
			...unchecked.map((mailer) => ({
				node: mailer.name,
				other: check.name,
				message: `The Skipped output of ${named(check)} leads to '${mailer.name}', which sends for its Send now output: people who must not get the message would get it. Lead Skipped to the node behind '${mailer.name}'.`,
			})),
		];
	});
	const disabled = graph.disabled.filter(isCheck).flatMap((check) =>
		mailers(graph, check, SEND_NOW).map((mailer) => ({
			node: check.name,
			other: mailer.name,
			message: `${named(check)} is disabled, so everybody would go straight to '${mailer.name}' unchecked. Enable it, or delete it if no check is wanted.`,
		})),
	);
	return [...enabled, ...disabled];
}

export function mailerWarnings(graph: Graph): Problem[] {
	return graph.nodes.filter(isCheck).flatMap((check) => {
		const warnings: Problem[] = [];
		if (mailers(graph, check, SEND_NOW).length === 0) {
			warnings.push({
				node: check.name,
				message: `Send now of ${named(check)} leads to no node that sends: nothing will be sent. Connect a messaging node behind it.`,
			});
		}
		if (graph.targets(check, SKIPPED).length === 0) {
			warnings.push({
				node: check.name,
				message: `Skipped of ${named(check)} is not connected: whoever is skipped leaves the journey there, with reason skipped_end. Connect it to let them go on.`,
			});
		}
		return warnings;
	});
}

function mailers(graph: Graph, check: CanvasNode, output: number): CanvasNode[] {
	const first = (passing: (node: CanvasNode) => boolean) =>
		[...graph.reached(graph.targets(check, output), passing)].filter((node) => !passing(node) && !isStep(node));
	const sending = first(isDataNode);
	return sending.length > 0 ? sending : first((node) => isDataNode(node) && !isCode(node));
}

function settingProblems(mailer: CanvasNode, check: CanvasNode): Problem[] {
	const found: string[] = [];
	if (!continuesOnError(mailer)) {
		found.push(
			`its On Error is "Stop Workflow": one bad address would lose the outcome of the whole batch. Set On Error to "Continue" or "Continue (using error output)". If '${mailer.name}' only fetches data, put it in front of '${check.name}' instead.`,
		);
	}
	if (mailer.retryOnFail) {
		found.push('its Retry On Fail is on: a retry sends to the whole batch again, also to those who have their message. Turn Retry On Fail off.');
	}
	if (mailer.executeOnce) found.push('its Execute Once is on: only the first of a batch would get the message. Turn Execute Once off.');
	if (mailer.alwaysOutputData) {
		found.push('its Always Output Data is on: it would report a message of nobody. Turn Always Output Data off.');
	}
	return found.map((reason) => ({
		node: mailer.name,
		other: check.name,
		message: `'${mailer.name}' sends for ${named(check)}, but ${reason}`,
	}));
}
