import { Executions } from '../../lib/run/executions';
import type { Engine } from '../../lib/run/engine';
import { Leases } from '../../lib/run/leases';
import { saveConditions } from '../../lib/store/conditions';
import { saveJourney, saveListener, saveStep, type StepKind } from '../../lib/store/steps';
import type { Condition, IntakeEntry, Json } from '../../lib/core/types';
import type { Connection, Store } from '../../lib/store/types';

/** One journey in a store: Entry on *Enter*, a State, an Action, a Goal on *Order*. */
export interface World {
	journey: number;
	entry: number;
	state: number;
	action: number;
	goal: number;
}

export const DAY_MS = 24 * 60 * 60_000;
export const wakesBy = (event: string, more: Partial<Condition> = {}): Condition => ({ output: `1:${event}`, event, filter: [], effect: 'wake', ...more });

/** Registers the journey. @param goal what the Goal does; absent: there is none */
export async function makeWorld(store: Store, key = 'shop', goal?: Json): Promise<World> {
	return await store.tx(async (db) => {
		const add = async (kind: StepKind) => await saveStep(db, { host: 'host', workflowId: key, nodeId: kind, name: `The ${kind}`, kind });
		const entry = await add('entry');
		const journey = await saveJourney(db, entry.workflow, { key, name: key, zone: 'UTC', correlation: null });
		await saveListener(db, entry.id, await saveConditions(db, [wakesBy('Enter')], null), {});
		const [state, action] = [await add('state'), await add('action')];
		const goalStep = goal ? await add('goal') : undefined;
		if (goalStep) await saveListener(db, goalStep.id, await saveConditions(db, [wakesBy('Order')], null), goal!);
		return { journey, entry: entry.id, state: state.id, action: action.id, goal: goalStep?.id ?? 0 };
	});
}

/** What a store's engine needs to run a journey by hand: nothing moves by itself. */
export function idleEngine(store: Store): Engine {
	const leases = new Leases(store);
	return { store, leases, executions: new Executions(store, leases, () => undefined), announce: () => undefined } as unknown as Engine;
}

export interface Running {
	id: number;
	profile_id: number;
	user: string;
}

/** People who run through the journey already, in claims of `batch` people that `execution` has started. */
export async function makeRunning(
	store: Store, { journey, entry }: Pick<World, 'journey' | 'entry'>, users: string[], batch: number, execution: string | null = 'e1',
): Promise<Array<{ token: string; people: Running[] }>> {
	return await store.tx(async (db) => {
		const people = await db.rows<Running & { token: string }>(
			`WITH made AS (
				INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM unnest($2::text[]) RETURNING id
			), named AS (
				SELECT made.id AS profile_id, u.value AS who, (u.at - 1) / $3 AS batch
				FROM (SELECT id, row_number() OVER (ORDER BY id) AS at FROM made) made
					JOIN unnest($2::text[]) WITH ORDINALITY u(value, at) USING (at)
			), identified AS (
				INSERT INTO identities (kind, value, profile_id, created_at) SELECT 'user_id', who, profile_id, $1 FROM named
			), tokens AS MATERIALIZED (SELECT batch, gen_random_uuid() AS token FROM named GROUP BY batch),
			claimed AS (
				INSERT INTO claims (token, step_id, execution, lease_until) SELECT token, $5, $6, $1::timestamptz + interval '1 minute' FROM tokens
			), inside AS (
				INSERT INTO instances (profile_id, journey_id, step_id, status, wake, token, due_at, since, parked_at, left_at, entered_at)
				SELECT profile_id, $4, $5, 'running', 'entry', token, $1, $1, $1, $1, $1 FROM named JOIN tokens USING (batch)
				RETURNING id, profile_id, token
			), enrolled AS (
				INSERT INTO enrolments (profile_id, journey_id, correlation, instance_id, entries, entry_times, first_entry, last_entry, entered_at)
				SELECT profile_id, $4, '', id, 1, ARRAY[$1::timestamptz], $1, $1, $1 FROM inside
			)
			SELECT inside.id, inside.profile_id, inside.token, named.who AS "user" FROM inside JOIN named USING (profile_id) ORDER BY inside.id`,
			[db.now, users, batch, journey, entry, execution],
		);
		return [...Map.groupBy(people, ({ token }) => token)].map(([token, held]) => ({ token, people: held }));
	});
}

/** An event of somebody, as a door hands it in. */
export function eventOf(user: string, name: string, occurredAt: Date, more: Partial<IntakeEntry> & { properties?: Json } = {}): IntakeEntry {
	const { properties = {}, ...rest } = more;
	return { index: 0, identities: [{ kind: 'user_id', value: user }], event: { name, properties }, occurredAt, ...rest };
}

/** Runs one statement in a transaction of its own. */
export async function ask<R extends object>(store: Store, sql: string, params: unknown[] = []): Promise<R[]> {
	return await store.tx(async (db: Connection) => await db.rows<R>(sql, params));
}
