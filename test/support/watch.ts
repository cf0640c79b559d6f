import { setTimeout as sleep } from 'node:timers/promises';

import type { IntakeEntry, Json } from '../../lib/core/types';
import { takeIn } from '../../lib/run/intake';
import type { Store } from '../../lib/store/types';
import type { Happening } from './canvasRunner';
import { timelineOf } from './headless/timeline';

const STATE = {
	steps: 'SELECT id, name, kind, state, off_since FROM steps ORDER BY id',
	candidates: 'SELECT step_id, attempts, token IS NOT NULL AS claimed, count(*)::int AS n FROM candidates GROUP BY 1, 2, 3',
	instances: 'SELECT step_id, status, wake, attempts, losses, error, count(*)::int AS n FROM instances GROUP BY 1, 2, 3, 4, 5, 6',
	claims: 'SELECT step_id, execution, lease_until FROM claims',
	deliveries: 'SELECT status, error, count(*)::int AS n FROM deliveries GROUP BY 1, 2',
	finished: 'SELECT status, reason, error, count(*)::int AS n FROM finished GROUP BY 1, 2, 3',
};

/** What a test does to a started n8n from outside, through another door to the same store, and what it sees there. */
export class Watch {
	/** @param logs what n8n has printed, for the message of a failure */
	constructor(
		readonly store: Store,
		private readonly logs: () => string,
	) {}

	/** One event of each of these customers, in one batch, now. */
	async send(event: string, users: string[], properties: Json = {}): Promise<void> {
		await takeIn(this.store, 'test', users.map((user, index): IntakeEntry => ({
			index, identities: [{ kind: 'user_id', value: user }], event: { name: event, properties }, occurredAt: new Date(),
		})));
	}

	/** What customers do, in one batch; own times as given, else now. */
	async happen(...happenings: Happening[]): Promise<void> {
		await takeIn(this.store, 'test', happenings.map(({ who, event, properties = {}, at, change, email }, index): IntakeEntry => ({
			index, occurredAt: at ?? new Date(),
			identities: [{ kind: 'user_id', value: who }, ...(email === undefined ? [] : [{ kind: 'email' as const, value: email }])],
			...(event !== undefined && { event: { name: event, properties } }), ...(change && { change }),
		})));
	}

	/** What was decided about a customer (with a correlation: `who/correlation`), in order and without times. */
	async story(who: string): Promise<string[]> {
		const lines = (await timelineOf(this.store, new Date(0))).map((line) => line.split(' ').slice(1));
		return lines.filter(([name]) => name === who).map(([, ...words]) => words.join(' ').replace(/ until .*/, ''));
	}

	async tagsOf(who: string): Promise<string[]> {
		const [profile] = await this.rows<{ tags: string[] }>("SELECT tags FROM profiles p JOIN identities i ON i.profile_id = p.id WHERE i.kind = 'user_id' AND i.value = $1", [who]);
		return profile?.tags ?? [];
	}

	/** Profiles with an address and consent to e-mail: `u7` gets customer-7@example.com. */
	async introduce(users: string[]): Promise<void> {
		await takeIn(this.store, 'test', users.map((user, index): IntakeEntry => ({
			index, identities: [{ kind: 'user_id', value: user }, { kind: 'email', value: addressOf(user) }], occurredAt: new Date(),
			change: { attributes: { email: addressOf(user) }, consent: { email: 'granted' } },
		})));
	}

	async rows<R extends object = Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<R[]> {
		return await this.store.tx(async (db) => await db.rows<R>(sql, params));
	}

	/** How many rows, e.g. `count('finished')` or `count("journal WHERE kind = 'entered'")`. */
	async count(from: string): Promise<number> {
		return (await this.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`))[0]!.n;
	}

	/** Counts by one column, e.g. `{ sent: 499, failed: 1 }`. */
	async tally(column: string, from: string): Promise<Record<string, number>> {
		const rows = await this.rows<{ value: string; n: number }>(`SELECT ${column}::text AS value, count(*)::int AS n FROM ${from} GROUP BY 1 ORDER BY 1`);
		return Object.fromEntries(rows.map(({ value, n }) => [value, n]));
	}

	/** Asks again and again. @throws with what is in the store and the end of n8n's log */
	async until(what: string, check: () => Promise<boolean>, seconds = 90): Promise<void> {
		const end = Date.now() + seconds * 1000;
		while (!(await check())) {
			if (Date.now() > end) throw new Error(`Still not: ${what}\n${JSON.stringify(await this.state(), null, 1)}\n${this.logs().slice(-4000)}`);
			await sleep(50);
		}
	}

	private async state(): Promise<Record<string, unknown>> {
		const state: Record<string, unknown> = {};
		for (const [name, sql] of Object.entries(STATE)) state[name] = await this.rows(sql);
		return state;
	}
}

/** `customers(0, 3)` → `['u0', 'u1', 'u2']` */
export const customers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => `u${from + at}`);

export const addressOf = (user: string): string => `customer-${user.slice(1)}@example.com`;
