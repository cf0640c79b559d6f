import type { Canvas } from '../core/canvas/canvas';
import type { Drawing } from '../core/canvas/drawing';
import { drawnCanvas, lastEventsHeard, troublesAtSteps } from '../store/drawings';
import { peopleAtSteps } from '../store/overview';
import type { StepKind } from '../store/steps';
import type { Store } from '../store/types';
import { FAILED_DAYS, listed, type Listed } from './journeys';

/** Who is at one step now. */
export interface StepNow {
	nodeId: string;
	name: string;
	kind: StepKind;
	/** On the drawn canvas. False: it was removed, or is on the canvas of another workflow of this journey. */
	drawn: boolean;
	waiting: number;
	overdue: number;
	running: number;
	/** Given up after repeated errors in the last 30 days. */
	failed: number;
	unknown: number;
	/** May enter, and has not been let in yet. */
	outside: number;
}

/** One journey as its page draws it. */
export interface JourneyMap {
	at: Date;
	journey: Listed;
	lastEventAt: Date | null;
	/** In the order of the canvas, those that are not drawn last. */
	steps: StepNow[];
	/** Null: no canvas was recorded yet. */
	canvas: Canvas | null;
	drawing: Drawing;
}

/**
 * A journey, its canvas, and who is where on it.
 *
 * @throws StoreError naming journeys that there are, when there is none of this key
 */
export async function journeyMap(store: Store, key: string): Promise<JourneyMap> {
	return await store.tx(async (db) => {
		const at = await peopleAtSteps(db, [key]);
		const [journey] = await listed(db, [key], at);
		const drawn = await drawnCanvas(db, key);
		const entries = at.filter(({ kind }) => kind === 'entry').map(({ step_id }) => step_id);
		const trouble = new Map((await troublesAtSteps(db, key, entries, new Date(+db.now - FAILED_DAYS * 86_400_000))).map((one) => [one.step_id, one]));
		const drawing = drawn?.drawing ?? {};
		const onCanvas = new Set(drawn?.canvas.nodes.map(({ id }) => id));
		const steps = at.map(({ step_id, workflow, node_id: nodeId, name, kind, waiting, overdue, running }): StepNow => {
			const { failed = 0, unknown = 0, outside = 0 } = trouble.get(step_id) ?? {};
			return { nodeId, name, kind, drawn: workflow === drawn?.workflow && onCanvas.has(nodeId), waiting, overdue, running, failed, unknown, outside };
		});
		return {
			at: db.now, journey: journey!, lastEventAt: (await lastEventsHeard(db)).get(key) ?? null,
			steps: steps.filter((one) => one.drawn || isAnybody(one)).sort((a, b) => place(drawing, a) - place(drawing, b)),
			canvas: drawn?.canvas ?? null, drawing,
		};
	});
}

/** Whether a step has anything to tell. */
export function isAnybody({ waiting, running, failed, unknown, outside }: StepNow): boolean {
	return waiting + running + failed + unknown + outside > 0;
}

/** From left to right, as a journey is read. */
function place(drawing: Drawing, { drawn, nodeId }: StepNow): number {
	const at = drawn ? drawing[nodeId]?.at : undefined;
	return at ? at[0] + at[1] / 10_000 : Infinity;
}
