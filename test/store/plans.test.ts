import { Client } from 'pg';

import type { Condition, Engagement, EntryRules, IntakeEntry, Rule } from '../../lib/core/types';
import { admit } from '../../lib/run/admission';
import { matchEngagements, matchMembers } from '../../lib/run/changes';
import { storeCustomerData } from '../../lib/run/customerData';
import { Dispatcher } from '../../lib/run/dispatcher';
import { Entrances } from '../../lib/run/entrances';
import { partByRules } from '../../lib/run/evaluate';
import { Executions } from '../../lib/run/executions';
import { takeIn } from '../../lib/run/intake';
import { Janitor } from '../../lib/run/janitor';
import { Leases } from '../../lib/run/leases';
import { LostSteps } from '../../lib/run/lostSteps';
import { endInJourney } from '../../lib/run/otherJourneys';
import { park, type Arrival } from '../../lib/run/park';
import { RemovedSteps } from '../../lib/run/removed';
import { journeyMap } from '../../lib/report/journeyMap';
import { reviewTouched } from '../../lib/run/segments';
import { memberEvent } from '../../lib/core/ownEvents';
import { datedWaits, wakeByChange, wakeUndated } from '../../lib/store/changes';
import { claimCandidates, claimInstances, claimState, expiredClaims, isUnstarted, nextDue, renewClaims, renewUnstarted } from '../../lib/store/claim';
import { profilesOutside } from '../../lib/store/audience';
import { saveConditions } from '../../lib/store/conditions';
import { convertedInstances, markBehindGoal } from '../../lib/store/conversions';
import { loadCustomers } from '../../lib/store/customers';
import { claimDeliveries, doubtDeliveries, recipientsOf, settleDeliveries } from '../../lib/store/deliveries';
import { findEngaged, insertEngagements } from '../../lib/store/engagements';
import { drawnCanvas, journeysOfProfile, lastEventsHeard, troublesAtSteps } from '../../lib/store/drawings';
import { evictAtEnd } from '../../lib/store/evict';
import { endRunning, endWaiting, expireInstances, failClaim } from '../../lib/store/finish';
import { addCandidatesSince } from '../../lib/store/candidates';
import { claimSize } from '../../lib/store/giveBack';
import { convertByLookBack, convertSince, leaveByConversions } from '../../lib/store/goals';
import { restartTimers, wakeByRank } from '../../lib/store/wakes';
import { dropFinished, dropOlder } from '../../lib/store/retention';
import { beginSchedule, beginWithMembers, holdRun, makeRuns, nextPages, passedBy, plannedSchedules, writePage, zonesOfProfiles, type ScheduleConfig } from '../../lib/store/runs';
import { saveJourney, saveListener, saveStep } from '../../lib/store/steps';
import { beginJudging, fillJudgements } from '../../lib/store/absence';
import { rejectedPage } from '../../lib/run/rejected';
import { judgeDue } from '../../lib/run/judgements';
import { heldInstances, loadWalking, setContext, tellUndated } from '../../lib/store/running';
import { claimSegment, refreshMembers, saveSegment, tellRefreshed } from '../../lib/store/segments';
import { deleteTrait, dropLeftCounts } from '../../lib/store/traits';
import { moveWaiting, reviveFailed } from '../../lib/store/operate';
import { loadRecipients, tellSkipped } from '../../lib/store/sending';
import { loadStories } from '../../lib/store/story';
import { peopleAtSteps } from '../../lib/store/overview';
import { namesInBatch } from '../../lib/store/privacy';
import { movingSteps, spreadDue } from '../../lib/store/journeys';
import { endAtSteps, moveToStep } from '../../lib/store/removed';
import type { Store } from '../../lib/store/types';
import { lastMoving, movedFrom, movedPage, returnMoved } from '../../lib/store/undo';
import { followDeadlines, waitersAt } from '../../lib/store/waits';
import { listUnknown } from '../../lib/store/unknown';
import { BATCH, crowd, neverScanned, planned, reachedByKey, STATISTICS, usersFrom, type Crowd } from '../support/crowd';
import { explained } from '../support/plans';
import { storeFunctions } from '../support/storeFunctions';
import type { FrozenClock } from '../support/stores';
import { ask, DAY_MS, eventOf, idleEngine, makeRunning, makeWorld, wakesBy, type World } from '../support/world';

/*
 * Everything that runs for each batch, beside 150,000 people who wait, on tables that were filled in one go: the planner
 * knows nothing of what is in them, or what was true before, or what is. Whatever it thinks, a statement must reach its
 * people by key. Counted in rows, which are the same on every machine.
 */
