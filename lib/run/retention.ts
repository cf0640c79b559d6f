import { DateTime } from 'luxon';

import { countsSinceEntry, reachesOf, type Reach } from '../core/canvas/reach';
import { ruleReaches } from '../core/rule/reach';
import { inAGap, LOCK_NOT_AVAILABLE, sleep, type Pause } from '../store/gap';
import { dropFinished, dropMonth, dropOlder, dropRefusals, makeEventMonth, makeMonths, missingMonths, monthsBefore, oldestNeeded, publishedCanvases, type Monthly } from '../store/retention';
import { listSegments, type SegmentSummary } from '../store/segments';
import { dropRuns } from '../store/runs';
import type { DatabaseError } from '../store/transaction';
import type { Connection, Keep, Store } from '../store/types';
import type { Duration } from '../core/types';

/**
 * Days: message ids answer duplicates; a timeout tells which events came too late, as late as events are taken and a day;
 * a move can be undone.
 */
const ALWAYS_KEPT = { seen: 30, timeouts: 8, moves: 7 };
/** Whoever can send can be refused, so refused input goes one day even where events are kept for ever. */
const REJECTED_MONTHS = 13;

/** Makes the months ahead. */
export async function openMonths(store: Store): Promise<void> {
	await inAGap(store, makeMonths);
}

/** Makes the months of events that happened long ago. What gets no month of its own now gets it from the janitor. */
export async function openMonthsOf(store: Store, moments: Date[], pause = sleep): Promise<void> {
	for (const month of await store.tx(async (db) => await missingMonths(db, moments))) {
		await inAGap(store, async (db) => await makeEventMonth(db, month), pause).catch((error: DatabaseError) => {
			if (error.code !== LOCK_NOT_AVAILABLE) throw error;
		});
	}
}

/** Forgets what no setting keeps longer. */
export async function forgetTraces(store: Store): Promise<void> {
	for (const table of ['seen', 'timeouts', 'moves'] as const) {
		const old = (now: Date) => DateTime.fromJSDate(now, { zone: 'utc' }).minus({ days: ALWAYS_KEPT[table] }).toJSDate();
		while ((await store.tx(async (db) => await dropOlder(db, table, old(db.now)))) > 0);
	}
}

/**
 * Drops what the settings do not keep. Never enrolments, messages and conversions, which answer *once*, caps and goals;
 * never a month in which somebody who is in a journey finds an event that they carry.
 *
 * @param warn is told why something is kept that should go
 * @returns the partitions dropped
 */
export async function forget(store: Store, keep: Keep, warn: (message: string) => void, pause = sleep): Promise<string[]> {
	const before = await store.tx(async ({ now }) => (months: number) => DateTime.fromJSDate(now, { zone: 'utc' }).minus({ months }).toJSDate());
	const dropped: string[] = [];
	if (keep.events !== undefined) {
		const needed = await eventsNeeded(store, keep.events, warn);
		if (needed !== undefined) dropped.push(...(await dropMonths(store, 'events', new Date(Math.min(+needed, +before(keep.events))), warn, pause)));
	}
	const refusedFrom = before(keep.events ?? REJECTED_MONTHS);
	while ((await store.tx(async (db) => await dropOlder(db, 'rejected', refusedFrom))) > 0);
	if (keep.history !== undefined) {
		const from = before(keep.history);
		dropped.push(...(await dropMonths(store, 'journal', from, warn, pause)));
		while ((await store.tx(async (db) => await dropFinished(db, from))) > 0);
		while ((await store.tx(async (db) => await dropRefusals(db, from))) > 0);
		while ((await store.tx(async (db) => await dropRuns(db, from))) > 0);
		for (const table of ['acts', 'segment_members'] as const) while ((await store.tx(async (db) => await dropOlder(db, table, from))) > 0);
	}
	return dropped;
}

/** From when on events are needed; undefined: nothing may go, because a published journey asks for more than is to be kept, or for what cannot be told. */
async function eventsNeeded(store: Store, months: number, warn: (message: string) => void): Promise<Date | undefined> {
	const asking = await store.tx(whoAsks);
	const { now, canvases } = asking;
	const from = DateTime.fromJSDate(now, { zone: 'utc' }).minus({ months });
	try {
		const far = farthest(asking, months);
		if (far) {
			warn(`No events are dropped: they are to be kept for ${months} months, but ${far} Keep events for longer (Journey Control, Settings; or JOURNEY_KEEP_EVENTS_MONTHS), or ask for less there.`);
			return undefined;
		}
	} catch (error) {
		warn(`No events are dropped: ${(error as Error).message}`);
		return undefined;
	}
	const sinceEntry = canvases.filter(({ canvas }) => countsSinceEntry(canvas)).map((one) => one.journey_id);
	const oldest = await store.tx(async (db) => await oldestNeeded(db, sinceEntry));
	if (oldest && oldest.at < from.startOf('month').toJSDate()) {
		warn(`Events from ${oldest.at.toISOString().slice(0, 7)} on are kept for now: somebody in journey "${oldest.journey}" carries one.`);
	}
	return oldest?.at ?? now;
}

interface Asking {
	now: Date;
	canvases: Awaited<ReturnType<typeof publishedCanvases>>;
	segments: SegmentSummary[];
}

async function whoAsks(db: Connection): Promise<Asking> {
	// The one before may have been published again, and not have run since that can be told.
	const canvases = await publishedCanvases(db, DateTime.fromJSDate(db.now).minus({ hours: 24 }).toJSDate());
	return { now: db.now, canvases, segments: await listSegments(db) };
}

/** Which segment, or which node of a published journey, asks for events of longer ago than so many months, as a sentence. */
export async function tooFarBack(store: Store, months: number): Promise<string | undefined> {
	return farthest(await store.tx(whoAsks), months);
}

/** @throws Error naming the journey of which it cannot be told */
function farthest({ now, canvases, segments }: Asking, months: number): string | undefined {
	const today = DateTime.fromJSDate(now, { zone: 'utc' });
	const isFar = (within: Duration | null) => within === null || today.minus({ [within.unit]: within.amount }) < today.minus({ months });
	for (const { name, rule } of segments) {
		const far = ruleReaches(rule).find(isFar);
		if (far !== undefined) return `segment "${name}" asks ${far === null ? 'whether something ever happened' : `what happened within ${far.amount} ${far.unit}`}.`;
	}
	for (const { journey, canvas } of canvases) {
		let reaches: Reach[];
		try {
			reaches = reachesOf(canvas);
		} catch (error) {
			throw new Error(`how far back journey "${journey}" asks cannot be told. ${(error as Error).message} Correct it, or unpublish the journey.`, { cause: error });
		}
		const far = reaches.find(({ within }) => isFar(within));
		if (far) return `in journey "${journey}" ${far.node} asks ${far.asks}.`;
	}
	return undefined;
}

async function dropMonths(store: Store, of: Monthly, before: Date, warn: (message: string) => void, pause: Pause): Promise<string[]> {
	const dropped: string[] = [];
	for (const { month } of await store.tx(async (db) => await monthsBefore(db, of, before))) {
		try {
			await inAGap(store, async (db) => await dropMonth(db, of, month), pause);
			dropped.push(`${of} ${month.slice(0, 7)}`);
		} catch (error) {
			if ((error as DatabaseError).code !== LOCK_NOT_AVAILABLE) throw error;
			warn(`The ${of} of ${month.slice(0, 7)} are still read by somebody, and are dropped at a later try.`);
			break;
		}
	}
	return dropped;
}
