import { KEYS_NAMED, noJourney } from '../core/journeyKey';
import { stateOf, type JourneyState } from '../core/journeyState';
import { listJourneys } from '../store/journeys';
import { peopleAtSteps, troubles, type AtStep } from '../store/overview';
import { someJourneyKeys } from '../store/story';
import { StoreError, type Connection, type Store } from '../store/types';

/** A journey as an operator sees it in a list. */
export interface Listed {
	key: string;
	name: string;
	state: JourneyState;
	since: Date | null;
	/** Why it is in this state. */
	because: string;
	workflowId: string | null;
	inside: number;
	/** Of those inside: their time has been up for more than a minute. */
	overdue: number;
	/** Given up after repeated errors in the last 30 days. */
	failed: number;
	unknownMessages: number;
	steps: Array<{ step: string; nodeId: string; waiting: number; overdue: number; running: number }>;
}

/** For how long somebody who was given up is counted. */
export const FAILED_DAYS = 30;

/**
 * Journeys with their states and who is where; of these keys, or all of them.
 *
 * @throws StoreError naming journeys that there are, when one asked for is not
 */
export async function listedJourneys(store: Store, keys: string[] | null = null): Promise<Listed[]> {
	return await store.tx(async (db) => await listed(db, keys, await peopleAtSteps(db, keys)));
}

/** The same, of those who were counted at the steps of these journeys. @throws StoreError */
export async function listed(db: Connection, keys: string[] | null, at: AtStep[]): Promise<Listed[]> {
	const journeys = await listJourneys(db, keys);
	const missing = keys?.find((key) => !journeys.some((one) => one.key === key));
	if (missing !== undefined) throw new StoreError(`Journey: ${noJourney(missing, await someJourneyKeys(db, KEYS_NAMED))}`);
	const trouble = new Map((await troubles(db, keys, new Date(+db.now - FAILED_DAYS * 86_400_000))).map((one) => [one.journey, one]));
	return journeys.map(({ key, name, workflow_id: workflowId, left, ...facts }) => {
		const steps = at.filter(({ journey }) => journey === key);
		const inside = steps.reduce((sum, { waiting, running }) => sum + waiting + running, 0);
		const { failed, unknown } = trouble.get(key)!;
		return {
			key, name, ...stateOf({ ...facts, entered: left || inside > 0 }, db.now), workflowId, inside,
			overdue: steps.reduce((sum, { overdue }) => sum + overdue, 0), failed, unknownMessages: unknown,
			steps: steps.filter(({ waiting, running }) => waiting + running > 0)
				.map(({ name: step, node_id: nodeId, waiting, overdue, running }) => ({ step, nodeId, waiting, overdue, running })),
		};
	});
}