describe.each(STATISTICS)('with %s statistics, hot statements', (statistics) => {
	let it_: Crowd;
	let store: Store;
	let world: World;
	let clock: FrozenClock;
	beforeAll(async () => {
		it_ = await crowd(statistics);
		({ store, world, clock } = it_);
	}, 240_000);
	afterAll(async () => await it_?.drop());

	it('of intake', async () => {
		const { store: watched, seen } = explained(store);
		const entries = usersFrom(1).map((user, index) => ({ ...eventOf(user, 'Click', clock.now, { messageId: `m${index}`, change: { attributes: { seen: index } } }), index }));
		expect(await takeIn(watched, 'test', entries)).toMatchObject({ events: BATCH, woken: BATCH });
		expect(await storeCustomerData(idleEngine(watched), entries, false)).toHaveLength(BATCH);
		reachedByKey(seen);
	});

	it('of consent, beside a history of everybody’s', async () => {
		await ask(store, `INSERT INTO consents (profile_id, channel, purpose, state, holds, at, recorded_at, source)
			SELECT id, 'sms', '', 'granted', true, $1, $1, 'test' FROM profiles`, [clock.now]);
		const { store: watched, seen } = explained(store);
		const said = (state: 'granted' | 'denied', occurredAt: Date) => usersFrom(1).map((user, index): IntakeEntry =>
			({ index, identities: [{ kind: 'user_id', value: user }], change: { consent: { email: state, 'email/newsletter': state } }, occurredAt }));
		await takeIn(watched, 'test', said('granted', clock.now));
		await takeIn(watched, 'test', said('denied', new Date(+clock.now - DAY_MS)));
		expect(await ask(store, "SELECT holds, count(*)::int AS count FROM consents WHERE channel = 'email' GROUP BY 1 ORDER BY 1")).toEqual([{ holds: false, count: 2 * BATCH }, { holds: true, count: 2 * BATCH }]);
		reachedByKey(seen);
	});

	it('of claiming, starting and parking again', async () => {
		const { store: watched, seen } = explained(store);
		const engine = idleEngine(watched);
		await watched.tx(async (db) => await nextDue(db, 'instances', [world.state, world.goal]));
		const { token, ids } = (await watched.tx(async (db) => await claimInstances(db, world.state, 0, 5_000, new Date(+db.now + 60_000))))!;
		expect(ids).toHaveLength(BATCH);
		const running = await engine.executions.start({ token, execution: 'e1' });
		await watched.tx(async (db) => await claimDeliveries(db, { token, execution: 'e1' }, world.action, { channel: 'email', class: 'marketing', againIfUnknown: false }, ids));
		await park(engine, { token, execution: 'e1' }, world.state, { conditions: [wakesBy('Click')], timer: null }, running.slice(0, BATCH / 2).map((one): Arrival => ({
			id: one.id, profile_id: one.profile.id, due_at: new Date(+clock.now + DAY_MS), expires: false, since: new Date(+clock.now - DAY_MS), after_arrival: false, vars: null, wake: null,
		})));
		await engine.executions.acknowledge({ token, execution: 'e1' }, { settlements: [] });
		reachedByKey(seen);
	});

	it('of entering', async () => {
		const { store: watched, seen } = explained(store);
		const engine = idleEngine(watched);
		const fresh = Array.from({ length: BATCH }, (_, at) => `fresh${at}`);
		expect(await takeIn(watched, 'test', fresh.map((user, index) => ({ ...eventOf(user, 'Enter', clock.now), index })))).toMatchObject({ candidates: BATCH });
		await watched.tx(async (db) => await nextDue(db, 'candidates', [world.entry]));
		const { token } = (await watched.tx(async (db) => await claimCandidates(db, world.entry, 0, 5_000, new Date(+db.now + 60_000))))!;
		const step = { id: world.entry };
		expect(await admit(engine, { token, execution: 'e1' }, step, { reentry: { kind: 'once' }, whileInside: 'refuse', values: {}, zone: 'UTC' })).toHaveLength(BATCH);
		reachedByKey(seen);
	});

	it('of goals', async () => {
		const { store: watched, seen } = explained(store);
		expect(await takeIn(watched, 'test', usersFrom(2).map((user, index) => ({ ...eventOf(user, 'Order', clock.now), index })))).toMatchObject({ conversions: BATCH });
		reachedByKey(seen);
	});

	it('of giving back what a dead process held', async () => {
		const { store: watched, seen } = explained(store);
		const claim = await store.tx(async (db) => await claimInstances(db, world.goal, 0, 5_000, db.now));
		expect(claim!.ids).toHaveLength(BATCH);
		const executions = new Executions(watched, new Leases(watched), () => undefined);
		executions.hold({ token: claim!.token, execution: 'x' }, []);
		clock.pass(1);
		expect(await new Janitor(watched, () => undefined, (error) => { throw error; }).sweep()).toMatchObject({ claims: 1 });
		reachedByKey(seen);
	});

	it('of listeners that come back', async () => {
		// As autovacuum does.
		await ask(store, `SELECT brin_summarize_new_values('events_2026_03_received_at_idx')`);
		const { store: watched, seen } = explained(store);
		const since = new Date(+clock.now - 60_000);
		expect(await watched.tx(async (db) => await addCandidatesSince(db, world.entry, since))).toBeGreaterThan(0);
		expect(await watched.tx(async (db) => await convertSince(db, world.goal, since))).toBe(0);
		reachedByKey(seen);
	});

	it('of making two people one', async () => {
		const { store: watched, seen } = explained(store);
		await takeIn(watched, 'test', [{ index: 0, identities: [{ kind: 'user_id', value: 'u5' }, { kind: 'user_id', value: 'u6' }], alias: true, change: {}, occurredAt: clock.now }]);
		reachedByKey(seen);
	});

	it('of leases', async () => {
		clock.pass(30_000);
		const { store: watched, seen } = explained(store);
		const tokens = (await ask<{ token: string }>(store, 'SELECT token FROM claims ORDER BY lease_until DESC LIMIT 20')).map(({ token }) => token);
		await watched.tx(async (db) => {
			await renewClaims(db, tokens, new Date(+db.now + 60_000));
			await renewUnstarted(db, tokens, new Date(+db.now + 60_000));
			expect(await claimState(db, tokens[0]!)).toBe('started');
			expect(await isUnstarted(db, tokens[0]!)).toBe(false);
			expect((await expiredClaims(db, 100)).length).toBeGreaterThan(0);
		});
		reachedByKey(seen, 10 * 100);
	});

	it('of deciding, about rules and about messages', async () => {
		const { store: watched, seen } = explained(store);
		const engine = idleEngine(watched);
		const [batch] = await makeRunning(store, world, Array.from({ length: BATCH }, (_, at) => `deciding${at}`), BATCH);
		const claim = { token: batch!.token, execution: 'e1' };
		const rule: Rule = { kind: 'behaviour', event: 'Click', filter: [], did: true, atLeast: 1, within: { amount: 30, unit: 'days' } };
		// As after a failure, when earlier decisions are asked for.
		await ask(store, 'UPDATE instances SET attempts = 1 WHERE token = $1', [claim.token]);
		const ids = batch!.people.map(({ id }) => id);
		await partByRules(engine, claim, { step: world.action, kind: 'branched' }, [rule], [{ reason: 'otherwise', output: 'a' }, { reason: 'rule', output: 'b' }], ids.map((instance, item) => ({ item, instance, vars: null })));
		await watched.tx(async (db) => {
			await loadRecipients(db, { channel: 'email', purpose: 'newsletter' }, ids);
			await tellSkipped(db, world.action, ids.map((id) => ({ id, reason: 'consent', detail: {} })));
			await convertedInstances(db, ids, null);
			await markBehindGoal(db, claim, ids);
			expect(await loadWalking(db, claim, ids, { zone: true, attribute: ['renewal'] })).toHaveLength(BATCH);
			await tellUndated(db, claim, world.state, ids.map((id) => ({ id, problem: 'none' })));
			await setContext(db, claim, ids.map((id) => ({ id, values: { a: 1 } })));
			const claimed = await claimDeliveries(db, claim, world.action, { channel: 'email', class: 'marketing', againIfUnknown: false }, ids);
			expect((await heldInstances(db, claim, ids)).size).toBe(BATCH);
			expect(await recipientsOf(db, claimed.map(({ id }) => id))).toHaveLength(BATCH);
			const named = await namesInBatch(db, batch!.people.map(({ profile_id }) => profile_id));
			expect({ ...named, names: named.names.length }).toEqual({ names: BATCH, erased: false, into: [] });
			await settleDeliveries(db, claim.token, claimed.slice(10).map(({ id }) => ({ id, outcome: 'sent', provider_id: `p${id}` })));
			await doubtDeliveries(db, claim.token);
			expect(await listUnknown(db, { after: 0, limit: 100 })).not.toEqual([]);
			await endRunning(db, claim, ids, 'left');
		});
		reachedByKey(seen);
	});

	it('of what becomes of messages', async () => {
		const { store: watched, seen } = explained(store);
		const engagements = Array.from({ length: BATCH }, (_, at): Engagement => ({ index: at, findBy: 'provider', message: `message-${1 + at * 300}`, kind: at % 2 ? 'clicked' : 'unsubscribed', at: clock.now, detail: {} }));
		await watched.tx(async (db) => {
			expect(await findEngaged(db, engagements)).toHaveLength(BATCH);
			expect(await insertEngagements(db, engagements)).toHaveLength(BATCH);
		});
		reachedByKey(seen);
	});

	it('of a timer that starts again', async () => {
		const { store: watched, seen } = explained(store);
		const [{ id: event }] = (await ask<{ id: number }>(store, 'SELECT max(id) AS id FROM events')) as [{ id: number }];
		await watched.tx(async (db) => await restartTimers(db, Array.from({ length: BATCH }, (_, at) => ({
			id: 3 + at * 300, event_id: event, event_received_at: clock.now, occurred_at: clock.now, due_at: clock.now, zone: 'UTC', timer: { amount: 1, unit: 'hours' as const },
		}))));
		reachedByKey(seen);
	});

	it('of waits that count events, or go by the best of them', async () => {
		const { store: watched, seen } = explained(store);
		const set = await store.tx(async (db) => await saveConditions(db, [wakesBy('Click', { times: 3, within: 'day' }), wakesBy('Seen', { times: 2, effect: 'rank' })], null));
		const users = usersFrom(8);
		await ask(store, 'UPDATE instances SET set_id = $2 WHERE profile_id IN (SELECT profile_id FROM identities WHERE value = ANY($1::text[]))', [users, set]);
		expect(await takeIn(watched, 'test', users.map((user, index) => ({ ...eventOf(user, 'Click', clock.now), index })))).toMatchObject({ woken: 0 });
		const [batch] = await makeRunning(store, world, Array.from({ length: BATCH }, (_, at) => `ranked${at}`), BATCH);
		await ask(store, `UPDATE instances SET set_id = $2, wake = 'time' WHERE token = $1`, [batch!.token, set]);
		await watched.tx(async (db) => await wakeByRank(db, batch!.token));
		reachedByKey(seen);
	});

	it('of waits for what is true of people, and for dates that change', async () => {
		const { store: watched, seen } = explained(store);
		const until = { path: ['renewal'], offset: { amount: 1, unit: 'days' as const, before: true }, past: 'proceed' as const };
		const conditions: Condition[] = [
			{ output: '1:gold', event: '', filter: [{ path: 'plan', operator: 'is', value: 'gold' }], kind: 'attribute', subjects: ['plan'], effect: 'wake' },
			{ output: '2:clicked', event: '', filter: [], kind: 'message', subjects: ['clicked'], step: 'action', effect: 'wake' },
			{ output: '3:member', event: '', filter: [], kind: 'segment', subjects: ['Members'], effect: 'wake' },
			{ output: 'No date', event: '', filter: [], kind: 'date', subjects: ['renewal'], effect: 'wake' },
		];
		const set = await store.tx(async (db) => await saveConditions(db, conditions, null, until));
		const users = usersFrom(9);
		const waiting = await ask<{ id: number; profile_id: number }>(store, 'UPDATE instances SET set_id = $2 WHERE profile_id IN (SELECT profile_id FROM identities WHERE value = ANY($1::text[])) RETURNING id, profile_id', [users, set]);
		const writes = (attributes: object) => users.map((user, index): IntakeEntry => ({ index, identities: [{ kind: 'user_id', value: user }], occurredAt: clock.now, change: { attributes: attributes as never } }));
		expect(await takeIn(watched, 'test', writes({ renewal: '2026-05-01' }))).toMatchObject({ woken: waiting.length });
		await watched.tx(async (db) => {
			await wakeByChange(db, { instances: waiting.map(({ id }) => id) });
			await datedWaits(db, { instances: waiting.map(({ id }) => id) });
			await matchEngagements(db, waiting.map((one) => one.profile_id), ['clicked']);
			await matchMembers(db, 'Members', waiting.map((one) => one.profile_id));
		});
		expect(await takeIn(watched, 'test', writes({ plan: 'gold' }))).toMatchObject({ woken: waiting.length });
		await watched.tx(async (db) => {
			await wakeUndated(db, waiting.map(({ id }) => ({ id, problem: 'none' })), 'No date');
			await endWaiting(db, waiting.map(({ id }) => id), 'date_past');
		});
		reachedByKey(seen);
	});

	it('of segments and traits', async () => {
		const rule: Rule = { kind: 'behaviour', event: 'Seen', filter: [], did: true, atLeast: 1 };
		const { id } = await store.tx(async (db) => {
			await saveSegment(db, { name: 'Seen', rule, zone: 'UTC', refresh_minutes: 60 });
			return (await claimSegment(db, 'Seen'))!;
		});
		// Everybody is a member already, so that nothing is found that the planner could have guessed.
		await ask(store, 'INSERT INTO segment_members (profile_id, segment_id, joined_at) SELECT id, $1, $2 FROM profiles WHERE id % 2 = 0', [id, clock.now]);
		await ask(store, `INSERT INTO traits (name, event, definition, before_event, created_at, filled_to) VALUES ('Clicks', 'Click', '{}', 0, $1, NULL)`, [clock.now]);
		await ask(store, 'INSERT INTO profile_traits SELECT n, (SELECT id FROM traits), 1, 0, 0, $1, $1 FROM generate_series(1, 150000) n', [clock.now]);
		const { store: watched, seen } = explained(store);
		const page = await watched.tx(async (db) => await refreshMembers(db, { id, rule, zone: 'UTC' }, { after: 60_000, profiles: BATCH }));
		expect([page.came.length > 50, page.went.length > 50]).toEqual([true, true]);
		await takeIn(watched, 'test', usersFrom(3).map((user, index) => ({ ...eventOf(user, 'Click', clock.now, { properties: { n: 1 } }), index })));
		const asked = seen.filter(({ sql }) => /segment_members|profile_traits/.test(sql));
		expect(asked).toHaveLength(2);
		reachedByKey(asked);
		neverScanned(asked, 'segment_members', 'profile_traits');
		const { store: forgetting, seen: forgotten } = explained(store);
		await forgetting.tx(async (db) => {
			await deleteTrait(db, 'Clicks');
			expect(await dropLeftCounts(db, BATCH)).toBe(BATCH);
		});
		neverScanned(forgotten, 'profile_traits');
	});

	/** A journey with a quarter of everybody put back before it, a hundred for each minute that comes. */
	async function queueBefore(key: string): Promise<World> {
		const made = await makeWorld(store, key);
		await ask(store,
			`INSERT INTO candidates (step_id, journey_id, profile_id, event_id, event_received_at, due_at, delayed)
			 SELECT $1, $2, profile_id, id, received_at, $3::timestamptz + make_interval(mins => 1 + (profile_id / 400)::int), 'per_minute' FROM events WHERE profile_id % 4 = 1`,
			[made.entry, made.journey, clock.now]);
		return made;
	}

	async function forget(journey: number): Promise<void> {
		for (const table of ['candidates', 'instances', 'enrolments']) await ask(store, `DELETE FROM ${table} WHERE journey_id = $1`, [journey]);
	}

	it('of entering by a schedule where there is a capacity, behind those who were put back', async () => {
		const { journey, entry } = await queueBefore('limited');
		await ask(store,
			`WITH dates AS (
				INSERT INTO runs (step_id, journey_id, scheduled_for, people, zone, at, state, next_page_at, ended_at)
				SELECT $1, $2, date, '*', 'UTC', $3, 'done', $3, $3 FROM unnest('{2026-03-01,2026-03-02}'::date[]) date RETURNING id, scheduled_for
			)
			INSERT INTO candidates (step_id, journey_id, profile_id, run_id, occurred_at, due_at)
			SELECT $1, $2, 2 + n * 596, dates.id, $3, $3 FROM generate_series(0, $4::int / 2 - 1) n, dates ORDER BY n, scheduled_for`,
			[entry, journey, clock.now, BATCH]);
		const { store: watched, seen } = explained(store);
		const { token, ids } = (await watched.tx(async (db) => await claimCandidates(db, entry, 0, 5_000, new Date(+db.now + 60_000))))!;
		expect(ids).toHaveLength(BATCH);
		const [{ last }] = (await ask<{ last: Date }>(store, 'SELECT max(due_at) AS last FROM candidates WHERE step_id = $1', [entry])) as [{ last: Date }];
		const clicked: Rule = { kind: 'behaviour', event: 'Click', filter: [], did: true, atLeast: 1 };
		const rules: EntryRules = {
			reentry: { kind: 'cap', times: 5 }, whileInside: 'restart', holdout: 20, capacity: { perMinute: 100, inside: 1_000, overflow: 'delay' }, values: {}, zone: 'UTC',
		};
		const entered = await admit(idleEngine(watched), { token, execution: 'e1' }, { id: entry }, rules, { kind: 'group', match: 'all', rules: [clicked] });
		expect(entered.length).toBeGreaterThan(20);
		const put = await ask<{ delayed: string; behind: boolean }>(store, 'SELECT delayed, due_at >= $2 AS behind FROM candidates WHERE journey_id = $1 AND run_id IS NOT NULL GROUP BY 1, 2', [journey, last]);
		expect(put).toContainEqual({ delayed: 'per_minute', behind: true });
		expect(put).not.toContainEqual({ delayed: 'per_minute', behind: false });
		expect(await ask(store, 'SELECT DISTINCT reason FROM refusals WHERE journey_id = $1 ORDER BY 1', [journey])).toEqual([{ reason: 'audience' }, { reason: 'restarted_at_once' }]);
		expect((await ask(store, 'SELECT FROM enrolments WHERE journey_id = $1 AND held_out', [journey])).length).toBeGreaterThan(5);
		reachedByKey(seen);
		await forget(journey);
	});

	it('of a sweep that finds an Entry Trigger replaced, a step that nobody runs, and somebody at one of two that are gone', async () => {
		const { journey, entry, state, action } = await queueBefore('swept');
		const next = await store.tx(async (db) => {
			const step = await saveStep(db, { host: 'host', workflowId: 'swept', nodeId: 'next', name: 'The next entry', kind: 'entry' });
			await saveJourney(db, step.workflow, { key: 'swept', name: 'swept', zone: 'UTC', correlation: null });
			return step;
		});
		const anHourAgo = new Date(+clock.now - 3_600_000);
		await ask(store, 'UPDATE steps SET registered_at = $2 WHERE workflow = $1', [next.workflow, new Date(+anHourAgo - 1)]);
		await ask(store, 'UPDATE workflows SET seen_at = $1', [clock.now]);
		await ask(store, `INSERT INTO instances (profile_id, journey_id, step_id, status, expires, visit, due_at, since, parked_at, left_at, entered_at)
			VALUES (1, $1, $2, 'waiting', true, 1, $3::timestamptz + interval '1 day', $3, $3, $3, $3)`, [journey, action, clock.now]);
		const { store: watched, seen } = explained(store);
		const fail = (error: Error) => { throw error; };
		const dispatcher = new Dispatcher(watched, new Leases(watched), fail);
		const asked: number[][] = [];
		dispatcher.subscribe({ step: next.id, entry: true, limit: 10, emit: async ({ ids }) => void asked.push(ids) });
		const chores = [
			new LostSteps(watched, dispatcher, () => ({ since: anHourAgo, leaving: [state, action] })), new Entrances(watched), new RemovedSteps(watched, dispatcher, () => []),
		];
		await new Janitor(watched, () => undefined, fail, undefined, chores).sweep();
		expect(asked).toEqual([[action]]);
		expect(await ask(store, 'SELECT DISTINCT step_id FROM candidates WHERE journey_id = $1', [journey])).toEqual([{ step_id: next.id }]);
		expect(await ask(store, "SELECT id FROM steps WHERE workflow = $1 AND state = 'off'", [next.workflow])).toEqual([{ id: entry }]);
		// Five thousand are brought at a time.
		reachedByKey(seen, 200 * BATCH);
		await forget(journey);
	});

	it('of people moved to another step', async () => {
		const { store: watched, seen } = explained(store);
		const pages: Array<{ last: number | null; moved: number }> = [];
		await expect(watched.tx(async (db) => {
			for (const after of [0, 140_000]) pages.push(await moveWaiting(db, world.journey, [world.state], null, world.action, after));
			throw new Error('taken back');
		})).rejects.toThrow('taken back');
		expect(pages.map(({ moved }) => moved)).toEqual([5_000, 5_000]);
		expect(pages[1]!.last).toBeGreaterThan(145_000);
		neverScanned(seen, 'instances');
		// Without any statistics each page sorts everybody behind it; autovacuum makes some within a minute.
		if (statistics !== 'no') expect(Math.max(...seen.map(({ rows }) => rows))).toBeLessThan(100_000);
	});

	it('of a publish that changes a wait or takes a step away, and of taking it back', async () => {
		const { store: watched, seen } = explained(store);
		await expect(watched.tx(async (db) => {
			expect(await movingSteps(db, [world.state])).toEqual([world.state]);
			const people = await waitersAt(db, world.state, 100_000, 5_000);
			expect(people).toHaveLength(5_000);
			expect(await followDeadlines(db, world.state, people.slice(0, BATCH).map(({ id, due_at }) => ({ id, due_at: new Date(+due_at - 1_000) })), null)).toHaveLength(BATCH);
			for (const after of [0, 100_000]) expect((await moveToStep(db, [world.state], world.action, db.now, after, 5_000)).count).toBe(5_000);
			expect(await lastMoving(db, world.journey)).toEqual(db.now);
			expect(await movedFrom(db, world.journey, db.now)).toMatchObject([{ moved: 10_000, returned: 0, there: 10_000 }]);
			const page = await movedPage(db, db.now, [world.state], 0, 5_000);
			expect(await returnMoved(db, db.now, page.map(({ id, due_at }) => ({ id, due_at, set: null })))).toHaveLength(5_000);
			expect((await endAtSteps(db, [world.state], 120_000, BATCH)).count).toBe(BATCH);
			throw new Error('taken back');
		})).rejects.toThrow('taken back');
		neverScanned(seen, 'instances');
		// Without any statistics each page sorts everybody behind it; autovacuum makes some within a minute.
		if (statistics !== 'no') expect(Math.max(...seen.map(({ rows }) => rows))).toBeLessThan(100_000);
	});

	it('of a pause that is over: each page looks at no more people than it moves', async () => {
		const { store: watched, seen } = explained(store);
		await expect(watched.tx(async (db) => {
			const later = new Date(+db.now + 2 * DAY_MS);
			expect(await spreadDue({ ...db, now: later }, [world.state, world.goal], later, 60_000)).toEqual({ people: 5_000, more: true });
			throw new Error('taken back');
		})).rejects.toThrow('taken back');
		neverScanned(seen, 'instances');
		expect(Math.max(...seen.map(({ rows }) => rows))).toBeLessThan(75_000);
	});

	it('of goals on what does not happen', async () => {
		const config = { type: 'conversion', exit: true, absent: 'Uninstall', window: '30 days', windowFrom: 'entry', grace: '1 hours', value: null, currency: null };
		const { id } = await store.tx(async (db) => {
			const step = await saveStep(db, { host: 'host', workflowId: 'shop', nodeId: 'absence', name: 'Stays', kind: 'goal' });
			const set = await saveConditions(db, [wakesBy('Uninstall')], null);
			await beginJudging(db, step.id, set, config, new Date(0));
			await saveListener(db, step.id, set, config);
			return step;
		});
		await ask(store, 'UPDATE steps SET judged_to = 60000 WHERE id = $1', [id]);
		const due = usersFrom(2).map((user) => Number(user.slice(1)));
		await ask(store, "UPDATE enrolments SET judge_at = $1::timestamptz + CASE WHEN profile_id = ANY($2) THEN interval '0' ELSE interval '1 day' END, entered_at = entered_at - CASE WHEN profile_id = ANY($2) THEN interval '31 days' ELSE '0' END", [clock.now, due]);
		const { store: watched, seen } = explained(store);
		expect(await watched.tx(async (db) => await fillJudgements(db, BATCH))).toBe(true);
		await ask(store, 'UPDATE steps SET judged_to = NULL WHERE id = $1', [id]);
		expect(await judgeDue(watched)).toEqual({ judged: BATCH, converted: BATCH });
		await takeIn(watched, 'test', usersFrom(2).map((user, index) => ({ ...eventOf(user, 'Uninstall', new Date(+clock.now - 3 * DAY_MS)), index })));
		expect(await ask(store, "SELECT count(*) FROM journal WHERE kind = 'late' AND reason = 'goal'")).toEqual([{ count: BATCH }]);
		if (statistics !== 'no') reachedByKey(seen);
		await ask(store, "UPDATE steps SET state = 'off', off_since = now() WHERE id = $1", [id]);
	});

	it('of segments that journeys listen to', async () => {
		const rule: Rule = { kind: 'behaviour', event: 'Click', filter: [], did: true, atLeast: 50 };
		await store.tx(async (db) => {
			await saveSegment(db, { name: 'Often', rule, zone: 'UTC', refresh_minutes: 60 });
			await saveListener(db, world.action, await saveConditions(db, [wakesBy(memberEvent('joined', 'Often'))], null), { segment: 'Often' });
		});
		const { id } = (await store.tx(async (db) => await claimSegment(db, 'Often')))!;
		await store.tx(async (db) => await tellRefreshed(db, id, null));
		await ask(store, 'INSERT INTO segment_members (profile_id, segment_id, joined_at) SELECT id, $1, $2 FROM profiles WHERE id % 2 = 0', [id, new Date(+clock.now - 1)]);
		await ask(store, 'INSERT INTO touched (profile_id) SELECT id FROM profiles WHERE id > 100000');
		const { store: watched, seen } = explained(store);
		// What happened to somebody is noted, and they are looked at.
		await takeIn(watched, 'test', usersFrom(3).map((user, index) => ({ ...eventOf(user, 'Click', clock.now), index })));
		const reviewed = await reviewTouched(watched);
		expect([reviewed!.people, reviewed!.left > 400]).toEqual([1_000, true]);
		// Everyone who is in it already, page by page.
		await ask(store, 'UPDATE journeys SET entrance = $1', [world.action]);
		await store.tx(async (db) => await beginWithMembers(db, world.action, world.journey, 'Often'));
		await watched.tx(async (db) => {
			const run = (await holdRun(db, { scan: BATCH, waiting: 10 * BATCH }))!;
			expect(await writePage(db, run, BATCH, BATCH)).toMatchObject({ examined: BATCH });
		});
		await ask(store, "UPDATE runs SET state = 'done', ended_at = at");
		if (statistics !== 'no') reachedByKey(seen, 100 * BATCH);
		neverScanned(seen, 'segment_members');
	});

	it('of a schedule, page by page', async () => {
		const rule: Rule = { kind: 'behaviour', event: 'Click', filter: [], did: true, atLeast: 1 };
		const schedule: ScheduleConfig = {
			when: { recurrence: { kind: 'days', every: 1 }, atTime: '09:00', ownZone: true }, rule, pace: null, catchUpMs: 0, start: null, end: null,
		};
		await ask(store, 'UPDATE profiles SET zone = $1 WHERE id % 2 = 0', ['Asia/Tokyo']);
		// A step for which nobody waits yet.
		await store.tx(async (db) => await beginSchedule(db, world.action, schedule, db.now, null));
		await ask(store, 'UPDATE journeys SET entrance = $1', [world.action]);
		await ask(store, "UPDATE steps SET config = jsonb_build_object('schedule', $2::jsonb) WHERE id = $1", [world.action, JSON.stringify(schedule)]);
		const groups = ['*', '', 'Asia/Tokyo'].map((people, at) => ({ people, zone: 'UTC', date: `2026-03-0${at + 1}`, at: clock.now, missed: false }));
		await store.tx(async (db) => await makeRuns(db, (await plannedSchedules(db))[0]!, groups));
		const { store: watched, seen } = explained(store);
		expect(await watched.tx(zonesOfProfiles)).toEqual(['Asia/Tokyo']);
		const turns: string[] = [];
		while (turns.length < groups.length) {
			await watched.tx(async (db) => {
				await nextPages(db);
				const run = (await holdRun(db, { scan: BATCH, waiting: 10 * BATCH }))!;
				turns.push(run.people);
				expect((await writePage(db, run, BATCH, BATCH)).examined).toBe(BATCH);
			});
			await ask(store, "UPDATE runs SET state = 'done', ended_at = at WHERE people = $1", [turns.at(-1)]);
		}
		expect(turns.sort()).toEqual(['', '*', 'Asia/Tokyo']);
		await ask(store, 'UPDATE journeys SET entrance = $1', [world.entry]);
		// A page of people of whom nothing is counted yet sorts all who come behind it; autovacuum counts them within a minute.
		if (statistics !== 'no') reachedByKey(seen);
	});

	it('of one person\'s story', async () => {
		const { store: watched, seen } = explained(store);
		await watched.tx(async (db) => {
			expect((await loadStories(db, [{ profile_id: 7, journey_id: world.journey, most: 10, skip: 0 }])).length).toBeGreaterThan(2);
			expect(await loadCustomers(db, [7])).toHaveLength(1);
			await passedBy(db, [{ profile_id: 7, journey_id: world.journey }]);
			const audience = { kind: 'group' as const, match: 'all' as const, rules: [{ kind: 'behaviour' as const, event: 'Click', filter: [], did: true, atLeast: 1 }] };
			expect((await profilesOutside(db, [7], audience, 'UTC')).size).toBe(1);
		});
		reachedByKey(seen, 1_000);
	});

	it('of the status page: everybody is counted in one pass, by indexes where vacuum has been; everything else is bounded', async () => {
		const { store: watched, seen } = explained(store);
		const count = async () => await watched.tx(async (db) => (await peopleAtSteps(db, ['shop'])).reduce((sum, { waiting }) => sum + waiting, 0));
		const [{ n }] = (await ask<{ n: number }>(store, "SELECT count(*)::int AS n FROM instances WHERE status = 'waiting'")) as [{ n: number }];
		expect(await count()).toBe(n);
		if (statistics === 'fresh') {
			const client = new Client({ connectionString: it_.url });
			await client.connect();
			await client.query('VACUUM ANALYZE journey.instances');
			await client.end();
			seen.length = 0;
			expect(await count()).toBe(n);
			neverScanned(seen, 'instances');
		}
		// A row is looked at by five nodes of the plan, never by one for each step.
		expect(seen.at(-1)!.rows).toBeLessThan(6 * n);
		seen.length = 0;
		await watched.tx(async (db) => {
			await drawnCanvas(db, 'shop');
			await troublesAtSteps(db, 'shop', [world.entry], new Date(+clock.now - 30 * DAY_MS));
			await lastEventsHeard(db);
			expect(await journeysOfProfile(db, 7)).toEqual([{ key: 'shop', name: 'shop' }]);
		});
		// Candidates are counted like people.
		reachedByKey(seen.filter(({ sql }) => !/FROM candidates/.test(sql)), 5_000);
	});

	it('of the page of one journey: nobody of the others is looked at, and the whole page is bounded', async () => {
		const small = await makeWorld(store, 'small');
		await ask(store,
			`INSERT INTO instances (profile_id, journey_id, step_id, status, expires, visit, due_at, since, parked_at, left_at, entered_at)
			 SELECT n, $1, $2, 'waiting', n % 50 = 7, 1, $3::timestamptz - interval '1 hour', $3, $3, $3, $3 FROM generate_series(1, 200) n`, [small.journey, small.state, clock.now]);
		const { store: watched, seen } = explained(store);
		const { journey, steps } = await journeyMap(watched, 'small');
		expect([journey.inside, steps.reduce((sum, { waiting }) => sum + waiting, 0)]).toEqual([200, 200]);
		// Who is under way is looked for everywhere where nobody ever was counted; autovacuum counts them within a minute.
		const bounded = seen.filter(({ sql }) => statistics !== 'no' || !/FROM instances/.test(sql));
		reachedByKey(bounded, 5_000);
		expect(bounded.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan(10_000);
		await ask(store, 'DELETE FROM instances WHERE journey_id = $1', [small.journey]);
		// Of the large one everybody is looked at in one statement alone.
		seen.length = 0;
		await journeyMap(watched, 'shop');
		expect(seen.filter(({ rows }) => rows > 100_000).map(({ sql }) => /FROM instances/.test(sql))).toEqual([true]);
	});

	it('of listing what was refused: by time from its first one on, and by reason a stretch at a time', async () => {
		const { store: watched, seen } = explained(store);
		const none = { source: null, reason: null, since: null };
		const looked = async (filter: object, after = 0, limit = 50) => {
			seen.length = 0;
			const ids = (await rejectedPage(watched, { ...none, ...filter }, after, limit)).map(({ id }) => id);
			// 10,000 at a time, each by three nodes of the plan.
			reachedByKey(seen, 40_000);
			return { ids, rows: seen.filter(({ sql }) => /strpos|received_at|body/.test(sql)).reduce((sum, { rows }) => sum + rows, 0) };
		};
		// The newest of 150,000, of which one is refused every 200 seconds.
		const [last] = await ask<{ id: number; at: Date }>(store, 'SELECT id, received_at AS at FROM rejected ORDER BY id DESC LIMIT 1');
		const newest = await looked({ since: new Date(+last!.at - 10 * 200_000) });
		expect(newest.ids).toEqual(Array.from({ length: 11 }, (_, at) => last!.id - 10 + at));
		expect(newest.rows).toBeLessThan(300);
		const old = await looked({ since: new Date(+last!.at - 300 * DAY_MS) });
		expect(old.ids).toHaveLength(50);
		expect(old.rows).toBeLessThan(500);
		expect((await looked({}, last!.id - 3)).ids).toEqual([last!.id - 2, last!.id - 1, last!.id]);
		// A rare reason, and one that is not there at all.
		await ask(store, "UPDATE rejected SET reason = 'Rare' WHERE id % 60000 = 7");
		const rare = await ask<{ id: number }>(store, "SELECT id FROM rejected WHERE reason = 'Rare' ORDER BY id");
		expect(rare.length).toBeGreaterThan(1);
		expect((await looked({ reason: 'rare', source: 'test' })).ids).toEqual(rare.map(({ id }) => id));
		expect((await looked({ reason: 'rare' }, rare[0]!.id, 1)).ids).toEqual([rare[1]!.id]);
		expect((await looked({ source: 'redis' })).ids).toEqual([]);
		expect(seen.filter(({ sql }) => /strpos|source = /.test(sql)).length).toBeGreaterThan(10);
		await ask(store, "UPDATE rejected SET reason = '' WHERE reason = 'Rare'");
	});

	it('of the standing chores', async () => {
		const { store: watched, seen } = explained(store);
		const before = new Date(+clock.now - 300 * 86_400_000);
		await watched.tx(async (db) => {
			expect(await dropFinished(db, before)).toBe(10_000);
			for (const table of ['seen', 'timeouts', 'rejected'] as const) expect(await dropOlder(db, table, before)).toBe(10_000);
		});
		clock.pass(2 * 86_400_000);
		await watched.tx(async (db) => expect(await expireInstances(db, 500)).toBe(500));
		reachedByKey(seen, 10 * 10_000);
	});

	// Last: it adds people.
	it('of sending on who was given up, and of taking them out', async () => {
		const { store: watched, seen } = explained(store);
		const [batch] = await makeRunning(store, world, Array.from({ length: BATCH }, (_, at) => `given up ${at}`), BATCH);
		await watched.tx(async (db) => {
			expect(await claimSize(db, batch!.token)).toEqual({ attempts: 0, count: BATCH });
			await failClaim(db, batch!.token, 'broken');
		});
		const [ids, profiles] = [batch!.people.map(({ id }) => id), batch!.people.map(({ profile_id }) => profile_id)];
		await watched.tx(async (db) => {
			expect(await reviveFailed(db, ids)).toHaveLength(BATCH);
			await leaveByConversions(db, profiles, ids);
			await convertByLookBack(db, profiles, ids);
		});
		reachedByKey(seen);
		const { store: leaving, seen: left } = explained(store);
		expect(await endInJourney({ store: leaving }, 'shop', profiles, 'left')).toEqual({ ended: Array(BATCH).fill(1) });
		reachedByKey(left);
	});

	// Behind all others: it takes people away.
	it('of the end of a journey, with nobody inside and with everybody', async () => {
		const { store: watched, seen } = explained(store);
		const step = await store.tx(async (db) => await saveStep(db, { host: 'host', workflowId: 'empty', nodeId: 'state', name: 'State', kind: 'state' }));
		await makeRunning(store, world, Array.from({ length: BATCH }, (_, at) => `at the end ${at}`), BATCH);
		await ask(store, 'UPDATE workflows SET evict_at = $2 WHERE id = $1', [step.workflow, clock.now]);
		await watched.tx(async (db) => expect(await evictAtEnd(db, BATCH)).toBe(0));
		await ask(store, 'UPDATE workflows SET evict_at = $2 WHERE id <> $1', [step.workflow, clock.now]);
		await watched.tx(async (db) => expect(await evictAtEnd(db, BATCH)).toBe(BATCH));
		reachedByKey(seen);
	});
});

/** Those whose plans are not looked at here, by the reason why they need not be. A new one is looked at, or gets its place. */
const ELSEWHERE: Record<string, string[]> = {
	'once at a publish, or when n8n starts': [
		'beginJudging', 'beginSchedule', 'beginWithMembers', 'endLeases', 'nextVersion', 'nodesOfSteps', 'otherEntrance', 'otherHosts', 'publishedSteps', 'registeredWait',
		'saveDrawn', 'saveJourney', 'saveListener', 'saveStep', 'saveWait',
	],
	'when an operator does it': [
		'blank', 'blankRejected', 'claimUnknown', 'deleteSegment', 'endInstances', 'exportRows', 'failedAfter', 'holdPace', 'insideAfter', 'instancesOf', 'listenersOf', 'loadRejected',
		'lockRejected', 'markJourney', 'markSent', 'namesOf', 'rejectedNaming', 'saveSegment', 'saveTrait', 'stateNames', 'stepsNamed', 'stepsOf', 'takeRejected', 'tellRefusedAgain', 'withMerged',
	],
	'when somebody asks for a report, a preview, a test run or names': [
		'countRejected', 'findConditions', 'findJourneys', 'findNames', 'journeysOfProfile', 'judgeSamples', 'lastEventAt', 'listTraits', 'loadCounts', 'missedRuns', 'newestEvent', 'newestProfile',
		'previewAudience', 'publishedAt', 'sendingShares', 'someJourneyKeys', 'stepsAt',
	],
	'once an hour': ['dropMonth', 'dropRefusals', 'dropRuns', 'makeMonths', 'monthsBefore', 'oldestNeeded', 'publishedCanvases', 'scoreOldest', 'stranded'],
	'once for each person, when a trait is saved': ['fillTrait'],
	'once behind a refresh, which has looked at everybody': ['tellRefreshed'],
	'tables of few rows: journeys, steps, canvases, segments, schedules, splits, months': [
		'beat', 'checkNames', 'claimSegment', 'findSegment', 'findStep', 'holdSegment', 'journeyOf', 'listSegments', 'loadControls', 'loadControlsAt', 'makeEventMonth', 'makeRuns', 'missingMonths',
		'plannedSchedules', 'refreshSoon', 'saveCanvas', 'saveControls',
	],
	'adds rows, and reads none': ['insertRejected'],
};

describe('statements of the store', () => {
	it('are held to their plans above, but for the listed ones', () => {
		expect(storeFunctions().filter((name) => !planned.has(name)).sort()).toEqual(Object.values(ELSEWHERE).flat().sort());
	});
});
