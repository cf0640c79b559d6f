import { reschedule } from '../core/reschedule';
import { tellAct } from '../store/acts';
import { lockProfiles } from '../store/locks';
import { wakeByLookBack } from '../store/wakes';
import { StoreError, type Connection } from '../store/types';
import { lastMoves, movedPage, returnMoved, type Moved } from '../store/undo';
import { registeredWait } from '../store/waits';
import { lookAtPeople } from './changes';
import type { Engine } from './engine';
import { journeyAt } from './journeys';
import { restart } from './timers';

const PEOPLE_AT_ONCE = 5_000;

/** What became of those whom the last publish had moved. */
export interface Undone {
	/** When that publish was first seen. */
	publishedAt: Date;
	returned: number;
	/** Brought back by an undo before this one. */
	returnedBefore: number;
	/** They have left the State to which they were moved, or the journey. */
	movedOn: number;
	/** They still wait where they were moved, since their step is not on the canvas. */
	notBack: Array<{ step: string; people: number }>;
}

/**
 * Brings people back whom the last publish took from a step that it removed or disabled, as far as the step is on the
 * canvas again and they still wait at the State to which they were moved. They wait on as if they had not been away:
 * with the deadline that they would have now, and what happened meanwhile counts. Called again, it does what is left.
 *
 * @throws StoreError when there is no such journey, no publish has moved anybody, or none of the steps is back
 */
export async function undoPublish(engine: Pick<Engine, 'store' | 'announce'>, key: string, who: string): Promise<Undone> {
	const { store } = engine;
	const { journey, last } = await store.tx(async (db) => {
		const journey = await journeyAt(db, key);
		return { journey, last: await lastMoves(db, journey) };
	});
	if (!last) {
		throw new StoreError(`Journey "${key}": no publish of the last 7 days has moved anybody to another State. Who left the journey because their step was removed is not brought back.`);
	}
	const back = last.steps.filter((step) => step.back).map(({ id }) => id);
	const away = last.steps.filter((step) => !step.back && step.there > 0);
	if (back.length === 0 && away.length > 0) {
		throw new StoreError(`Journey "${key}": ${away.map(({ name }) => `"${name}"`).join(', ')} ${away.length === 1 ? 'is' : 'are'} not on the published canvas. Publish a version that has ${away.length === 1 ? 'it' : 'them'}, then undo.`);
	}
	let [returned, after, late] = [0, 0, 0];
	for (;;) {
		const page = await store.tx(async (db) => await returnPage(db, last.published_at, back, after, late));
		if (!page) break;
		[returned, after, late] = [returned + page.returned, page.last, page.late];
	}
	const done = await store.tx(async (db) => {
		const now = (await lastMoves(db, journey))!;
		const there = now.steps.filter((step) => step.there > 0);
		const undone: Undone = {
			publishedAt: last.published_at, returned, returnedBefore: last.returned,
			movedOn: now.moved - now.returned - there.reduce((sum, step) => sum + step.there, 0),
			notBack: there.map(({ name, there: people }) => ({ step: name, people })),
		};
		await tellAct(db, 'undo', who, journey, { published: last.published_at.toISOString(), returned, movedOn: undone.movedOn });
		return undone;
	});
	if (returned > 0) engine.announce();
	return done;
}

/** @param late how many before these were overdue by a wait that was changed meanwhile */
async function returnPage(db: Connection, published: Date, steps: number[], after: number, late: number) {
	const people = await movedPage(db, published, steps, after, PEOPLE_AT_ONCE);
	if (people.length === 0) return undefined;
	const { due, overdue } = await deadlines(db, people, late);
	const known = new Set(people.map(({ profile_id }) => profile_id));
	await lockProfiles(db, 'park', [...known]);
	const back = await returnMoved(db, published, people.map(({ id }) => ({ id, due_at: due.get(id)! })));
	// Who was merged since the page was read is another profile now. The lock only has to come before the look-back.
	const others = back.filter((one) => !known.has(one.profile_id));
	if (others.length > 0) await lockProfiles(db, 'park', others.map((one) => one.profile_id));
	const ids = back.map(({ id }) => id);
	await lookAtPeople(db, ids);
	if (ids.length > 0) await wakeByLookBack(db, ids, restart);
	return { returned: ids.length, last: people.at(-1)!.id, late: overdue };
}

/** When each of these goes on, by what their step says now: it may have come back with another wait. */
async function deadlines(db: Connection, people: Moved[], late: number): Promise<{ due: Map<number, Date>; overdue: number }> {
	const due = new Map(people.map(({ id, due_at }) => [id, due_at]));
	let overdue = late;
	for (const step of new Set(people.map(({ step_id }) => step_id))) {
		const there = people.filter(({ timed, step_id }) => timed && step_id === step);
		const rule = await registeredWait(db, step);
		if (!rule) continue;
		const followed = reschedule(rule, there, db.now, overdue);
		overdue = followed.overdue;
		there.forEach(({ id }, at) => due.set(id, followed.due[at]!));
	}
	return { due, overdue };
}
