import { stranded } from '../store/journeys';
import { currentPause, type Pause } from '../store/pause';
import { readSettings } from '../store/settings';
import type { Store } from '../store/types';

/** A deploy, or an evening's work at a canvas, is no reason to worry anybody. */
const STRANDED_AFTER_MS = 24 * 60 * 60_000;

/** Why nobody moves, and how to go on. */
export function pauseNotice(store: Store, pause: Pause): string {
	const since = pause.since.toISOString();
	if (pause.reason === 'moved') {
		return `Nobody moves: the people of ${store.name} were moved to ${pause.moved_to} at ${since}. Use that store: set the Journey Store credential, or JOURNEY_STORE_URL.`;
	}
	return `Nobody moves: ${store.name} was restored at ${since} from a backup of ${pause.backup_at!.toISOString()}. Events are taken in. `
		+ 'Say what becomes of what fell due since the backup, and may have been sent then: skip it, or go on and send it. '
		+ 'In n8n: Journey Control → Store → Resume After a Restore; or the command "n8n-nodes-journey resume --skip" or "--go-on".';
}

/** What an operator should know of this store now; usually nothing. */
export async function notices(store: Store): Promise<string[]> {
	const { pause, sending, left } = await store.tx(async (db) => ({
		pause: await currentPause(db),
		sending: (await readSettings(db)).sendingPaused,
		left: await stranded(db, new Date(+db.now - STRANDED_AFTER_MS)),
	}));
	return [
		...(pause ? [pauseNotice(store, pause)] : []),
		...(sending ? ['All sending is paused: whoever comes to a Check Before Sending waits there. Journey Control → Journey → Resume All Sending lets them go on.'] : []),
		...left.map(({ key, name, off_since: since }) => `People wait in journey "${name}" (${key}), whose workflow has not been published since ${since.toISOString()}, or was deleted. `
			+ 'Publish it, or a copy with the same Journey Key and move them there with Journey → Move People; or take them out with Journey → Evict.'),
		...(await store.warnings()),
	];
}
