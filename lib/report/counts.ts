import { KEYS_NAMED, noJourney } from '../core/journeyKey';
import { loadCounts, type Count } from '../store/counts';
import { findJourneys, someJourneyKeys } from '../store/story';
import type { Store } from '../store/types';

/** A journey in numbers, all of the same moment. What is zero is left out of the lists. */
export interface Counts {
	/** Its key. */
	journey: string;
	entered: { times: number; people: number };
	/** Who would have entered and was held out, and how many people of them reached a goal; absent: nobody. */
	heldOut?: { times: number; people: number; converted: number };
	/** Instances at each step; `running`: on their way from it. */
	inside: Array<{ step: string; waiting: number; running: number }>;
	/** Instances that have ended, by reason; `failed`: given up after repeated errors. */
	ended: Record<string, number>;
	/** Entries refused, by reason. */
	refused: Record<string, number>;
	/** Messages of each *Check before sending*; `claimed`: being sent now. */
	messages: Array<{ step: string; claimed: number; sent: number; failed: number; unknown: number; skipped: Record<string, number> }>;
	/** For each goal, version of it, and currency: what changes a goal makes a new version, and they are never added up. */
	converted: Array<{ goal: string; version: number; times: number; people: number; value: number | null; currency: string | null }>;
}

/**
 * How many people are where in journeys, and what became of them.
 *
 * @returns for each key its numbers, or what is wrong with it
 */
export async function countJourneys(store: Store, keys: string[]): Promise<Array<Counts | { problem: string }>> {
	return await store.tx(async (db) => {
		const known = await findJourneys(db, keys);
		const rows = await loadCounts(db, [...known.keys()]);
		const others = keys.every((key) => known.has(key)) ? [] : await someJourneyKeys(db, KEYS_NAMED);
		return keys.map((key) => (known.has(key) ? countsOf(key, rows.filter(({ journey }) => journey === key)) : { problem: noJourney(key, others) }));
	});
}

function countsOf(journey: string, rows: Count[]): Counts {
	const of = (...kinds: Array<Count['kind']>) => rows.filter(({ kind }) => kinds.includes(kind));
	const byName = (counts: Count[]) => Object.fromEntries(counts.map(({ name, count }) => [name!, count]));
	const steps = (counts: Count[]) => [...new Set(counts.map(({ step }) => step!))].sort();
	const one = (step: string, kind: Count['kind'], name: string | null) =>
		rows.find((row) => row.step === step && row.kind === kind && row.name === name)?.count ?? 0;
	const [entered] = of('entered');
	const [held] = of('held_out');
	return {
		journey,
		entered: { times: entered?.count ?? 0, people: entered?.people ?? 0 },
		...(held && { heldOut: { times: held.count, people: held.people, converted: of('held_out_converted')[0]?.people ?? 0 } }),
		inside: steps(of('waiting', 'running')).map((step) => ({ step, waiting: one(step, 'waiting', null), running: one(step, 'running', null) })),
		ended: byName(of('ended')),
		refused: byName(of('refused')),
		messages: steps(of('message', 'skipped')).map((step) => ({
			step,
			claimed: one(step, 'message', 'claimed'),
			sent: one(step, 'message', 'sent'),
			failed: one(step, 'message', 'failed'),
			unknown: one(step, 'message', 'unknown'),
			skipped: byName(of('skipped').filter((row) => row.step === step)),
		})),
		converted: of('converted').map(({ step, name, count, people, value, version }) => ({ goal: step!, version: version!, times: count, people, value, currency: name })),
	};
}
