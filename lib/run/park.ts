import type { AttributeDate, Condition, Duration } from '../core/types';
import { saveConditions } from '../store/conditions';
import { lockProfiles } from '../store/locks';
import { wakeByLookBack } from '../store/wakes';
import { parkInstances, type Park } from '../store/park';
import * as store from '../store/running';
import { lookAtPeople } from './changes';
import type { Engine } from './engine';
import type { Claim } from './executions';
import { restart } from './timers';

/** What a whole batch waits for besides its own due times. */
export interface Wait {
	conditions: Condition[];
	/** What a `reset` condition starts again. */
	timer: Duration | null;
	/** The attribute whose date the time is up at. */
	date?: AttributeDate;
}

export interface Arrival extends Park {
	profile_id: number;
}

/**
 * Parks a batch at a step, in one transaction: lock, write, look back.
 *
 * @returns ids of those parked; the others are not this execution's any more
 */
export async function park(engine: Engine, claim: Claim, step: number, wait: Wait, arrivals: Arrival[]): Promise<number[]> {
	const parked = await engine.store.tx(async (db) => {
		const set = wait.conditions.length > 0 ? await saveConditions(db, wait.conditions, wait.timer, wait.date) : null;
		const known = new Set(arrivals.map((one) => one.profile_id));
		await lockProfiles(db, 'park', [...known]);
		const parked = await parkInstances(db, claim, step, set, arrivals);
		// Who was merged since this execution loaded them is another profile now. The lock only has to come before the look-back.
		const others = parked.filter((one) => !known.has(one.profile_id));
		if (others.length > 0) await lockProfiles(db, 'park', others.map((one) => one.profile_id));
		const ids = parked.map(({ id }) => id);
		const forPeople = wait.conditions.some(({ kind }) => kind);
		if (forPeople) await lookAtPeople(db, ids);
		// A deadline that was moved just now, and a lock taken just now, may let more events count than were seen as they were parked.
		const back = parked.filter((one) => one.on_record || forPeople || !known.has(one.profile_id));
		if (set !== null && back.length > 0) await wakeByLookBack(db, back.map(({ id }) => id), restart);
		return ids;
	});
	engine.announce();
	return parked;
}

/** Journals who does not wait at a step, since their date cannot be told. */
export async function tellUndated(engine: Engine, claim: Claim, step: number, people: store.Undated[]): Promise<void> {
	await engine.store.tx(async (db) => await store.tellUndated(db, claim, step, people));
}
