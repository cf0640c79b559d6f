import { decideAdmission, type Candidate, type Circumstances, type Verdict } from '../core/admission';
import { Places } from '../core/capacity';
import { parseSinglePath } from '../core/path';
import { entriesCountFrom } from '../core/reentry';
import type { EntryRules, Json } from '../core/types';
import { planJudgements } from '../store/absence';
import {
	countEntries, delayCandidates, deleteCandidates, insertHeldOut, insertInstances, insertRefusals, loadCandidates, loadEnrolments,
	noteScheduled, profilesOfCandidates,
} from '../store/admit';
import { candidatesOutside, type Audience } from '../store/audience';
import { MOST_ATTEMPTS } from '../store/claim';
import { returnClaim } from '../store/giveBack';
import { gateOf } from '../store/journeys';
import { lockRegistry } from '../store/locks';
import { convertByLookBack } from '../store/goals';
import { addToPace, lastTurn, lockPace } from '../store/paces';
import { loadRunning, type Running } from '../store/running';
import { readSettings } from '../store/settings';
import type { Connection } from '../store/types';
import type { Engine } from './engine';
import type { Claim } from './executions';
import { lockAndLook } from './lockAndLook';

/** An Entry Trigger's step, and the journey that it is of now. */
interface Entrance {
	id: number;
	journey: number;
}

/**
 * Admits the candidates of a batch: one transaction deletes them and makes the instances, running under this
 * execution, or keeps the refusal. It looks back like a park does, so that an order placed between the event and the
 * admission counts.
 *
 * @param panel what the Entry Trigger says; what an operator says goes before it: a pause, closed entries, the zone
 * @param audience the condition of entry; absent: everybody
 * @returns the people who go on; none when the batch is not ours any more
 */
export async function admit(engine: Engine, claim: Claim, { id }: Pick<Entrance, 'id'>, panel: EntryRules, audience?: Audience): Promise<Running[]> {
	const running = await engine.store.tx(async (db) => {
		if (!(await engine.executions.fence(db, claim))) return undefined;
		const gate = await gateOf(db, id);
		const step = { id, journey: gate.journey };
		// Claimed just before the pause: they wait as the others do, and it is not counted as an attempt.
		if (gate.paused) {
			await returnClaim(db, claim.token, 'refused', db.now, MOST_ATTEMPTS, null);
			return undefined;
		}
		const rules: EntryRules = { ...panel, zone: gate.zone, closed: gate.closed_at ?? undefined };
		const candidates = await lockCandidates(db, claim, rules);
		// None: n8n's retry calls again after the commit, and the instances are there already.
		if (candidates.length > 0) {
			const profiles = [...new Set(candidates.map((one) => one.profile_id))];
			const known = await loadEnrolments(db, step.journey, profiles);
			const outside = audience ? await candidatesOutside(db, claim.token, audience, rules.zone) : new Map<number, Json>();
			const places = await lockPlaces(db, step, rules);
			const around: Circumstances = { now: db.now, journey: step.journey, outside, globalHoldout: await globalHoldout(db, rules), places };
			const verdicts = decideAdmission(rules, candidates, known, around);
			if (places) await addToPace(db, step.journey, places.entered, places.inside);
			await write(db, claim, step, rules, verdicts);
		}
		return await loadRunning(db, claim);
	});
	if (running) engine.executions.hold(claim, running.map(({ profile }) => profile.id));
	return running ?? [];
}

/**
 * The candidates under this claim and the match lock. What may have changed before the lock is loaded again: who was
 * merged is somebody else now, who was erased or turned away is none, and an earlier trigger of the same person may be
 * decided.
 */
async function lockCandidates(db: Connection, claim: Claim, rules: EntryRules): Promise<Candidate[]> {
	const correlation = rules.correlation === undefined ? null : parseSinglePath(rules.correlation);
	await lockRegistry(db, 'match');
	const load = async () => await loadCandidates(db, claim, correlation);
	// To ask whose they are costs little beside loading them, and hardly ever is anything else than before.
	let now = new Map<number, number>();
	const isTheirs = ({ id, profile_id }: Candidate) => now.get(id) === profile_id;
	const candidates = await lockAndLook(db, 'match', await load(), (found) => found.map((one) => one.profile_id), async (before) => {
		now = await profilesOfCandidates(db, claim.token);
		return before.every((one) => one.behind === null && isTheirs(one)) ? before : await load();
	});
	// A page of a schedule may have taken somebody who was merged or erased at that moment: nobody is let in by it.
	return candidates.filter(isTheirs);
}

