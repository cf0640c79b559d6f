import type { Canvas } from '../core/canvas/canvas';
import { isGone, removalState } from '../core/canvas/removed';
import { movingSteps } from '../store/journeys';
import { abandonedSteps, endAtSteps, moveToStep, nodesOfSteps, publishedSteps, type Page } from '../store/removed';
import { findStep, publishedAt, type Place } from '../store/steps';
import type { Connection, Store } from '../store/types';
import type { Dispatcher } from './dispatcher';
import type { Engine } from './engine';

/*
 * People at a step that is not on the canvas any more. That it does not listen is only a hint: its trigger may have
 * failed, or n8n may be in the middle of starting. So the Entry Trigger is run, whose execution sees what is published,
 * and nobody is moved unless the node is gone from it, or disabled. A workflow that is off has no Entry Trigger here,
 * and nobody asks.
 */

const GONE_FOR_MS = 30_000;
const ASK_AGAIN_MS = 60_000;
const PEOPLE_AT_ONCE = 5_000;

/** Looks for people whom nobody would ever wake, and lets the Entry Trigger of their workflow decide. */
export class RemovedSteps {
	private readonly asked = new Map<number, Date>();

	constructor(
		private readonly store: Store,
		private readonly dispatcher: Dispatcher,
		private readonly leaving: () => number[],
	) {}

	/** @returns how many workflows were asked */
	async sweep(): Promise<number> {
		const { steps, entries } = this.dispatcher.listening();
		if (entries.length === 0) return 0;
		const { abandoned, now } = await this.store.tx(async (db) => ({
			abandoned: await abandonedSteps(db, await movingSteps(db, entries), steps, this.leaving(), new Date(+db.now - GONE_FOR_MS)),
			now: db.now,
		}));
		const due = abandoned.filter(({ entry }) => +(this.asked.get(entry) ?? 0) <= +now - ASK_AGAIN_MS);
		for (const { entry, steps } of due) {
			this.asked.set(entry, now);
			this.dispatcher.ask(entry, steps, now);
		}
		return due.length;
	}
}

/** What the Entry Trigger says of people whose step is removed. */
export interface RemovalPolicy {
	/** Name of the State to which they go; empty: they leave the journey. */
	goTo: string;
}

/**
 * Takes people away from those of these steps that the published canvas does not have, or has disabled, until it has them
 * again.
 *
 * @param entry the Entry Trigger that asks
 * @returns how many people
 */
export async function leaveRemoved(engine: Engine, entry: Place, canvas: Canvas, steps: number[], { goTo }: RemovalPolicy): Promise<number> {
	const target = removalState(canvas, goTo);
	// The check of the canvas refuses it; nobody is moved by a guess.
	if (goTo !== '' && !target) return 0;
	const { gone, to, since } = await engine.store.tx(async (db) => ({
		gone: (await nodesOfSteps(db, steps)).filter(({ node_id }) => isGone(canvas, node_id)).map(({ id }) => id),
		to: target && (await findStep(db, { ...entry, nodeId: target.id, name: target.name, kind: 'state' })).id,
		since: (await publishedAt(db, entry.host, entry.workflowId))?.since ?? null,
	}));
	if (gone.length === 0) return 0;
	const moved = await inPages(engine.store, async (db, after) => {
		const back = await publishedSteps(db, gone);
		const still = gone.filter((step) => !back.includes(step));
		return to === undefined ? await endAtSteps(db, still, after, PEOPLE_AT_ONCE) : await moveToStep(db, still, to, since, after, PEOPLE_AT_ONCE);
	});
	if (moved > 0) engine.announce();
	return moved;
}

/** Does something to everybody, a page in each transaction. @returns to how many */
export async function inPages(store: Store, work: (db: Connection, after: number) => Promise<Page>): Promise<number> {
	let all = 0;
	for (let after: number | null = 0; after !== null; ) {
		const from: number = after;
		const { count, last } = await store.tx(async (db) => await work(db, from));
		all += count;
		after = last;
	}
	return all;
}
