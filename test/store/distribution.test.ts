import * as admit from '../../lib/store/admit';
import * as catalog from '../../lib/store/catalog';
import * as candidates from '../../lib/store/candidates';
import * as changes from '../../lib/store/changes';
import * as absence from '../../lib/store/absence';
import * as audience from '../../lib/store/audience';
import * as claim from '../../lib/store/claim';
import * as conditions from '../../lib/store/conditions';
import * as consents from '../../lib/store/consents';
import * as conversions from '../../lib/store/conversions';
import * as counts from '../../lib/store/counts';
import * as customers from '../../lib/store/customers';
import * as deliveries from '../../lib/store/deliveries';
import * as drawings from '../../lib/store/drawings';
import * as entrances from '../../lib/store/entrances';
import * as engagements from '../../lib/store/engagements';
import * as evaluate from '../../lib/store/evaluate';
import * as events from '../../lib/store/events';
import * as evict from '../../lib/store/evict';
import * as finish from '../../lib/store/finish';
import * as giveBack from '../../lib/store/giveBack';
import * as goals from '../../lib/store/goals';
import * as journeys from '../../lib/store/journeys';
import * as locks from '../../lib/store/locks';
import * as merge from '../../lib/store/merge';
import * as others from '../../lib/store/otherJourneys';
import * as overview from '../../lib/store/overview';
import * as paces from '../../lib/store/paces';
import * as operate from '../../lib/store/operate';
import * as parking from '../../lib/store/park';
import * as people from '../../lib/store/people';
import * as rejected from '../../lib/store/rejected';
import * as removed from '../../lib/store/removed';
import * as privacy from '../../lib/store/privacy';
import * as retention from '../../lib/store/retention';
import * as runs from '../../lib/store/runs';
import * as running from '../../lib/store/running';
import * as sample from '../../lib/store/sample';
import * as segments from '../../lib/store/segments';
import * as sending from '../../lib/store/sending';
import * as splits from '../../lib/store/splits';
import * as steps from '../../lib/store/steps';
import * as story from '../../lib/store/story';
import type { Connection } from '../../lib/store/types';
import * as traits from '../../lib/store/traits';
import * as undo from '../../lib/store/undo';
import * as unknown from '../../lib/store/unknown';
import * as waits from '../../lib/store/waits';
import * as wakes from '../../lib/store/wakes';
import type { Rule } from '../../lib/core/types';
import { storeFunctions } from '../support/storeFunctions';
import { freshStore, type TestStore } from '../support/stores';
import { makeRunning, makeWorld, wakesBy } from '../support/world';

/** Every table with rows about people. */
const ABOUT_PEOPLE = ['profiles', 'identities', 'events', 'candidates', 'instances', 'finished', 'enrolments', 'conversions', 'deliveries', 'engagements', 'journal', 'refusals', 'timeouts', 'segment_members', 'profile_traits', 'touched', 'consents'];
/** They tell of people by their instances, and live for a week. */
const BY_INSTANCE = ['moves'];

/** Finds the rows of one batch by its token. */
const BATCH = 'the rows of one claim are found by its token or the instance ids it holds: one statement for up to 5,000 people, who are everywhere';
const SWEEP = 'a sweep looks for whoever is due or left over, and so everywhere';
const LOOK_UP = 'this is where the profile is found';
const BY_EVENT = 'an event of the batch is fetched by its id and time of arrival';
const MESSAGE = 'a message is named by its id';
const REPORT = 'reads all of a journey, or of the store, when somebody asks';

