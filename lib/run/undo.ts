import { reschedule, waitChange } from '../core/reschedule';
import { tellAct } from '../store/acts';
import { lockProfiles } from '../store/locks';
import { publishedSteps } from '../store/removed';
import { StoreError, type Connection } from '../store/types';
import { lastMoving, movedFrom, movedPage, returnMoved, type Moved, type MovedFrom } from '../store/undo';
import { registeredWait } from '../store/waits';
import { wakeByLookBack } from '../store/wakes';
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
	const { journey, published, steps, back } = await store.tx(async (db) => {
		const journey = await journeyAt(db, key);
		const published = await lastMoving(db, journey);
		if (!published) throw new StoreError(`Journey "${key}": no publish of the last 7 days has moved anybody to another State. Who left the journey because their step was removed is not brought back.`);
		const steps = await movedFrom(db, journey, published);
		return { journey, published, steps, back: await publishedSteps(db, steps.map(({ id }) => id)) };
	});
	const away = steps.filter(({ id, there }) => there > 0 && !back.includes(id));
	if (back.length === 0 && away.length > 0) {
		throw new StoreError(`Journey "${key}": ${away.map(({ name }) => `"${name}"`).join(', ')} ${away.length === 1 ? 'is' : 'are'} not on the published canvas. Publish a version that has ${away.length === 1 ? 'it' : 'them'}, then undo.`);
	}
	let [returned, after, late] = [0, 0, 0];
	for (;;) {
		const page = await store.tx(async (db) => await returnPage(db, published, back, after, late));
		if (!page) break;
		[returned, after, late] = [returned + page.returned, page.last, page.late];
	}
	const done = await store.tx(async (db) => {
		// Of this publish: another may have moved people meanwhile.
		const now = await movedFrom(db, journey, published);
		const undone: Undone = {
			publishedAt: published, returned, returnedBefore: sum(steps, (step) => step.returned),
			movedOn: sum(now, (step) => step.moved - step.returned - step.there),
			notBack: now.filter(({ there }) => there > 0).map(({ name, there }) => ({ step: name, people: there })),
		};
		await tellAct(db, 'undo', who, journey, { published: published.toISOString(), returned, movedOn: undone.movedOn });
		return undone;
	});
	if (returned > 0) engine.announce();
	return done;
}

function sum(steps: MovedFrom[], count: (step: MovedFrom) => number): number {
	return steps.reduce((all, step) => all + count(step), 0);
}

/** @param late how many before these were overdue by a wait that was changed meanwhile */
async function returnPage(db: Connection, published: Date, steps: number[], after: number, late: number) {
	const people = await movedPage(db, published, steps, after, PEOPLE_AT_ONCE);
	if (people.length === 0) return undefined;
	const { waits, overdue } = await waitsNow(db, people, late);
	const known = new Set(people.map(({ profile_id }) => profile_id));
	await lockProfiles(db, 'park', [...known]);
	const back = await returnMoved(db, published, waits);
	// Who was merged since the page was read is another profile now. The lock only has to come before the look-back.
	const others = back.filter((one) => !known.has(one.profile_id));
	if (others.length > 0) await lockProfiles(db, 'park', others.map((one) => one.profile_id));
	const ids = back.map(({ id }) => id);
	await lookAtPeople(db, ids);
	if (ids.length > 0) await wakeByLookBack(db, ids, restart);
	return { returned: ids.length, last: people.at(-1)!.id, late: overdue };
}

/** By what their steps say now, which may have come back with another wait: when each of these goes on, and what starts it again. */
async function waitsNow(db: Connection, people: Moved[], late: number): Promise<{ waits: Array<{ id: number; due_at: Date; set: number | null }>; overdue: number }> {
	const waits = new Map(people.map(({ id, due_at }) => [id, { id, due_at, set: null as number | null }]));
	let overdue = late;
	for (const step of new Set(people.map(({ step_id }) => step_id))) {
		const { rule, set } = await registeredWait(db, step);
		const there = people.filter((one) => one.timed && one.step_id === step && waitChange(one.rule ?? undefined, rule) === 'followed');
		if (there.length === 0) continue;
		const followed = reschedule(rule!, there, db.now, overdue);
		overdue = followed.overdue;
		there.forEach(({ id }, at) => waits.set(id, { id, due_at: followed.due[at]!, set }));
	}
	return { waits: [...waits.values()], overdue };
}
