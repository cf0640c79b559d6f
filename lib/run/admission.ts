import { decideAdmission, entriesCountFrom, type Candidate, type Verdict } from '../core/admission';
import { parseSinglePath } from '../core/path';
import type { EntryRules } from '../core/types';
import { countEntries, deleteCandidates, insertInstances, insertRefusals, loadCandidates, loadEnrolments } from '../store/admit';
import { MOST_ATTEMPTS } from '../store/claim';
import { returnClaim } from '../store/finish';
import { gateOf } from '../store/journeys';
import { lockProfiles, lockRegistry } from '../store/locks';
import { convertByLookBack } from '../store/match';
import { mergedInto } from '../store/people';
import { loadRunning, type Running } from '../store/running';
import type { Step } from '../store/steps';
import type { Connection } from '../store/types';
import type { Engine } from './engine';
import type { Claim } from './executions';

/**
 * Admits the candidates of a batch: one transaction deletes them and makes the instances, running under this
 * execution, or keeps the refusal. It looks back like a park does, so that an order placed between the event and the
 * admission counts.
 *
 * @param panel what the Entry Trigger says; what an operator says goes before it: a pause, closed entries, the zone
 * @returns the people who go on; none when the batch is not ours any more
 */
export async function admit(engine: Engine, claim: Claim, step: Step & { journey_id: number }, panel: EntryRules): Promise<Running[]> {
	const running = await engine.store.tx(async (db) => {
		if (!(await engine.executions.fence(db, claim))) return undefined;
		const gate = await gateOf(db, step.journey_id);
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
			const verdicts = decideAdmission(rules, candidates, await loadEnrolments(db, step.journey_id, profiles));
			await deleteCandidates(db, candidates.map(({ id }) => id));
			await write(db, claim, step, rules, verdicts);
		}
		return await loadRunning(db, claim);
	});
	if (running) engine.executions.hold(claim);
	return running ?? [];
}

/** The candidates under this claim and the match lock; who was merged before the lock is loaded again as who he is now. */
async function lockCandidates(db: Connection, claim: Claim, rules: EntryRules): Promise<Candidate[]> {
	const correlation = rules.correlation === undefined ? null : parseSinglePath(rules.correlation);
	await lockRegistry(db, 'match');
	for (;;) {
		const candidates = await loadCandidates(db, claim, correlation);
		const profiles = [...new Set(candidates.map((one) => one.profile_id))];
		await lockProfiles(db, 'match', profiles);
		if ((await mergedInto(db, profiles)).size === 0) return candidates;
	}
}

async function write(db: Connection, claim: Claim, step: Step & { journey_id: number }, rules: EntryRules, verdicts: Verdict[]): Promise<void> {
	// Within one batch only the newest of several restarts needs to begin. All of them count towards caps.
	const entering = new Map<string, Array<Verdict & { enters: true }>>();
	for (const one of verdicts) {
		if (!one.enters) continue;
		const key = `${one.candidate.profile_id} ${one.correlation}`;
		entering.set(key, [...(entering.get(key) ?? []), one]);
	}
	const refused = verdicts.flatMap((one) => (one.enters ? [] : [{ profile_id: one.candidate.profile_id, reason: one.reason, detail: one.detail }]));
	const restarted = [...entering.values()].flatMap((entries) => entries.slice(0, -1));
	for (const { candidate } of restarted) refused.push({ profile_id: candidate.profile_id, reason: 'restarted_at_once', detail: {} });
	if (refused.length > 0) await insertRefusals(db, step.journey_id, refused);
	if (entering.size === 0) return;
	const admissions = [...entering.values()].map((entries) => {
		const { candidate, correlation, context, restarts } = entries.at(-1)!;
		const { profile_id, event_id, event_received_at, occurred_at } = candidate;
		return { profile_id, correlation, event_id, event_received_at, occurred_at, context, restarts };
	});
	const made = await insertInstances(db, step.journey_id, step.id, claim.token, admissions, entriesCountFrom(rules, db.now));
	if (restarted.length > 0) {
		await countEntries(db, step.journey_id, restarted.map(({ candidate, correlation }) => ({ profile_id: candidate.profile_id, correlation, at: candidate.occurred_at })));
	}
	await convertByLookBack(db, made.map((one) => one.profile_id), made.map((one) => one.id));
}
