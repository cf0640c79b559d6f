import { backoffMs } from '../core/backoff';
import { lockClaim, MOST_ATTEMPTS, startClaim } from '../store/claim';
import { doubtDeliveries, recipientsOf, settleDeliveries, type Settlement } from '../store/deliveries';
import { completeClaim, failClaim } from '../store/finish';
import { claimSize, returnClaim } from '../store/giveBack';
import { wakeByRank } from '../store/wakes';
import { loadRunning, startRunning, type Running } from '../store/running';
import type { Connection, Store } from '../store/types';
import { keptEnding, wordlessEnding } from './keptEnding';
import { LEASE_MS, type Leases } from './leases';
import { lockAndLook } from './lockAndLook';

/** The right to write about a batch: its token, and the execution that started it. */
export interface Claim {
	token: string;
	execution: string;
}

/** How an n8n execution ended. */
export interface Ending {
	error?: string;
	/** Outcomes of the messages it carried. */
	settlements: Settlement[];
}

const PERSIST_FOR_MS = 50_000;

/** Batches inside this process's executions, from the start fence to the ack. */
export class Executions {
	/** By token: the execution, and the profiles of whom it was when it started. */
	private readonly started = new Map<string, { execution: string; people: Set<number> }>();

	constructor(
		private readonly store: Store,
		private readonly leases: Leases,
		private readonly onWork: () => void,
	) {}

	/** Whether this execution has started the claim already: `execute()` is called again by n8n's retries. */
	has({ token, execution }: Claim): boolean {
		return this.started.get(token)?.execution === execution;
	}

	/**
	 * Passes the start fence.
	 * @param ranked people whose time is up go by the best of what has happened
	 * @returns the people this execution may move; none when they are not ours any more
	 */
	async start(claim: Claim, ranked = false): Promise<Running[]> {
		const running = await this.store.tx(async (db) => {
			if (!(await this.fence(db, claim))) return undefined;
			if (this.has(claim)) return await loadRunning(db, claim);
			if (ranked) await wakeByRank(db, claim.token);
			return await startRunning(db, claim);
		});
		if (running) this.hold(claim, running.map(({ profile }) => profile.id));
		return running ?? [];
	}

	/** The fence alone, for candidates. */
	async fence(db: Connection, claim: Claim): Promise<boolean> {
		return await startClaim(db, claim.token, claim.execution, new Date(+db.now + LEASE_MS));
	}

	/** @param profiles whom this execution has loaded; called again, they are added */
	hold(claim: Claim, profiles: number[]): void {
		const { token, execution } = claim;
		const before = this.has(claim) ? this.started.get(token)!.people : [];
		this.started.set(token, { execution, people: new Set([...before, ...profiles]) });
		this.leases.execute(token);
	}

	/**
	 * Settles what the execution did: outcomes of messages first, then everyone who still holds the token is done, or
	 * goes back to be tried again. While the store is away it is tried again until the lease is nearly over.
	 * An execution that did not pass the fence has nothing to say.
	 */
	async acknowledge(claim: Claim, ending: Ending): Promise<void> {
		if (!this.has(claim)) return;
		const { token } = claim;
		const { people } = this.started.get(token)!;
		let worded = false;
		try {
			await persist(async () => {
				// A try that came as far as the wording and failed is followed by one without: outcomes matter more.
				const keep = worded ? () => wordlessEnding(ending) : async (db: Connection) => {
					worded = true;
					return await keptEnding(db, ending, people);
				};
				await this.store.tx(async (db) => await this.settle(db, claim, ending, keep));
			});
		} finally {
			this.started.delete(token);
			this.leases.release(token);
			this.onWork();
		}
	}

	private async settle(db: Connection, claim: Claim, ending: Ending, keep: (db: Connection) => Ending | Promise<Ending>): Promise<void> {
		const { token } = claim;
		if (ending.settlements.length > 0) {
			const find = async () => await recipientsOf(db, ending.settlements.map(({ id }) => id));
			await lockAndLook(db, 'park', await find(), (people) => people, find);
		}
		const { error, settlements } = await keep(db);
		// First of all: an execution that was stopped may be claiming messages still. They are there to be doubted, or not claimed.
		const isOurs = await lockClaim(db, token, claim.execution);
		if (settlements.length > 0) await settleDeliveries(db, token, settlements);
		await doubtDeliveries(db, token);
		if (!isOurs) return;
		if (error === undefined) {
			await completeClaim(db, token);
			return;
		}
		const { attempts, count } = await claimSize(db, token);
		if (count === 1 && attempts >= MOST_ATTEMPTS) await failClaim(db, token, error);
		else await returnClaim(db, token, 'error', new Date(+db.now + backoffMs(attempts)), MOST_ATTEMPTS, error);
	}
}

async function persist(work: () => Promise<void>): Promise<void> {
	const giveUpAt = Date.now() + PERSIST_FOR_MS;
	for (let tries = 0; ; tries++) {
		try {
			return await work();
		} catch (error) {
			const pause = Math.min(5_000, backoffMs(tries));
			if (Date.now() + pause > giveUpAt) throw error;
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
}
