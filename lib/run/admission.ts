import { decideAdmission, entriesCountFrom, type Candidate, type Verdict } from '../core/admission';
import type { EntryRules } from '../core/types';
import { deleteCandidates, insertInstances, insertRefusals, loadCandidates, loadEnrolments } from '../store/admit';
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
 * @returns the people who go on; none when the batch is not ours any more
 */
export async function admit(engine: Engine, claim: Claim, step: Step & { journey_id: number }, rules: EntryRules): Promise<Running[]> {
	const running = await engine.store.tx(async (db) => {
		if (!(await engine.executions.fence(db, claim))) return undefined;
		const candidates = await lockCandidates(db, claim);
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
async function lockCandidates(db: Connection, claim: Claim): Promise<Candidate[]> {
	await lockRegistry(db, 'match');
	for (;;) {
		const candidates = await loadCandidates(db, claim);
		const profiles = [...new Set(candidates.map((one) => one.profile_id))];
		await lockProfiles(db, 'match', profiles);
		if ((await mergedInto(db, profiles)).size === 0) return candidates;
	}
}

async function write(db: Connection, claim: Claim, step: Step & { journey_id: number }, rules: EntryRules, verdicts: Verdict[]): Promise<void> {
	const last = new Map(verdicts.flatMap((one) => (one.enters ? [[`${one.candidate.profile_id} ${one.correlation}`, one]] : [])));
	const entering = [...last.values()];
	const refused = verdicts.flatMap((one) => {
		if (!one.enters) return [{ profile_id: one.candidate.profile_id, reason: one.reason, detail: one.detail }];
		// Within one batch only the newest of several restarts needs to begin.
		return entering.includes(one) ? [] : [{ profile_id: one.candidate.profile_id, reason: 'restarted_at_once', detail: {} }];
	});
	if (refused.length > 0) await insertRefusals(db, step.journey_id, refused);
	if (entering.length === 0) return;
	const made = await insertInstances(db, step.journey_id, step.id, claim.token, entering.map((one) => ({
		profile_id: one.candidate.profile_id, correlation: one.correlation, event_id: one.candidate.event_id,
		event_received_at: one.candidate.event_received_at, occurred_at: one.candidate.occurred_at, context: one.context,
		restarts: one.restarts,
	})), entriesCountFrom(rules, db.now));
	await convertByLookBack(db, made.map((one) => one.profile_id), made.map((one) => one.id));
}
