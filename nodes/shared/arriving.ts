import type { IExecuteFunctions } from 'n8n-workflow';

import { loadPeople, type Claim, type Engine, type Running } from '../../lib/index';
import { journeyKeys } from './lineage';
import { claimOf } from './place';

export interface Arrivals<One = Running> {
	claim: Claim;
	people: Array<{ running: One; item: number }>;
	/** The store's clock. */
	now: Date;
}

type Load<One> = (engine: Engine, claim: Claim, ids: number[]) => Promise<{ running: One[]; now: Date }>;

/**
 * The people that items from other nodes stand for, as they are now; who is not this execution's any more is left out.
 * @param load how much of them
 */
export async function arriving(context: IExecuteFunctions, engine: Engine): Promise<Arrivals>;
export async function arriving<One extends { id: number }>(context: IExecuteFunctions, engine: Engine, load: Load<One>): Promise<Arrivals<One>>;
export async function arriving(context: IExecuteFunctions, engine: Engine, load: Load<{ id: number }> = loadPeople): Promise<Arrivals<{ id: number }>> {
	const keys = journeyKeys(context);
	const claim = claimOf(context, keys[0]!.token);
	const { running, now } = await load(engine, claim, keys.map((key) => key.instance));
	const byId = new Map(running.map((one) => [one.id, one]));
	const people = keys.flatMap(({ instance }, item) => {
		const one = byId.get(instance);
		return one ? [{ running: one, item }] : [];
	});
	return { claim, people, now };
}
