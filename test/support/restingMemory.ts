import { setTimeout as sleep } from 'node:timers/promises';

import type { N8n } from './n8n';

const MEGABYTE = 1024 * 1024;

/** n8n collects the garbage of its own start in two steps; after this time at least the first is done. */
const REST_MS = 14_000;
/** With time to spare for the second. */
const MORE_REST_MS = 12_000;

/** What n8n has in memory at rest, in MB: the least it comes to; as soon as that is little enough, no longer is waited. */
export async function memory(n8n: N8n, enough = 0): Promise<number> {
	await sleep(REST_MS);
	let least = Infinity;
	for (const end = Date.now() + MORE_REST_MS; Date.now() < end && least > enough; await sleep(500)) {
		least = Math.min(least, Math.round(n8n.rss() / MEGABYTE));
	}
	return least;
}
