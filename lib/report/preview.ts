import type { Canvas } from '../core/canvas/canvas';
import { canvasHash } from '../core/canvas/canvas';
import { stepChanges, VERSION_SHOWN, type StepChange } from '../core/canvas/changes';
import { checkCanvas } from '../core/canvas/check';
import type { Problem } from '../core/canvas/problem';
import { isGone, removalState, removalTarget } from '../core/canvas/removed';
import { kindOf } from '../core/canvas/roles';
import { fateWords, type Fate } from '../core/fate';
import { reschedule, spreadMinutes, waitChange } from '../core/reschedule';
import type { Condition, Json, Until } from '../core/types';
import { findConditions } from '../store/conditions';
import { peopleAtSteps } from '../store/overview';
import { nextVersion, publishedAt, stepsAt, type Published } from '../store/steps';
import { StoreError, type Connection, type Store } from '../store/types';
import { registeredWait, waitersAt } from '../store/waits';

/** A workflow as it would be published, and what its nodes would register. */
export interface Edited {
	host: string;
	workflowId: string;
	canvas: Canvas;
	/** Fields that are empty or invalid: their nodes do not start. */
	faults: Problem[];
	/** The key of the journey that its Entry Trigger opens; absent: it has none, or a fault. */
	key?: string;
	/** Of States, by node id: how long everybody waits there; undefined: it differs from person to person. */
	waits: Map<string, Until | undefined>;
	/** Of Goals, by node id. */
	goals: Map<string, { conditions: Condition[]; config: Json }>;
	/** Outputs that it calls otherwise than the canvas before. */
	renamedSince: (before: Canvas) => Problem[];
}

/** What a publish means for one step and the people there. */
export interface StepPreview {
	step: string;
	nodeId: string;
	change: StepChange['change'];
	/** Its name until now, if it had another. */
	was?: string;
	waiting: number;
	/** On their way: they go on by whatever is published then. */
	running: number;
	/** Of those waiting. */
	fate: Fate;
	/** Of a Goal that would count anew. */
	goalVersion?: number;
	/** All of it in words. */
	sentence: string;
}

export interface Preview {
	journey: string;
	workflowId: string;
	/** Of the previewed canvas, and of the published one; the same: nothing changes. */
	version: string;
	published: string | null;
	/** What is wrong with it: fields that are empty or invalid, and what stops everybody on the way. */
	problems: Problem[];
	warnings: Problem[];
	waiting: number;
	/** Of those waiting, all steps together. */
	leave: number;
	move: number;
	sooner: number;
	later: number;
	steps: StepPreview[];
}

const PEOPLE_AT_ONCE = 5_000;

/**
 * What publishing an edited workflow would do to the people who are in its journey now. Nothing is written; what decides
 * is what decides when it is published.
 *
 * @throws StoreError when the workflow was never published with this store
 */
export async function previewPublish(store: Store, edited: Edited): Promise<Preview> {
	const { published, known, at } = await store.tx(async (db) => {
		const published = await publishedAt(db, edited.host, edited.workflowId);
		if (!published?.journey) throw new StoreError(`Workflow: "${edited.workflowId}" was never published with this store, so nobody is in it. Check its id, or choose the store that it uses.`);
		return { published, known: await stepsAt(db, published.workflow), at: await peopleAtSteps(db, [published.journey]) };
	});
	const { problems, warnings } = checkCanvas(edited.canvas);
	const ids = new Map(known.map((step) => [step.node_id, step.id]));
	const people = new Map(at.map((step) => [step.step_id, step]));
	const steps: StepPreview[] = [];
	for (const { node, change, was } of everyStep(published, edited.canvas, known)) {
		const id = ids.get(node.id);
		const { waiting = 0, running = 0 } = (id !== undefined && people.get(id)) || {};
		if (waiting + running === 0 && isLongGone(published, node.id, edited.canvas)) continue;
		const fate: Fate = waiting === 0 ? { becomes: 'stay' } : await fateOf(store, edited, problems, node, id!);
		const goal = edited.goals.get(node.id);
		const goalVersion = id !== undefined && goal && (await store.tx(async (db) => await goalAfter(db, id, goal)));
		const one = { step: node.name, nodeId: node.id, change, ...(was !== undefined && { was }), waiting, running, fate, ...(goalVersion && { goalVersion }) };
		steps.push({ ...one, sentence: fateWords(one) });
	}
	return {
		journey: published.journey!, workflowId: edited.workflowId,
		version: canvasHash(edited.canvas).slice(0, VERSION_SHOWN), published: published.hash?.slice(0, VERSION_SHOWN) ?? null,
		problems: [...edited.faults, ...problems], warnings: [...keyWarning(published, edited), ...(published.canvas ? edited.renamedSince(published.canvas) : []), ...warnings],
		waiting: sum(steps, ({ waiting }) => waiting),
		leave: sum(steps, ({ fate, waiting }) => (fate.becomes === 'leave' ? waiting : 0)),
		move: sum(steps, ({ fate, waiting }) => (fate.becomes === 'move' ? waiting : 0)),
		sooner: sum(steps, ({ fate }) => (fate.becomes === 'follow' ? fate.sooner : 0)),
		later: sum(steps, ({ fate }) => (fate.becomes === 'follow' ? fate.later : 0)),
		steps,
	};
}

