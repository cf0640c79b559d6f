import { addDuration } from '../core/time';
import { restartTimers, type Reset } from '../store/wakes';
import type { Connection } from '../store/types';

/** Starts timers again from the own time of the events that repeated, by the calendar of each person's zone. */
export async function restart(db: Connection, resets: Reset[]): Promise<void> {
	await restartTimers(db, resets.map((reset) => ({ ...reset, due_at: addDuration(reset.occurred_at, reset.timer, reset.zone) })));
}
