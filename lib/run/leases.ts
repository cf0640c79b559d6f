import { renewClaims, renewUnstarted } from '../store/claim';
import type { Store } from '../store/types';

export const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 15_000;

/**
 * Keeps this process's claims alive. A claim is renewed by who emitted it until n8n has started it, then by the
 * process that executes it, so that its lease ends only when that process is dead or frozen.
 */
export class Leases {
	private readonly emitted = new Set<string>();
	private readonly executing = new Set<string>();
	private timer?: NodeJS.Timeout;

	constructor(private readonly store: Store) {}

	emit(token: string): void {
		this.emitted.add(token);
		this.start();
	}

	/** Takes over from the emitter. */
	execute(token: string): void {
		this.emitted.delete(token);
		this.executing.add(token);
		this.start();
	}

	release(token: string): void {
		this.emitted.delete(token);
		this.executing.delete(token);
		if (this.emitted.size + this.executing.size === 0) this.stop();
	}

	stop(): void {
		clearInterval(this.timer);
		this.timer = undefined;
	}

	private start(): void {
		// A failed renewal is tried again at the next turn; there are three before a lease ends.
		this.timer ??= setInterval(() => void this.renew().catch(() => undefined), RENEW_EVERY_MS).unref();
	}

	async renew(): Promise<void> {
		if (this.emitted.size + this.executing.size === 0) return;
		await this.store.tx(async (db) => {
			const until = new Date(+db.now + LEASE_MS);
			await renewClaims(db, [...this.executing], until);
			await renewUnstarted(db, [...this.emitted], until);
		});
	}
}
