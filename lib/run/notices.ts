import { currentPause, type Pause } from '../store/pause';
import type { Store } from '../store/types';

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
	const pause = await store.tx(currentPause);
	return [...(pause ? [pauseNotice(store, pause)] : []), ...(await store.warnings())];
}
