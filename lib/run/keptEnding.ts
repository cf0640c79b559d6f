import { keptError, storable } from '../core/keptError';
import { namedInBatch } from '../store/privacy';
import type { Connection } from '../store/types';
import type { Ending } from './executions';

/** No execution goes on for longer after somebody in it was erased. */
const ERASED_LATELY_MS = 60 * 60_000;
const NOT_KEPT = 'what it said is not kept, since it may name a customer who was erased meanwhile';

/**
 * How an execution ended, as the store keeps it. What a node said of one customer is theirs, and goes when they are erased;
 * what it said of a whole batch is kept with everybody in it, so it may name none of them.
 *
 * @param count how many people it was of
 */
export async function keptEnding(db: Connection, token: string, { error, settlements }: Ending, count: number): Promise<Ending> {
	const said = settlements.flatMap((one) => one.error ?? []);
	const shared = new Set(said.filter((one, at) => said.indexOf(one) !== at));
	if (error !== undefined && count > 1) shared.add(error);
	const { names, erased } = shared.size > 0 ? await namedInBatch(db, token, storable([...shared].join('\n')), new Date(+db.now - ERASED_LATELY_MS)) : { names: [], erased: false };
	const kept = (one: string) => (!shared.has(one) ? keptError(one) : erased ? NOT_KEPT : keptError(one, names));
	return {
		...(error !== undefined && { error: kept(error) }),
		settlements: settlements.map((one) => (one.error === undefined ? one : { ...one, error: kept(one.error) })),
	};
}
