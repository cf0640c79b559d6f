import { consentsSaid } from '../core/consent';
import { changeEvent } from '../core/ownEvents';
import { foldChanges, type ProfileWrite } from '../core/people';
import type { IntakeEntry } from '../core/types';
import { tellTooLate } from '../store/absence';
import { listenersTo, type Listener } from '../store/conditions';
import { recordConsents } from '../store/consents';
import { insertEvents, insertRejected, rememberMessages, type NewEvent, type Refused } from '../store/events';
import { addCandidates } from '../store/candidates';
import { convertByEvents } from '../store/goals';
import { tellLate, wakeByCount, wakeByEvents } from '../store/wakes';
import { PROFILE, touch } from '../store/segments';
import { watchedAttributes, writeProfiles, type AttributeChange } from '../store/people';
import { heldInstances } from '../store/running';
import { countEvents } from '../store/traits';
import type { Connection, Store } from '../store/types';
import { matchWrites } from './changes';
import type { Claim } from './executions';
import { lockPeople } from './identify';
import { noteNames } from './names';
import { CATCH_UP_MS } from './registration';
import { openMonthsOf } from './retention';
import { restart } from './timers';

/** Of what happens in the same moment. */
const BEHIND_ALL = 2 ** 31 - 1;
const LATENESS_MS = 7 * 24 * 60 * 60_000;

export interface IntakeResult {
	/** Entries whose message id was known: kept once, nothing done. */
	duplicates: number;
	events: number;
	/** People woken, candidates written, conversions stored. */
	woken: number;
	candidates: number;
	conversions: number;
}

/** How a batch is taken in. */
export interface Taking {
	/** False for history, which neither enters, wakes nor converts anyone, now or later, and is kept in the months in which it happened. */
	match: boolean;
	/** The execution whose people act here: entries of instances that it does not hold any more are left out. */
	by?: Claim;
}

/**
 * Takes a batch in, in one transaction: dedupe, find or make profiles, write changes, store events, match. When it
 * resolves, everything is durable; when it throws, nothing happened and the sender may send the batch again.
 *
 * @param entries valid entries, with at least one identity each or a profile
 */
export async function takeIn(
	store: Store, source: string, entries: IntakeEntry[], refused: Refused[] = [], options: Taking = { match: true },
): Promise<IntakeResult> {
	if (!options.match) await openMonthsOf(store, monthsOf(entries));
	const taken = await store.tx(async (db) => {
		if (refused.length > 0) await insertRejected(db, source, refused);
		return (await takeInWith(db, source, entries, options)).result;
	});
	await noteNames(store, entries);
	return taken;
}

/** The same in a transaction of the caller's, who notes the names afterwards. @returns also the entries that were not known */
export async function takeInWith(
	db: Connection, source: string, entries: IntakeEntry[], options: Taking = { match: true },
): Promise<{ result: IntakeResult; fresh: IntakeEntry[] }> {
	// First of all: what is left out must not count as sent, or who holds them now could not send it.
	const asked = options.by ? await heldEntries(db, options.by, entries) : entries;
	const fresh = await withoutDuplicates(db, asked);
	const result: IntakeResult = { duplicates: asked.length - fresh.length, events: 0, woken: 0, candidates: 0, conversions: 0 };
	if (fresh.length > 0) await keep(db, source, fresh, options, result);
	return { result, fresh };
}

async function keep(db: Connection, source: string, fresh: IntakeEntry[], { match }: Taking, result: IntakeResult): Promise<void> {
	const people = await lockPeople(db, fresh);
	// What was to be written about somebody who was erased meanwhile is of nobody.
	const about = fresh.flatMap((entry, at) => (people[at] === null ? [] : [{ profile: people[at]!, entry }]));

	const said = consentsSaid(about, source, db.now);
	if (said.length > 0) await recordConsents(db, said);
	const writes = foldChanges(about);
	const changes = writes.length > 0 ? await write(db, writes, match) : [];
	if (match) result.woken += await matchWrites(db, writes);

	const sent = about.flatMap(({ entry, profile }) => (entry.event ? [eventRow(entry, profile)] : []));
	const events = [...sent, ...changes.map(changeRow)];
	if (events.length + writes.length === 0) return;
	const stored = events.length > 0 ? await insertEvents(db, events, !match) : [];
	result.events = sent.length;
	const names = [...new Set([...events.map(({ name }) => name), ...(writes.length > 0 ? [PROFILE] : [])])];
	const listeners = await listenersTo(db, names, new Date(+db.now - CATCH_UP_MS));
	const isTouched = (name: string) => listeners.get(name)?.has('segment');
	const touched = [...sent.filter(({ name }) => isTouched(name)), ...(isTouched(PROFILE) ? writes : [])].map((one) => one.profile_id);
	// Whom history puts into a segment, its next refresh finds.
	if (touched.length > 0 && match) await touch(db, touched);
	const counted = sent.filter(({ name }) => listeners.get(name)?.has('trait'));
	if (counted.length > 0) await countEvents(db, counted);
	if (!match) return;
	const heardBy = (kind: Listener) => stored.filter(({ name }) => listeners.get(name)?.has(kind)).map(({ id }) => id);
	// Goals first: a goal and a State on the same event, the goal wins.
	result.conversions = await convertByEvents(db, heardBy('goal'));
	result.woken += await wakeByCount(db, heardBy('counted'), restart);
	result.woken += await wakeByEvents(db, heardBy('state'), restart);
	await tellLate(db, heardBy('late'));
	await tellTooLate(db, heardBy('absent'));
	result.candidates = await addCandidates(db, heardBy('entry'));
}

/** Entries of instances that this execution holds, with whose they are now. */
async function heldEntries(db: Connection, claim: Claim, entries: IntakeEntry[]): Promise<IntakeEntry[]> {
	const held = await heldInstances(db, claim, entries.flatMap(({ instance }) => instance ?? []));
	return entries.flatMap((entry) => {
		const profile = held.get(entry.instance ?? 0);
		return profile === undefined ? [] : [{ ...entry, profile }];
	});
}

/** One moment of each month. */
function monthsOf(entries: IntakeEntry[]): Date[] {
	return [...new Map(entries.map(({ occurredAt }) => [occurredAt.toISOString().slice(0, 7), occurredAt])).values()];
}

function eventRow(entry: IntakeEntry, profile: number): NewEvent {
	return {
		index: entry.index, profile_id: profile, name: entry.event!.name, properties: entry.event!.properties,
		occurred_at: entry.occurredAt, message_id: entry.messageId ?? null,
	};
}

/** @returns what lets people in who have it changed; history does not */
async function write(db: Connection, writes: ProfileWrite[], match: boolean): Promise<AttributeChange[]> {
	const watches = match && writes.some(({ attributes }) => attributes.length > 0);
	const changes = await writeProfiles(db, writes, watches ? await watchedAttributes(db, new Date(+db.now - CATCH_UP_MS)) : []);
	// As an event that late would be refused.
	return changes.filter(({ at }) => +at >= +db.now - LATENESS_MS);
}

function changeRow({ profile_id, attribute, from, to, at }: AttributeChange): NewEvent {
	return { index: BEHIND_ALL, profile_id, name: changeEvent(attribute), properties: { attribute, from, to }, occurred_at: at, message_id: null };
}

async function withoutDuplicates(db: Connection, entries: IntakeEntry[]): Promise<IntakeEntry[]> {
	const ids = entries.flatMap((entry) => entry.messageId ?? []);
	if (ids.length === 0) return entries;
	const fresh = await rememberMessages(db, ids);
	return entries.filter(({ messageId }) => messageId === undefined || fresh.delete(messageId));
}