/** Percent of all profiles that enter no journey which minds it. */
async function globalHoldout(db: Connection, { ignoresGlobalHoldout }: EntryRules): Promise<number> {
	return ignoresGlobalHoldout ? 0 : (await readSettings(db)).globalHoldoutPercent;
}

/** The places of a journey with a capacity, under its lock: behind the match lock for everybody, so that nobody waits in a circle. */
async function lockPlaces(db: Connection, step: Entrance, { capacity }: EntryRules): Promise<Places | undefined> {
	if (!capacity) return undefined;
	const full = await lockPace(db, step.journey, capacity.inside);
	return new Places(capacity, { ...full, tail: await lastTurn(db, step.id) }, db.now);
}

type Of<Becomes> = Extract<Verdict, { becomes: Becomes }>;

async function write(db: Connection, claim: Claim, { id: step, journey }: Entrance, rules: EntryRules, verdicts: Verdict[]): Promise<void> {
	const those = <B extends Verdict['becomes']>(becomes: B) => verdicts.filter((one): one is Of<B> => one.becomes === becomes);
	const delayed = those('delayed');
	if (delayed.length > 0) await delayCandidates(db, delayed.map(({ candidate: { id }, reason, until, detail }) => ({ id, reason, until, detail })));
	await deleteCandidates(db, verdicts.filter(({ becomes }) => becomes !== 'delayed').map(({ candidate }) => candidate.id));

	// Within one batch only the newest of several entries in one place needs to begin. All of them count towards caps.
	const [instances, replaced] = newestOfEach(those('instance'));
	const [heldOut, repeated] = newestOfEach(those('heldOut'));
	const refused = those('refused').map(({ candidate: { profile_id }, reason, detail }) => ({ profile_id, reason, detail }));
	for (const { candidate } of replaced) refused.push({ profile_id: candidate.profile_id, reason: 'restarted_at_once', detail: {} });
	if (refused.length > 0) await insertRefusals(db, journey, refused);

	const countedFrom = entriesCountFrom(rules, db.now);
	const made = instances.length === 0 ? [] : await insertInstances(db, journey, step, claim.token, instances.map(
		({ candidate: { profile_id, event_id, event_received_at, occurred_at, segment }, correlation, slot, restarts, context }) =>
			({ profile_id, correlation, slot, event_id, event_received_at, occurred_at, context, restarts, segment }),
	), rules.holdout !== undefined, countedFrom);
	if (heldOut.length > 0) {
		made.push(...(await insertHeldOut(db, journey, step, heldOut.map(({ candidate: { profile_id, event_id, occurred_at }, correlation, slot, arm, percent }) =>
			({ profile_id, correlation, slot, event_id, occurred_at, arm, percent })), countedFrom)));
	}
	const again = [...replaced, ...repeated].map(({ candidate: { profile_id, occurred_at }, correlation, slot }) => ({ profile_id, correlation, slot, at: occurred_at }));
	if (again.length > 0) await countEntries(db, journey, again);
	const scheduled = [...instances, ...heldOut, ...replaced, ...repeated].flatMap(({ candidate: { profile_id, scheduled_for } }) => (scheduled_for === null ? [] : [{ profile_id, scheduled_for }]));
	if (scheduled.length > 0) await noteScheduled(db, journey, scheduled);
	if (made.length === 0) return;
	const [profiles, ids] = [made.map((one) => one.profile_id), made.map((one) => one.id)];
	await planJudgements(db, profiles, ids);
	await convertByLookBack(db, profiles, ids);
}

/** Verdicts in the order of their events: the last of each person's place, and those before it. */
function newestOfEach<One extends Verdict & { slot: number }>(verdicts: One[]): [newest: One[], others: One[]] {
	const newest = new Map<string, One>();
	const others: One[] = [];
	for (const one of verdicts) {
		const place = `${one.candidate.profile_id} ${one.slot} ${one.correlation}`;
		const before = newest.get(place);
		if (before) others.push(before);
		newest.set(place, one);
	}
	return [[...newest.values()], others];
}