/** What reaches rows about people otherwise than by their profile, and why that has to be. */
const EXCEPTIONS: Record<string, [tables: string[], why: string]> = {
	nextDue: [['instances'], SWEEP],
	claimInstances: [['instances'], SWEEP],
	claimCandidates: [['candidates'], SWEEP],
	expireInstances: [['instances'], SWEEP],
	evictAtEnd: [['instances'], SWEEP],
	dropFinished: [['finished'], SWEEP],
	dropRefusals: [['refusals'], SWEEP],
	dropLeftCounts: [['profile_traits'], SWEEP],
	dropOlder: [['segment_members', 'timeouts'], SWEEP],
	takeTouched: [['touched'], SWEEP],
	countTouched: [['touched'], SWEEP],
	holdRun: [['candidates'], SWEEP],
	dropRuns: [['candidates'], SWEEP],
	bringCandidates: [['candidates'], SWEEP],
	zonesOfProfiles: [['profiles'], SWEEP],
	makeMonths: [['events', 'journal'], SWEEP],
	oldestNeeded: [['candidates', 'instances'], SWEEP],
	listenersTo: [['timeouts'], 'asks whether there is any at all'],
	startRunning: [['instances'], BATCH],
	setContext: [['instances'], BATCH],
	tellUndated: [['instances'], BATCH],
	heldInstances: [['instances'], BATCH],
	markBehindGoal: [['instances'], BATCH],
	parkInstances: [['instances'], BATCH],
	profilesOfCandidates: [['candidates'], BATCH],
	tellSkipped: [['instances'], BATCH],
	previewAudience: [['profiles'], REPORT],
	completeClaim: [['candidates', 'instances'], BATCH],
	failClaim: [['candidates', 'instances'], BATCH],
	returnClaim: [['candidates', 'instances'], BATCH],
	endWaiting: [['instances'], BATCH],
	wakeByChange: [['instances'], 'the rows found by their people are then written by their ids; at a park they are the batch'],
	moveDeadlines: [['instances'], BATCH],
	wakeUndated: [['instances'], BATCH],
	claimSize: [['candidates', 'instances'], BATCH],
	endRunning: [['instances'], BATCH],
	deleteCandidates: [['candidates'], BATCH],
	delayCandidates: [['candidates'], BATCH],
	lockPace: [['instances'], 'counts who is inside, at most once in five seconds, and only for a journey with a limit on them'],
	lastTurn: [['candidates'], SWEEP],
	tellDecisions: [['instances'], BATCH],
	claimDeliveries: [['instances'], BATCH],
	recipientsOf: [['deliveries'], BATCH],
	settleDeliveries: [['deliveries'], BATCH],
	doubtDeliveries: [['deliveries'], BATCH],
	addCandidates: [['events'], BY_EVENT],
	wakeByEvents: [['events', 'instances'], `${BY_EVENT}; the rows found are then written by their ids`],
	wakeByLookBack: [['instances'], BATCH],
	wakeByCount: [['events'], BY_EVENT],
	wakeByRank: [['instances'], BATCH],
	tellLate: [['events'], BY_EVENT],
	dueJudgements: [['enrolments'], SWEEP],
	tellTooLate: [['events'], BY_EVENT],
	convertByAbsence: [['instances'], 'the rows found by their people are then written by their ids'],
	convertByEvents: [['events', 'instances'], `${BY_EVENT}; the rows found are then written by their ids`],
	convertByLookBack: [['events', 'instances'], `${BY_EVENT}; the rows found are then written by their ids`],
	addCandidatesSince: [['events'], SWEEP],
	convertSince: [['events', 'instances'], SWEEP],
	restartTimers: [['events', 'instances'], `${BY_EVENT}; the rows found are then written by their ids`],
	mergeProfiles: [['instances'], 'asks whether the instance that an enrolment names is live'],
	findIdentities: [['identities'], LOOK_UP],
	profilesAt: [['identities'], LOOK_UP],
	findEngaged: [['deliveries'], LOOK_UP],
	insertEngagements: [['deliveries'], LOOK_UP],
	claimUnknown: [['deliveries'], MESSAGE],
	markSent: [['deliveries'], MESSAGE],
	loadCounts: [['conversions', 'deliveries', 'enrolments', 'finished', 'instances', 'journal', 'refusals'], REPORT],
	newestEvent: [['events'], REPORT],
	newestProfile: [['profiles'], REPORT],
	listJourneys: [['finished'], REPORT],
	peopleAtSteps: [['instances'], REPORT],
	troubles: [['deliveries', 'finished'], REPORT],
	lastEventAt: [['events'], REPORT],
	lastEventsHeard: [['events'], REPORT],
	troublesAtSteps: [['candidates', 'deliveries', 'finished'], REPORT],
	sendingShares: [['deliveries', 'journal'], REPORT],
	spreadDue: [['candidates', 'instances'], SWEEP],
	insideAfter: [['instances'], SWEEP],
	followDeadlines: [['instances'], BATCH],
	abandonedSteps: [['instances'], 'asks whether anybody waits at a step that does not listen'],
	endAtSteps: [['instances'], SWEEP],
	moveToStep: [['instances'], SWEEP],
	movedFrom: [['instances'], REPORT],
	returnMoved: [['instances'], BATCH],
	stranded: [['instances'], REPORT],
	failedAfter: [['finished'], SWEEP],
	reviveFailed: [['finished'], BATCH],
	leaveByConversions: [['instances'], BATCH],
	moveWaiting: [['instances'], SWEEP],
	endInstances: [['instances'], 'takes people out by their instances, a page of 5,000 at a time'],
	tellRefreshed: [['segment_members'], REPORT],
	listTraits: [['profile_traits'], REPORT],
};

