import { KEYS_NAMED, noJourney } from '../core/journeyKey';
import { endOfPeople } from '../store/finish';
import { lockRegistry } from '../store/locks';
import { findOthers } from '../store/otherJourneys';
import { someJourneyKeys } from '../store/story';
import type { Connection } from '../store/types';
import type { Engine } from './engine';
import { lockAndLook, present, whoTheyAre } from './lockAndLook';

/**
 * Whether people can be sent into journeys by these keys.
 *
 * @returns what is wrong with a key, by key
 */
export async function startProblems(engine: Pick<Engine, 'store'>, keys: string[]): Promise<Map<string, string>> {
	return await engine.store.tx(async (db) => {
		const others = await findOthers(db, keys);
		const problems = new Map<string, string>();
		for (const key of keys) {
			const other = others.get(key);
			if (!other) problems.set(key, await unknown(db, key));
			else if (!other.starts) problems.set(key, `the journey "${key}" lets nobody in that way: set Entry to From Another Journey or Workflow in its Entry Trigger, and publish it`);
		}
		return problems;
	});
}

/**
 * Ends the live instances of people in a journey.
 *
 * @returns for each person how many of their instances have ended; who was about to enter is turned away. Or what is
 * wrong with the key
 */
export async function endInJourney(
	engine: Pick<Engine, 'store'>, key: string, profiles: number[], reason: string,
): Promise<{ ended: number[] } | { problem: string }> {
	return await engine.store.tx(async (db) => {
		const journey = (await findOthers(db, [key])).get(key);
		if (!journey) return { problem: await unknown(db, key) };
		await lockRegistry(db, 'match');
		const people = await lockAndLook<Array<number | null>>(db, 'match', profiles, present, async (now) => await whoTheyAre(db, now));
		const ended = await endOfPeople(db, journey.id, [...new Set(present(people))], reason);
		return { ended: people.map((one) => (one === null ? 0 : (ended.get(one) ?? 0))) };
	});
}

async function unknown(db: Connection, key: string): Promise<string> {
	return noJourney(key, await someJourneyKeys(db, KEYS_NAMED));
}
