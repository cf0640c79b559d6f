import type { CanvasNode } from './canvas';
import { isEntryCondition } from './entryCondition';
import type { Graph } from './graph';
import { passedByPeople } from './lineage';
import { allMailers } from './mailers';
import type { Problem } from './problem';
import { continuesOnError, isStep, kindOf, named } from './roles';

/** Settings of n8n that break the promises of journey nodes, or lose people on the way to one. */
export function settingProblems(graph: Graph): Problem[] {
	const steps = graph.nodes.filter(isStep).flatMap(stepSettings);
	const between = passedOnTheWay(graph)
		.filter(({ node }) => node.executeOnce)
		.map(({ node, next }) => ({
			node: node.name,
			other: next.name,
			message: `'${node.name}' has Execute Once on: of each batch only one person would reach ${named(next)}. Turn Execute Once off.`,
		}));
	return [...steps, ...between];
}

export function settingWarnings(graph: Graph): Problem[] {
	const between = passedOnTheWay(graph)
		.filter(({ node }) => node.alwaysOutputData)
		.map(({ node, next }) => ({
			node: node.name,
			other: next.name,
			message: `'${node.name}' has Always Output Data on: when it returns nothing for a batch, one empty item goes on to ${named(next)}, which belongs to nobody or to the wrong person. Turn Always Output Data off.`,
		}));
	const disabled = graph.disabled
		.filter(isStep)
		.map((node) => ({ node: node.name, message: `${named(node)} is disabled: ${whenDisabled(node)}` }));
	return [...disabled, ...between];
}

/** Without mailers, whose settings are checked as such. */
function passedOnTheWay(graph: Graph): ReturnType<typeof passedByPeople> {
	const mailers = allMailers(graph);
	return passedByPeople(graph).filter(({ node }) => !mailers.has(node));
}

function stepSettings(node: CanvasNode): Problem[] {
	const found: string[] = [];
	if (node.alwaysOutputData) {
		found.push('Always Output Data on: it would send an item of nobody down the canvas. Turn Always Output Data off.');
	}
	if (node.executeOnce) found.push('Execute Once on: everybody in a batch but one would be lost. Turn Execute Once off.');
	// n8n lets the older switch win over a node that throws.
	if (continuesOnError(node) || node.continueOnFail) {
		const choice = node.onError === 'continueErrorOutput' ? 'Continue (using error output)' : 'Continue';
		found.push(`On Error set to "${choice}": after an error everybody would go on as if nothing had happened. Set On Error to "Stop Workflow"; the journey tries again by itself.`);
	}
	return found.map((reason) => ({ node: node.name, message: `${named(node)} has ${reason}` }));
}

function whenDisabled(node: CanvasNode): string {
	if (kindOf(node) === 'journeyEntryTrigger') return 'nobody new enters; those inside go on.';
	if (kindOf(node) === 'journeyState') {
		return 'whoever arrives goes straight on by its first output, Time is up, and people already waiting there stay. Enable it, or delete it.';
	}
	if (kindOf(node) === 'journeyConversionGoal') return 'it counts no conversions, and lets everybody through. Enable it, or delete it.';
	if (isEntryCondition(node)) return 'it keeps nobody out. Enable it, or delete it.';
	return 'everybody goes straight on by its first output. Enable it, or delete it.';
}