interface PlanNode {
	'Node Type': string;
	'Relation Name'?: string;
	Alias?: string;
	Plans?: PlanNode[];
	[key: string]: unknown;
}
const isSubquery = (node: PlanNode) => node['Parent Relationship'] === 'SubPlan';
/** Without the queries that are asked for each row: what they say of that row has not chosen it. */
const flat = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).filter((child) => !isSubquery(child)).flatMap(flat)];

/** Tables about people of which this plan reads rows that no condition on their profile has chosen. */
function unnamed(plan: PlanNode): string[] {
	const nodes = flat(plan);
	const subqueries = nodes.flatMap((node) => (node.Plans ?? []).filter(isSubquery)).flatMap(unnamed);
	const said = nodes.flatMap((node) => Object.entries(node).filter(([key]) => /Cond|Filter/.test(key)).map(([, value]) => String(value))).join('\n');
	return [...subqueries, ...nodes.flatMap((node) => {
		const table = node['Relation Name']?.replace(/_(other|\d{4}_\d{2})$/, '');
		if (!table || !ABOUT_PEOPLE.includes(table) || !node['Node Type'].includes('Scan')) return [];
		const column = table === 'profiles' ? '(id|merged_into)' : 'profile_id';
		return new RegExp(`\\b${node.Alias}\\.${column}\\b`).test(said) ? [] : [table];
	})];
}

