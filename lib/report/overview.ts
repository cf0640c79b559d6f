import { lastEventsHeard } from '../store/drawings';
import { peopleAtSteps } from '../store/overview';
import { currentPause, type Pause } from '../store/pause';
import { readSettings } from '../store/settings';
import type { Store } from '../store/types';
import { healthOf, type Health } from './health';
import { listed, type Listed } from './journeys';

/** A journey on the overview. */
export interface Overseen extends Listed {
	waiting: number;
	running: number;
	/** Of a name that it listens to; null: none among the newest thousand of the store. */
	lastEventAt: Date | null;
}

/** Everything at a glance. */
export interface Overview {
	at: Date;
	journeys: Overseen[];
	health: Health;
	/** Why nobody moves; null: people move. */
	pause: Pause | null;
	sendingPaused: boolean;
}

/** From when on the status page warns, as *Check Health* does unless told otherwise. */
const LIMITS = { latenessMinutes: 5, hoursWithoutEvents: 24, skippedPercent: 50, rejectedEvents: 10 };

/** Counts everybody who waits once, from the indexes: for a few times a minute. */
export async function overview(store: Store): Promise<Overview> {
	return await store.tx(async (db) => {
		const at = await peopleAtSteps(db, null);
		const heard = await lastEventsHeard(db);
		const sum = (one: Listed, what: 'waiting' | 'running') => one.steps.reduce((total, step) => total + step[what], 0);
		return {
			at: db.now,
			journeys: (await listed(db, null, at)).map((one) => ({ ...one, waiting: sum(one, 'waiting'), running: sum(one, 'running'), lastEventAt: heard.get(one.key) ?? null })),
			health: await healthOf(db, LIMITS, at), pause: (await currentPause(db)) ?? null, sendingPaused: (await readSettings(db)).sendingPaused,
		};
	});
}