function sum(steps: StepPreview[], count: (step: StepPreview) => number): number {
	return steps.reduce((total, step) => total + count(step), 0);
}

/** Those of both canvases, and those whose people nobody has taken away yet since they were removed. */
function everyStep({ canvas }: Published, after: Canvas, known: Array<{ node_id: string; name: string }>): Array<Omit<StepChange, 'node'> & { node: { id: string; name: string } }> {
	const changes = stepChanges(canvas ?? undefined, after);
	const named = new Set(changes.map(({ node }) => node.id));
	return [...changes, ...known.filter(({ node_id }) => !named.has(node_id)).map(({ node_id, name }) => ({ node: { id: node_id, name }, change: 'removed' as const }))];
}

/** A step of an earlier canvas than the published one. */
function isLongGone({ canvas }: Published, nodeId: string, after: Canvas): boolean {
	return ![...(canvas?.nodes ?? []), ...after.nodes].some(({ id }) => id === nodeId);
}

/** @param problems of the canvas: with one, the Entry Trigger takes nobody away */
async function fateOf(store: Store, { canvas, waits, faults }: Edited, problems: Problem[], node: { id: string; name: string }, step: number): Promise<Fate> {
	const isFaulty = ({ name }: { name: string }) => faults.some((fault) => fault.node === name);
	if (isGone(canvas, node.id)) {
		const entry = canvas.nodes.find((one) => !one.disabled && kindOf(one) === 'journeyEntryTrigger');
		if (!entry || isFaulty(entry)) return { becomes: 'stay', because: 'entry' };
		if (problems.length > 0) return { becomes: 'stay', because: 'problems' };
		const to = removalState(canvas, removalTarget(entry.parameters));
		return to ? { becomes: 'move', to: to.name } : { becomes: 'leave' };
	}
	if (isFaulty(node)) return { becomes: 'stay', because: 'problems' };
	if (!waits.has(node.id)) return { becomes: 'stay' };
	const rule = waits.get(node.id);
	const { rule: before } = await store.tx(async (db) => await registeredWait(db, step));
	switch (waitChange(before, rule)) {
		case 'followed': return await followed(store, step, rule!);
		case 'kept': return { becomes: 'stay', because: 'told' };
		default: return { becomes: 'stay' };
	}
}

/** Goes through all who wait there, a page at a time, as the publish does. */
async function followed(store: Store, step: number, rule: Until): Promise<Fate> {
	const now = await store.tx(async (db) => db.now);
	let [after, overdue, sooner, later, atOnce] = [0, 0, 0, 0, 0];
	for (;;) {
		const people = await store.tx(async (db) => await waitersAt(db, step, after, PEOPLE_AT_ONCE));
		if (people.length === 0) return { becomes: 'follow', sooner, later, atOnce, minutes: atOnce > 0 ? spreadMinutes(overdue) : 0 };
		const page = reschedule(rule, people, now, overdue);
		sooner += people.filter(({ due_at }, at) => page.due[at]! < due_at).length;
		later += people.filter(({ due_at }, at) => page.due[at]! > due_at).length;
		[after, overdue, atOnce] = [people.at(-1)!.id, page.overdue, atOnce + page.atOnce];
	}
}

async function goalAfter(db: Connection, goal: number, { conditions, config }: { conditions: Condition[]; config: Json }): Promise<number | undefined> {
	return await nextVersion(db, goal, (await findConditions(db, conditions)) ?? null, config);
}

function keyWarning({ journey, canvas }: Published, { key, canvas: after }: Edited): Problem[] {
	if (key === undefined || key === journey) return [];
	const isEntry = (node: Canvas['nodes'][number]) => kindOf(node) === 'journeyEntryTrigger';
	const entry = after.nodes.find(isEntry) ?? canvas?.nodes.find(isEntry);
	return [{
		node: entry?.name ?? '',
		message: `The journey's key becomes "${key}" and was "${journey}": whoever is inside stays in the old one and goes on, and entry limits, holdouts and reports begin anew. Under Options → Journey Key enter the old one to go on with it.`,
	}];
}
