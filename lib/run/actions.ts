import type { Json } from '../core/types';
import { endRunning } from '../store/finish';
import { claimUnknown, listUnknown, markSent, type UnknownDelivery } from '../store/unknown';
import { setContext } from '../store/running';
import type { Engine } from './engine';
import type { Claim } from './executions';
import { LEASE_MS } from './leases';

/** Ends instances at this step. @returns how many were still this execution's */
export async function leave(engine: Engine, claim: Claim, instances: number[], reason: string): Promise<number> {
	return await engine.store.tx(async (db) => await endRunning(db, claim, instances, reason));
}

/** Writes journey values. */
export async function writeContext(engine: Engine, claim: Claim, values: Array<{ id: number; values: Json }>): Promise<void> {
	await engine.store.tx(async (db) => await setContext(db, claim, values));
}

/** Deliveries whose outcome is not known, oldest first. */
export async function unknownDeliveries(engine: Engine, after: number, limit: number): Promise<UnknownDelivery[]> {
	return await engine.store.tx(async (db) => await listUnknown(db, { after, limit }));
}

/** Settles unknown deliveries by hand: they were sent. @returns ids that were unknown */
export async function markDeliveriesSent(engine: Engine, deliveries: number[]): Promise<number[]> {
	return await engine.store.tx(async (db) => await markSent(db, deliveries));
}

/** Claims unknown deliveries again, with their keys, for an execution that hands them to a mailer. */
export async function sendUnknownAgain(
	engine: Engine, execution: string, ids: number[],
): Promise<{ claim?: Claim; deliveries: UnknownDelivery[] }> {
	return await engine.store.tx(async (db) => {
		const token = await claimUnknown(db, ids, execution, new Date(+db.now + LEASE_MS));
		if (token === undefined) return { deliveries: [] };
		return { claim: { token, execution }, deliveries: await listUnknown(db, { token }) };
	});
}
