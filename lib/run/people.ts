import { convertedInstances, markBehindGoal } from '../store/conversions';
import { loadRunning, loadWalking, type AskedOfProfiles, type Running, type Walking } from '../store/running';
import type { Engine } from './engine';
import type { Claim } from './executions';

/** These instances as they are now, of those that this execution still holds. */
export async function loadPeople(engine: Engine, claim: Claim, ids: number[]): Promise<{ running: Running[]; now: Date }> {
	return await engine.store.tx(async (db) => ({ running: await loadRunning(db, claim, ids), now: db.now }));
}

/** The same for a State: no more than it takes to wait. */
export async function loadArrivals(engine: Engine, claim: Claim, ids: number[], asked: AskedOfProfiles): Promise<{ running: Walking[]; now: Date }> {
	return await engine.store.tx(async (db) => ({ running: await loadWalking(db, claim, ids, asked), now: db.now }));
}

/** Which of these instances have reached this goal; from now on they are behind it. */
export async function passGoal(engine: Engine, claim: Claim, goal: number, instances: number[]): Promise<Set<number>> {
	return await engine.store.tx(async (db) => {
		const converted = await convertedInstances(db, instances, goal);
		if (converted.length > 0) await markBehindGoal(db, claim, converted);
		return new Set(converted);
	});
}
