import { keptError, readError, storable, unwanted } from '../core/keptError';
import { LONGEST_ID } from '../core/segment/message';
import type { Settlement } from '../store/deliveries';
import { namesInBatch } from '../store/privacy';
import type { Connection } from '../store/types';
import type { Ending } from './executions';

const ERASED = 'what it said is not kept, since it may name a customer who was erased meanwhile';
const NOT_STORED = 'what it said is not kept, since storing it has failed';

/**
 * How an execution ended, as the store keeps it. What a node said of one customer is theirs, and goes when they are erased;
 * what it said of several is kept with each of them, so it may name none of the batch.
 *
 * @param people who was in the batch when it started, also who has parked or left since
 */
export async function keptEnding(db: Connection, ending: Ending, people: Set<number>): Promise<Ending> {
	const { error, settlements } = inWords(ending, readError);
	const times = new Map<string, number>();
	for (const text of settlements.flatMap((one) => one.error ?? [])) times.set(text, (times.get(text) ?? 0) + 1);
	if (error !== undefined) times.set(error, Infinity);
	const shared = (text: string) => people.size > 1 && times.get(text)! > 1;
	const batch = [...times.keys()].some(shared) ? await namesOfAll(db, people) : { names: [], erased: false };
	const names = unwanted(batch.names);
	const kept = new Map([...times.keys()].map((text) => [text, !shared(text) ? keptError(text) : batch.erased ? ERASED : keptError(text, names)]));
	return inWords({ error, settlements }, (text) => kept.get(text)!);
}

/** The same without a word of what was said: whatever is wrong with that, outcomes are kept. */
export function wordlessEnding(ending: Ending): Ending {
	return inWords(ending, () => NOT_STORED);
}

function inWords({ error, settlements }: Ending, words: (said: string) => string): Ending {
	return {
		...(error !== undefined && { error: words(error) }),
		settlements: settlements.map(({ id, outcome, error: said, provider_id: provider }): Settlement => ({
			id, outcome,
			...(said !== undefined && { error: words(said) }),
			// Nobody can ask for a longer one, and an index cannot hold it.
			...(provider !== undefined && provider.length <= LONGEST_ID && { provider_id: storable(provider) }),
		})),
	};
}

/** Who was merged meanwhile has their names with somebody else by now. */
async function namesOfAll(db: Connection, people: Set<number>): Promise<{ names: string[]; erased: boolean }> {
	for (const everyone = new Set(people); ; ) {
		const { names, erased, into } = await namesInBatch(db, [...everyone]);
		if (into.every((id) => everyone.has(id))) return { names, erased };
		into.forEach((id) => everyone.add(id));
	}
}
