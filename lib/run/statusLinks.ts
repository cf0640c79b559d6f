import { randomBytes } from 'node:crypto';

import { signLink } from '../core/signedLink';
import type { StatusScope } from '../core/statusScope';
import { tellAct } from '../store/acts';
import { forgetSecret, keepSecret } from '../store/secrets';
import type { Store } from '../store/types';

const HOUR_MS = 60 * 60_000;
const SECRET_BYTES = 32;

/**
 * Makes what a link to the status page must carry, and journals who made it, without the token.
 *
 * @param hours how long it is valid
 */
export async function makeStatusLink(store: Store, scope: StatusScope, hours: number, who: string): Promise<{ token: string; expiresAt: Date }> {
	return await store.tx(async (db) => {
		const secret = await keepSecret(db, 'status page', randomBytes(SECRET_BYTES).toString('base64url'));
		// In whole seconds, as the link says it.
		const expiresAt = new Date(Math.floor((+db.now + hours * HOUR_MS) / 1_000) * 1_000);
		await tellAct(db, 'status_link', who, null, { scope, hours, expiresAt: expiresAt.toISOString() });
		return { token: signLink(secret, { scope, expiresAt }), expiresAt };
	});
}

/** Ends all links to the status page, also for those who have it open, and journals who did. @returns false when there was none */
export async function endStatusLinks(store: Store, who: string): Promise<boolean> {
	return await store.tx(async (db) => {
		if (!(await forgetSecret(db, 'status page'))) return false;
		await tellAct(db, 'status_links_ended', who, null, {});
		return true;
	});
}
