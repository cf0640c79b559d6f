import type { IExecuteFunctions } from 'n8n-workflow';

import { loadPeople, type Claim, type Engine, type Running } from '../../lib/index';
import { journeyKeys } from './lineage';
import { claimOf } from './place';

export interface Arrivals {
	claim: Claim;
	people: Array<{ running: Running; item: number }>;
	/** The store's clock. */
	now: Date;
}

/** The people that items from other nodes stand for, as they are now; who is not this execution's any more is left out. */
export async function arriving(context: IExecuteFunctions, engine: Engine): Promise<Arrivals> {
	const keys = journeyKeys(context);
	const claim = claimOf(context, keys[0]!.token);
	const { running, now } = await loadPeople(engine, claim, keys.map((key) => key.instance));
	const byId = new Map(running.map((one) => [one.id, one]));
	const people = keys.flatMap(({ instance }, item) => {
		const one = byId.get(instance);
		return one ? [{ running: one, item }] : [];
	});
	return { claim, people, now };
}
