import { canonical } from '../canonical';
import type { Json } from '../types';
import type { Canvas, CanvasNode } from './canvas';
import { Graph } from './graph';
import type { Problem } from './problem';
import { isStep, named } from './roles';

/** Digits of a hash that tell versions apart for people. */
export const VERSION_SHOWN = 12;

/** One step of two canvases. n8n keeps the id of a node through a rename. */
export interface StepChange {
	/** As it is, or was before it was removed. */
	node: CanvasNode;
	change: 'new' | 'removed' | 'disabled' | 'enabled' | 'changed' | 'none';
	/** Its name before, if it had another. */
	was?: string;
}

/** What a publish changes of each step: those of the new canvas in its order, and those that are gone. */
export function stepChanges(before: Canvas | undefined, after: Canvas): StepChange[] {
	const known = new Map((before?.nodes ?? []).map((node) => [node.id, node]));
	const kept = after.nodes.filter(isStep).map((node): StepChange => {
		const old = known.get(node.id);
		return { node, change: changeOf(old, node), ...(old && old.name !== node.name && { was: old.name }) };
	});
	const ids = new Set(after.nodes.map(({ id }) => id));
	const gone = [...known.values()].filter((node) => isStep(node) && !ids.has(node.id));
	return [...kept, ...gone.map((node): StepChange => ({ node, change: 'removed' }))];
}

function changeOf(old: CanvasNode | undefined, node: CanvasNode): StepChange['change'] {
	if (!old) return 'new';
	if (Boolean(old.disabled) !== Boolean(node.disabled)) return node.disabled ? 'disabled' : 'enabled';
	return canonical(old.parameters) === canonical(node.parameters) ? 'none' : 'changed';
}

/** What is kept of a publish: the version, and by name the steps that it changes. */
export function publishDetail(before: Canvas, after: Canvas, hash: string, renamed: Problem[]): Json {
	const detail: Record<string, unknown> = { version: hash.slice(0, VERSION_SHOWN) };
	for (const { node, change } of stepChanges(before, after)) {
		if (change !== 'none') detail[change] = [...((detail[change] ?? []) as string[]), node.name];
	}
	if (renamed.length > 0) detail.renamed = renamed.map(({ message }) => message);
	return detail;
}

/**
 * Outputs that a publish gives another name while a line leaves by them. n8n connects by position, so what the line
 * leads to now belongs to another name, and nobody who looks at the canvas can tell.
 *
 * @param namesOf the outputs of a node, in their order; none: they have no names
 */
export function renamedOutputs(before: Canvas, after: Canvas, namesOf: (node: CanvasNode) => string[]): Problem[] {
	const [was, is] = [new Graph(before), new Graph(after)];
	const known = new Map(was.nodes.map((node) => [node.id, node]));
	return is.nodes.flatMap((node) => {
		const old = known.get(node.id);
		if (!old || old.type !== node.type) return [];
		const now = namesOf(node);
		return namesOf(old).flatMap((name, at): Problem[] => {
			if (was.targets(old, at).length === 0 || now[at] === name) return [];
			const output = `Output ${at + 1} of ${named(node)}`;
			const elsewhere = now.indexOf(name);
			const moved = elsewhere < 0 ? '' : ` "${name}" is output ${elsewhere + 1} now, ${leadsTo(is, node, elsewhere)}.`;
			if (now[at] === undefined) return [{ node: node.name, message: elsewhere < 0 ? `${output}, "${name}", is gone, and so is its way on.` : `${output} is gone.${moved}` }];
			if (is.targets(node, at).length === 0) return [];
			return [{ node: node.name, message: `${output} was "${name}" and is "${now[at]}" now, ${leadsTo(is, node, at)}: lines stay at their position.${moved}` }];
		});
	});
}

function leadsTo(graph: Graph, node: CanvasNode, output: number): string {
	const targets = graph.targets(node, output).map(({ name }) => `'${name}'`);
	return targets.length > 0 ? `and leads to ${targets.join(' and ')}` : 'where nothing is connected';
}