describe('statements about people', () => {
	let it_: TestStore;
	/** By function: tables it reaches without naming a profile. */
	const found = new Map<string, string[]>();
	beforeAll(async () => {
		it_ = await freshStore('postgres');
		const world = await makeWorld(it_.store, 'shop', { type: 'conversion', exit: true, value: null, currency: null, window: null });
		const [batch] = await makeRunning(it_.store, world, ['customer-1', 'customer-2'], 2);
		const held = { token: batch!.token, execution: 'e1' };
		const [one, other] = batch!.people;
		const { now } = it_.clock;
		const [ids, profiles, none] = [[one!.id, other!.id], [one!.profile_id, other!.profile_id], '00000000-0000-4000-8000-000000000000'];
		const place = { host: 'host', workflowId: 'shop', nodeId: 'state', name: 'The state', kind: 'state' as const };
		const rule: Rule = { kind: 'group', match: 'any', rules: [{ kind: 'tag', has: true, tag: 'a' }, { kind: 'behaviour', event: 'Click', filter: [], did: true, atLeast: 1 }] };
		const identity = { kind: 'user_id' as const, value: 'customer-1' };
		const engagement = (findBy: 'key' | 'provider') => ({ index: 0, findBy, message: none, kind: 'opened' as const, at: now, detail: {} });
		const schedule: runs.ScheduleConfig = { when: { recurrence: { kind: 'days', every: 1 }, atTime: '09:00', ownZone: false }, rule, pace: null, catchUpMs: 0, start: null, end: null };
		const planned: runs.Planned = { step: world.entry, journey: world.journey, name: 'shop', zone: 'UTC', planned_until: now, schedule, closed: false };
		const run: runs.NewRun = { people: '*', zone: 'UTC', date: '2026-03-02', at: now, missed: false };
		const calls: Record<string, (db: Connection) => Promise<unknown>> = {
			// intake
			lockRegistry: (db) => locks.lockRegistry(db, 'match'),
			lockIdentities: (db) => people.lockIdentities(db, [identity]),
			findIdentities: (db) => people.findIdentities(db, [identity]),
			insertProfiles: (db) => people.insertProfiles(db, 1),
			insertIdentities: (db) => people.insertIdentities(db, [{ kind: 'email', value: 'customer-1@example.com' }], [profiles[0]!]),
			userIdsOf: (db) => people.userIdsOf(db, profiles),
			whatBecame: (db) => people.whatBecame(db, profiles),
			lockProfiles: (db) => locks.lockProfiles(db, 'match', profiles),
			writeProfiles: (db) => people.writeProfiles(db, profiles.map((profile_id) => ({ profile_id, attributes: [], add_tags: ['a'], remove_tags: [] }) as never), [{ attribute: 'plan', path: ['plan'] }]),
			watchedAttributes: (db) => people.watchedAttributes(db, now),
			recordConsents: (db) => consents.recordConsents(db, profiles.map((profile_id) => ({ profile_id, key: 'email', state: 'granted', at: now, stamped: false, split: false, source: 'test', reference: null }))),
			tellStricter: (db) => consents.tellStricter(db, [{ from: profiles[1]!, into: profiles[0]! }]),
			mergeProfiles: (db) => merge.mergeProfiles(db, [{ from: profiles[1]!, into: profiles[0]! }]),
			rememberMessages: (db) => events.rememberMessages(db, ['m']),
			insertEvents: (db) => events.insertEvents(db, profiles.map((profile_id, index) => ({ index, profile_id, name: 'Click', properties: {}, occurred_at: now, message_id: null })), false),
			insertRejected: (db) => events.insertRejected(db, 'test', [{ position: 0, reason: '', body: '' }]),
			listenersTo: (db) => conditions.listenersTo(db, ['Click'], now),
			wakeByEvents: (db) => wakes.wakeByEvents(db, [1, 2], async () => undefined),
			wakeByCount: (db) => wakes.wakeByCount(db, [1, 2], async () => undefined),
			wakeByRank: (db) => wakes.wakeByRank(db, held.token),
			tellLate: (db) => wakes.tellLate(db, [1, 2]),
			changeListeners: (db) => changes.changeListeners(db, ['plan']),
			wakeByChange: async (db) => [await changes.wakeByChange(db, { profiles }), await changes.wakeByChange(db, { instances: ids })],
			datedWaits: async (db) => [await changes.datedWaits(db, { profiles }), await changes.datedWaits(db, { instances: ids })],
			moveDeadlines: (db) => changes.moveDeadlines(db, ids.map((id) => ({ id, due_at: now }))),
			wakeUndated: (db) => changes.wakeUndated(db, ids.map((id) => ({ id, problem: 'none' })), 'No date'),
			addCandidates: (db) => candidates.addCandidates(db, [1, 2]),
			convertByAbsence: (db) => absence.convertByAbsence(db, profiles, ids),
			planJudgements: (db) => absence.planJudgements(db, profiles, null),
			dueJudgements: (db) => absence.dueJudgements(db, 10),
			tellJudged: (db) => absence.tellJudged(db, profiles, ids),
			beginJudging: (db) => absence.beginJudging(db, world.goal, 1, {}, null),
			fillJudgements: (db) => absence.fillJudgements(db, 10),
			tellTooLate: (db) => absence.tellTooLate(db, [1, 2]),
			convertByEvents: (db) => goals.convertByEvents(db, [1, 2]),
			addCandidatesSince: (db) => candidates.addCandidatesSince(db, world.entry, now),
			convertSince: (db) => goals.convertSince(db, world.goal, now),
			restartTimers: (db) => wakes.restartTimers(db, [{ id: ids[0]!, event_id: 1, event_received_at: now, occurred_at: now, due_at: now, zone: 'UTC', timer: { amount: 1, unit: 'hours' } }]),
			// batches
			nextDue: (db) => claim.nextDue(db, 'instances', [world.state]),
			claimInstances: (db) => claim.claimInstances(db, world.state, 0, 10, now),
			claimCandidates: (db) => claim.claimCandidates(db, world.entry, 0, 10, now),
			startClaim: (db) => claim.startClaim(db, held.token, 'e1', now),
			lockClaim: (db) => claim.lockClaim(db, held.token, 'e1'),
			renewClaims: (db) => claim.renewClaims(db, [none], now),
			renewUnstarted: (db) => claim.renewUnstarted(db, [none], now),
			isUnstarted: (db) => claim.isUnstarted(db, none),
			claimState: (db) => claim.claimState(db, none),
			endLeases: (db) => claim.endLeases(db),
			expiredClaims: (db) => claim.expiredClaims(db, 10),
			loadCandidates: (db) => admit.loadCandidates(db, held, null),
			profilesOutside: (db) => audience.profilesOutside(db, profiles, { kind: 'group', match: 'all', rules: [rule] }, 'UTC'),
			profilesOfCandidates: (db) => admit.profilesOfCandidates(db, held.token),
			candidatesOutside: (db) => audience.candidatesOutside(db, held.token, { kind: 'group', match: 'all', rules: [rule] }, 'UTC'),
			loadEnrolments: (db) => admit.loadEnrolments(db, world.journey, profiles),
			insertInstances: (db) => admit.insertInstances(db, world.journey, world.entry, held.token, [{ profile_id: profiles[0]!, correlation: 'x', slot: 0, event_id: 1, event_received_at: now, occurred_at: now, context: {}, restarts: true }], false, now),
			insertHeldOut: (db) => admit.insertHeldOut(db, world.journey, world.entry, [{ profile_id: profiles[0]!, correlation: 'y', slot: 0, event_id: 1, occurred_at: now, arm: 'control', percent: 10 }], now),
			delayCandidates: (db) => admit.delayCandidates(db, [{ id: 1, reason: 'inside', until: now, detail: {} }]),
			lockPace: (db) => paces.lockPace(db, world.journey, 1),
			holdPace: (db) => paces.holdPace(db, world.journey),
			addToPace: (db) => paces.addToPace(db, world.journey, 1, 1),
			lastTurn: (db) => paces.lastTurn(db, world.entry),
			countEntries: (db) => admit.countEntries(db, world.journey, [{ profile_id: profiles[0]!, correlation: '', slot: 0, at: now }]),
			insertRefusals: (db) => admit.insertRefusals(db, world.journey, [{ profile_id: profiles[0]!, reason: 'once', detail: {} }]),
			deleteCandidates: (db) => admit.deleteCandidates(db, [1]),
			convertByLookBack: (db) => goals.convertByLookBack(db, profiles, ids),
			loadRunning: (db) => running.loadRunning(db, held),
			loadWalking: (db) => running.loadWalking(db, held, ids, { zone: true }),
			heldInstances: (db) => running.heldInstances(db, held, ids),
			startRunning: (db) => running.startRunning(db, held),
			tellUndated: (db) => running.tellUndated(db, held, world.state, ids.map((id) => ({ id, problem: 'none' }))),
			setContext: (db) => running.setContext(db, held, ids.map((id) => ({ id, values: {} }))),
			parkInstances: (db) => parking.parkInstances(db, held, world.state, null, ids.map((id) => ({ id, due_at: now, expires: false, since: now, after_arrival: false, vars: null, wake: null }))),
			wakeByLookBack: (db) => wakes.wakeByLookBack(db, ids, async () => undefined),
			completeClaim: (db) => finish.completeClaim(db, none),
			failClaim: (db) => finish.failClaim(db, none, 'error'),
			endRunning: (db) => finish.endRunning(db, { token: none, execution: 'e1' }, ids, 'left'),
			endOfPeople: (db) => finish.endOfPeople(db, world.journey, profiles, 'left'),
			endWaiting: (db) => finish.endWaiting(db, ids, 'date_past'),
			returnClaim: (db) => giveBack.returnClaim(db, none, 'error', now, 4, null),
			claimSize: (db) => giveBack.claimSize(db, none),
			judge: (db) => evaluate.judge(db, held, { step: world.action, kind: 'branched' }, [rule], ids.map((instance, item) => ({ item, instance, vars: null }))),
			judgeSamples: (db) => evaluate.judgeSamples(db, [rule], [{ item: 0, id: profiles[0]!, attributes: null, tags: null, consent: null, context: null, properties: null, vars: null }]),
			tellDecisions: (db) => evaluate.tellDecisions(db, held, { step: world.action, kind: 'branched' }, ids.map((instance) => ({ instance, reason: 'rule', output: 'a', probability: null }))),
			loadRecipients: (db) => sending.loadRecipients(db, { channel: 'email', purpose: 'marketing' }, ids),
			tellSkipped: (db) => sending.tellSkipped(db, world.action, ids.map((id) => ({ id, reason: 'consent', detail: {} }))),
			convertedInstances: (db) => conversions.convertedInstances(db, ids, null),
			markBehindGoal: (db) => conversions.markBehindGoal(db, held, ids),
			claimDeliveries: (db) => deliveries.claimDeliveries(db, held, world.action, { channel: 'email', class: 'marketing', againIfUnknown: false }, ids),
			recipientsOf: (db) => deliveries.recipientsOf(db, [1]),
			settleDeliveries: (db) => deliveries.settleDeliveries(db, held.token, [{ id: 1, outcome: 'sent' }]),
			doubtDeliveries: (db) => deliveries.doubtDeliveries(db, held.token),
			findEngaged: (db) => engagements.findEngaged(db, [engagement('key'), engagement('provider')]),
			insertEngagements: (db) => engagements.insertEngagements(db, [engagement('key')]),
			listUnknown: async (db) => [await unknown.listUnknown(db, { after: 0, limit: 10 }), await unknown.listUnknown(db, { token: none })],
			claimUnknown: (db) => unknown.claimUnknown(db, [1], 'e1', now),
			markSent: (db) => unknown.markSent(db, [1]),
			// chores
			expireInstances: (db) => finish.expireInstances(db, 10),
			evictAtEnd: async (db) => {
				await db.rows('UPDATE workflows SET evict_at = $1', [now]);
				return await evict.evictAtEnd(db, 10);
			},
			makeMonths: (db) => retention.makeMonths(db),
			missingMonths: (db) => retention.missingMonths(db, [now]),
			makeEventMonth: (db) => retention.makeEventMonth(db, '2020-01-01'),
			monthsBefore: (db) => retention.monthsBefore(db, 'events', now),
			dropMonth: (db) => retention.dropMonth(db, 'events', '2020-01-01'),
			publishedCanvases: (db) => retention.publishedCanvases(db, now),
			oldestNeeded: (db) => retention.oldestNeeded(db, [world.journey]),
			dropOlder: async (db) => {
				for (const table of ['seen', 'timeouts', 'moves', 'rejected', 'acts', 'segment_members'] as const) await retention.dropOlder(db, table, now);
			},
			dropFinished: (db) => retention.dropFinished(db, now),
			dropRefusals: (db) => retention.dropRefusals(db, now),
			// segments and traits
			checkNames: (db) => evaluate.checkNames(db, [{ kind: 'segment', segment: 'none', in: true }]).catch(() => undefined),
			saveSegment: (db) => segments.saveSegment(db, { name: 's', rule, zone: 'UTC', refresh_minutes: 60 }),
			listSegments: (db) => segments.listSegments(db),
			claimSegment: (db) => segments.claimSegment(db, now),
			refreshMembers: async (db) => [
				await segments.refreshMembers(db, { id: 1, rule, zone: 'UTC' }, { after: 0, profiles: 100 }),
				await segments.refreshMembers(db, { id: 1, rule, zone: 'UTC' }, { profiles }),
			],
			findSegment: (db) => segments.findSegment(db, 's'),
			listenersOf: (db) => segments.listenersOf(db, 's'),
			holdSegment: (db) => segments.holdSegment(db, 1),
			holdSegmentsHeard: (db) => segments.holdSegmentsHeard(db, now),
			heardOf: (db) => segments.heardOf(db, ['s'], now),
			countTouched: (db) => segments.countTouched(db),
			refreshSoon: (db) => segments.refreshSoon(db, now),
			touch: (db) => segments.touch(db, profiles),
			takeTouched: (db) => segments.takeTouched(db, 10),
			stillSomebody: (db) => segments.stillSomebody(db, profiles),
			tellRefreshed: (db) => segments.tellRefreshed(db, 1, null),
			previewAudience: (db) => segments.previewAudience(db, rule, 'UTC', 10),
			deleteSegment: (db) => segments.deleteSegment(db, 's'),
			saveTrait: (db) => traits.saveTrait(db, { name: 't', event: 'Click', filter: [] }),
			fillTrait: (db) => traits.fillTrait(db, 100),
			dropLeftCounts: (db) => traits.dropLeftCounts(db, 100),
			fillMerged: (db) => traits.fillMerged(db, [{ from: profiles[1]!, into: profiles[0]! }]),
			mergeTraits: (db) => traits.mergeTraits(db, [{ from: profiles[1]!, into: profiles[0]! }]),
			countEvents: (db) => traits.countEvents(db, profiles.map((profile_id) => ({ profile_id, name: 'Click', properties: {}, occurred_at: now }))),
			scoreOldest: (db) => traits.scoreOldest(db, now),
			listTraits: (db) => traits.listTraits(db),
			deleteTrait: (db) => traits.deleteTrait(db, 't'),
			loadControls: (db) => splits.loadControls(db, world.journey, 'k'),
			loadControlsAt: (db) => splits.loadControlsAt(db, place, 'k'),
			saveControls: (db) => splits.saveControls(db, world.journey, 'k', {}),
			rememberNames: (db) => catalog.rememberNames(db, [{ kind: 'event', event: '', name: 'Click' }]),
			findNames: (db) => catalog.findNames(db, 'property', 'a'),
			// schedules
			beginSchedule: async (db) => [await runs.beginSchedule(db, world.entry, schedule, now, null), await runs.beginSchedule(db, world.entry, null, now, now)],
			beginWithMembers: (db) => runs.beginWithMembers(db, world.entry, world.journey, 's'),
			plannedSchedules: (db) => runs.plannedSchedules(db),
			zonesOfProfiles: (db) => runs.zonesOfProfiles(db),
			makeRuns: (db) => runs.makeRuns(db, planned, [run]),
			nextPages: (db) => runs.nextPages(db),
			holdRun: (db) => runs.holdRun(db, { scan: 10, waiting: 10 }),
			writePage: async (db) => {
				for (const people of ['*', '', 'Europe/Istanbul', 'segment:s']) await runs.writePage(db, { id: 1, step_id: world.entry, journey_id: world.journey, date: run.date, at: now, people, rule, pace: 10, zone: 'UTC' }, 5, 10);
			},
			dropRuns: (db) => runs.dropRuns(db, now),
			passedBy: (db) => runs.passedBy(db, [{ profile_id: profiles[0]!, journey_id: world.journey }]),
			noteScheduled: (db) => admit.noteScheduled(db, world.journey, [{ profile_id: profiles[0]!, scheduled_for: run.date }]),
			// the canvas
			saveConditions: (db) => conditions.saveConditions(db, [wakesBy('Other')], null),
			saveStep: (db) => steps.saveStep(db, place),
			findStep: (db) => steps.findStep(db, place),
			otherHosts: (db) => steps.otherHosts(db, 'host', 'shop', now),
			saveListener: (db) => steps.saveListener(db, world.goal, 1, {}),
			saveJourney: (db) => steps.saveJourney(db, 1, { key: 'shop', name: 'shop', zone: 'UTC', correlation: null }),
			switchOff: (db) => steps.switchOff(db, [world.goal], now),
			journeyOf: (db) => steps.journeyOf(db, world.state),
			lostSteps: (db) => steps.lostSteps(db, [world.entry], [world.state], now, now),
			settleEntrances: (db) => entrances.settleEntrances(db, [world.journey]),
			otherEntrance: (db) => entrances.otherEntrance(db, world.journey, 0),
			bringCandidates: (db) => entrances.bringCandidates(db, 10),
			bringRuns: (db) => entrances.bringRuns(db),
			beat: (db) => steps.beat(db, [1]),
			saveCanvas: async (db) => {
				for (const hash of ['hash', 'hash', 'other']) await steps.saveCanvas(db, place, { hash, canvas: { nodes: [], connections: {} }, drawing: {} });
			},
			saveDrawn: (db) => steps.saveDrawn(db, 1, { hash: 'hash', canvas: { nodes: [], connections: {} }, drawing: {} }),
			publishedAt: (db) => steps.publishedAt(db, 'host', 'shop'),
			stepsAt: (db) => steps.stepsAt(db, 1),
			nextVersion: (db) => steps.nextVersion(db, world.goal, 1, {}),
			findConditions: (db) => conditions.findConditions(db, [wakesBy('Other')]),
			registeredWait: (db) => waits.registeredWait(db, world.state),
			saveWait: (db) => waits.saveWait(db, world.state, { set: null }),
			waitersAt: (db) => waits.waitersAt(db, world.state, 0, 10),
			followDeadlines: (db) => waits.followDeadlines(db, world.state, ids.map((id) => ({ id, due_at: now })), null),
			abandonedSteps: (db) => removed.abandonedSteps(db, [world.entry], [], [], now),
			nodesOfSteps: (db) => removed.nodesOfSteps(db, [world.state]),
			endAtSteps: (db) => removed.endAtSteps(db, [world.state], 0, 10),
			moveToStep: (db) => removed.moveToStep(db, [world.state], world.action, now, 0, 10),
			publishedSteps: (db) => removed.publishedSteps(db, [world.state]),
			lastMoving: (db) => undo.lastMoving(db, world.journey),
			movedFrom: async (db) => [await removed.moveToStep(db, [world.state], world.action, now, 0, 10), await undo.movedFrom(db, world.journey, now)],
			movedPage: (db) => undo.movedPage(db, now, [world.state], 0, 10),
			returnMoved: (db) => undo.returnMoved(db, now, ids.map((id) => ({ id, due_at: now, set: null }))),
			// operators
			listJourneys: (db) => journeys.listJourneys(db),
			gateOf: (db) => journeys.gateOf(db, world.entry),
			movingSteps: (db) => journeys.movingSteps(db, [world.state]),
			markJourney: (db) => journeys.markJourney(db, world.journey, 'paused_at', true),
			stepsOf: (db) => journeys.stepsOf(db, world.journey),
			spreadDue: (db) => journeys.spreadDue(db, [world.state], now, 1_000),
			insideAfter: (db) => journeys.insideAfter(db, world.journey, 0, 10),
			stranded: (db) => journeys.stranded(db, now),
			endInstances: (db) => finish.endInstances(db, ids, 'evicted'),
			failedAfter: (db) => operate.failedAfter(db, world.journey, null, 0),
			reviveFailed: (db) => operate.reviveFailed(db, ids),
			leaveByConversions: (db) => goals.leaveByConversions(db, profiles, ids),
			stepsNamed: (db) => operate.stepsNamed(db, world.journey, 'The state'),
			stateNames: (db) => operate.stateNames(db, world.journey),
			moveWaiting: (db) => operate.moveWaiting(db, world.journey, [world.action], null, world.state, 0),
			withMerged: (db) => privacy.withMerged(db, profiles),
			exportRows: (db) => privacy.exportRows(db, profiles),
			namesOf: (db) => privacy.namesOf(db, profiles),
			rejectedNaming: (db) => privacy.rejectedNaming(db, ['customer-1']),
			namesInBatch: (db) => privacy.namesInBatch(db, profiles),
			blankRejected: (db) => privacy.blankRejected(db, ['customer-1']),
			instancesOf: (db) => privacy.instancesOf(db, profiles),
			blank: (db) => privacy.blank(db, profiles),
			lastBefore: (db) => rejected.lastBefore(db, now),
			nextStretch: (db) => rejected.nextStretch(db, 0),
			listRejected: (db) => rejected.listRejected(db, { source: 'test', reason: 'a', since: now }, { after: 0, upTo: 10 }, 10),
			loadRejected: (db) => rejected.loadRejected(db, [1]),
			lockRejected: (db) => rejected.lockRejected(db, [1]),
			takeRejected: (db) => rejected.takeRejected(db, [1]),
			tellRefusedAgain: (db) => rejected.tellRefusedAgain(db, [{ id: 1, reason: 'a' }]),
			countRejected: (db) => rejected.countRejected(db, now),
			sendingShares: (db) => overview.sendingShares(db, now),
			missedRuns: (db) => overview.missedRuns(db, now),
			// reading
			peopleAtSteps: (db) => overview.peopleAtSteps(db, null),
			troubles: (db) => overview.troubles(db, null, now),
			lastEventAt: (db) => overview.lastEventAt(db),
			drawnCanvas: (db) => drawings.drawnCanvas(db, 'shop'),
			troublesAtSteps: (db) => drawings.troublesAtSteps(db, 'shop', [world.entry], now),
			lastEventsHeard: (db) => drawings.lastEventsHeard(db),
			journeysOfProfile: (db) => drawings.journeysOfProfile(db, profiles[0]!),
			loadCounts: (db) => counts.loadCounts(db, ['shop']),
			profilesAt: (db) => customers.profilesAt(db, [identity]),
			loadProfiles: (db) => customers.loadProfiles(db, profiles),
			loadCustomers: (db) => customers.loadCustomers(db, profiles),
			newestProfile: (db) => sample.newestProfile(db, rule, 'UTC'),
			newestEvent: (db) => sample.newestEvent(db, 'Click', []),
			loadStories: (db) => story.loadStories(db, [{ profile_id: profiles[0]!, journey_id: world.journey, most: 5, skip: 0 }]),
			findJourneys: (db) => story.findJourneys(db, ['shop']),
			findOthers: (db) => others.findOthers(db, ['shop']),
			someJourneyKeys: (db) => story.someJourneyKeys(db, 3),
		};
		// A query that nobody made would prove nothing.
		expect(Object.keys(calls).sort()).toEqual(storeFunctions().sort());
		for (const [name, call] of Object.entries(calls)) {
			const back = new Error('back');
			await it_.store.tx(async (db) => {
				const rows = async <R extends object>(sql: string, params: unknown[] = []) => {
					const [row] = await db.rows<{ 'QUERY PLAN': Array<{ Plan: PlanNode }> }>(`EXPLAIN (VERBOSE, FORMAT JSON) ${sql}`, params);
					const tables = [...(found.get(name) ?? []), ...unnamed(row!['QUERY PLAN'][0]!.Plan)];
					found.set(name, [...new Set(tables)].sort());
					return await db.rows<R>(sql, params);
				};
				await call({ now: db.now, rows });
				throw back;
			}).catch((error: unknown) => { if (error !== back) throw new Error(`${name}: ${(error as Error).message}`); });
		}
	}, 120_000);
	afterAll(async () => await it_?.drop());

	it('are about the tables that know whose their rows are', async () => {
		const rows = await it_.store.tx(async (db) => await db.rows<{ name: string; column: string }>(
			`SELECT c.relname AS name, a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('profile_id', 'instance_id')
			 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition`));
		const withProfile = new Set(rows.filter(({ column }) => column === 'profile_id').map(({ name }) => name));
		expect([...withProfile, 'profiles'].sort()).toEqual([...ABOUT_PEOPLE].sort());
		expect(rows.map(({ name }) => name).filter((name) => !withProfile.has(name))).toEqual(BY_INSTANCE);
	});

	it('name a profile, but for the listed ones', () => {
		const offending = Object.fromEntries([...found].filter(([, tables]) => tables.length > 0));
		expect(offending).toEqual(Object.fromEntries(Object.entries(EXCEPTIONS).map(([name, [tables]]) => [name, tables])));
	});
});
