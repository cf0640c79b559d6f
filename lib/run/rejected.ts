import { readMessage } from '../core/segment/intake';
import { storableText } from '../core/segment/refusal';
import { waitedTooLong } from '../core/segment/streamEntry';
import type { IntakeEntry } from '../core/types';
import { tellAct } from '../store/acts';
import { lastBefore, listRejected, loadRejected, lockRejected, nextStretch, takeRejected, tellRefusedAgain, type Rejected, type RejectedFilter } from '../store/rejected';
import type { Store } from '../store/types';
import { CUSTOMER_DATA } from './customerData';
import type { Engine } from './engine';
import { takeInWith } from './intake';
import { noteNames } from './names';
import { isAboutData } from './takeInParts';

/** Input that is to be sent in again. */
export interface Resend {
	id: number;
	/** The message, mended; absent: as it was refused. */
	message?: unknown;
}

/** What became of it. `gone`: it was sent in or discarded before. */
export interface Resent {
	id: number;
	result: 'taken' | 'duplicate' | 'refused' | 'gone';
	reason?: string;
}

interface Ready {
	id: number;
	entry: IntakeEntry;
}

/** One transaction takes so many. */
const AT_ONCE = 500;
const SOURCE = 'resent';
const AN_ITEM = 'this is an item of Customer Data: mend it and send it through that node, then discard it';
const ERASED = 'it was erased, since it named a customer who was: discard it';

/**
 * A page of what was refused, oldest first. Reads on, a stretch in each transaction, until it is full or nothing is left.
 *
 * @param after the last one of the page before
 */
export async function rejectedPage(store: Store, filter: RejectedFilter, after: number, limit: number): Promise<Rejected[]> {
	const page: Rejected[] = [];
	let from: number | null = filter.since ? Math.max(after, await store.tx(async (db) => await lastBefore(db, filter.since!))) : after;
	while (from !== null && page.length < limit) {
		const behind: number = from;
		const { found, upTo } = await store.tx(async (db) => {
			const stretch = await nextStretch(db, behind);
			return { found: await listRejected(db, filter, stretch, limit - page.length), upTo: stretch.upTo };
		});
		page.push(...found);
		from = upTo;
	}
	return page;
}

/**
 * Sends refused input in again. What is taken leaves the refused in the transaction that takes it, so that it counts once
 * whoever sends it in, and however often; what is refused again stays, with its new reason. What an erasure has blanked is
 * never taken, mended or not.
 *
 * @param latenessDays events may be so old
 * @param who for the journal of acts
 * @returns what became of each, in their order
 */
export async function resendRejected(engine: Engine, asked: Resend[], latenessDays: number, who: string): Promise<Resent[]> {
	const answers: Resent[] = [];
	for (let from = 0; from < asked.length; from += AT_ONCE) {
		answers.push(...(await resendSome(engine, asked.slice(from, from + AT_ONCE), latenessDays, who)));
	}
	return answers;
}

async function resendSome(engine: Engine, asked: Resend[], latenessDays: number, who: string): Promise<Resent[]> {
	const { now, kept } = await engine.store.tx(async (db) => ({ now: db.now, kept: await loadRejected(db, asked.map(({ id }) => id)) }));
	const byId = new Map(kept.map((one) => [one.id, one]));
	const ready: Ready[] = [];
	const results = new Map<number, Resent>();
	asked.forEach((one, index) => {
		const rejected = byId.get(one.id);
		// Of one that is named twice, the first counts.
		if (!rejected || results.has(one.id) || ready.some(({ id }) => id === one.id)) return;
		const read = readAgain(rejected, one, { index, now, latenessDays });
		if ('entry' in read) ready.push({ id: one.id, entry: read.entry });
		else results.set(one.id, { id: one.id, result: 'refused', reason: read.reason });
	});
	for (const one of await sendIn(engine, ready, who)) results.set(one.id, one);
	// Of an item, what its own node said says more than that it is no message.
	const isItem = (id: number) => byId.get(id)?.source === CUSTOMER_DATA;
	const refused = [...results.values()].filter(({ id, result }) => result === 'refused' && !isItem(id)).map(({ id, reason }) => ({ id, reason: reason! }));
	if (refused.length > 0) {
		await engine.store.tx(async (db) => {
			const told = await tellRefusedAgain(db, refused);
			if (told.length > 0) await tellAct(db, 'resend refused', who, null, { rejected: told });
		});
	}
	return asked.map(({ id }, at) => (asked.findIndex((one) => one.id === id) === at && results.get(id)) || { id, result: 'gone' });
}

/** It happened when it came, or so long before as its sender says; whether that is too late or ahead is asked of the clock now. */
function readAgain({ id, source, body, received_at, arrived_at, message_id }: Rejected, { message }: Resend, { index, now, latenessDays }: { index: number; now: Date; latenessDays: number }): { entry: IntakeEntry } | { reason: string } {
	// Whoever mended it read it before: what they send is what was erased.
	if (body === '') return { reason: ERASED };
	let raw = message;
	if (raw === undefined) {
		if (source === CUSTOMER_DATA) return { reason: AN_ITEM };
		// Mended, it is new: whoever does that says that it was not read before.
		const reason = arrived_at ? waitedTooLong(arrived_at, now) : undefined;
		if (reason !== undefined) return { reason };
		try {
			raw = JSON.parse(body);
		} catch {
			return { reason: 'what is kept of it is not whole, or no JSON: send a mended message instead' };
		}
	}
	const lateAdvice = 'raise Lateness Limit, or mend its timestamp';
	const read = readMessage(raw, { index, receivedAt: arrived_at ?? received_at, now, latenessDays, lateAdvice });
	if ('entry' in read) read.entry.messageId ??= message_id ?? `rejected:${id}`;
	return read;
}

/** In one transaction; over what the store refuses, in halves, so that it harms only itself. */
async function sendIn(engine: Engine, some: Ready[], who: string): Promise<Resent[]> {
	if (some.length === 0) return [];
	try {
		const { mine, erased, fresh, moved } = await engine.store.tx(async (db) => {
			// Between the read and this, somebody may have been erased.
			const locked = await lockRejected(db, some.map(({ id }) => id));
			const erased = new Set(locked.filter((one) => one.erased).map(({ id }) => id));
			const mine = new Set(await takeRejected(db, locked.filter((one) => !one.erased).map(({ id }) => id)));
			const entries = some.filter(({ id }) => mine.has(id)).map(({ entry }) => entry);
			const { result: { woken, candidates, conversions }, fresh } = await takeInWith(db, SOURCE, entries);
			if (mine.size > 0) await tellAct(db, 'resend', who, null, { rejected: [...mine] });
			return { mine, erased, fresh: new Set(fresh), moved: woken + candidates + conversions };
		});
		if (moved > 0) engine.announce();
		await noteNames(engine.store, [...fresh]);
		return some.map(({ id, entry }): Resent => {
			if (erased.has(id)) return { id, result: 'refused', reason: ERASED };
			return { id, result: mine.has(id) ? (fresh.has(entry) ? 'taken' : 'duplicate') : 'gone' };
		});
	} catch (error) {
		if (!isAboutData(error as Error)) throw error;
		if (some.length === 1) return [{ id: some[0]!.id, result: 'refused', reason: storableText(`cannot be stored: ${(error as Error).message}`) }];
		const half = some.length >> 1;
		return [...(await sendIn(engine, some.slice(0, half), who)), ...(await sendIn(engine, some.slice(half), who))];
	}
}

/** Throws refused input away. @param who for the journal of acts @returns those that were there */
export async function discardRejected(store: Store, ids: number[], who: string): Promise<number[]> {
	const gone: number[] = [];
	for (let from = 0; from < ids.length; from += AT_ONCE) {
		gone.push(...(await store.tx(async (db) => {
			const taken = await takeRejected(db, ids.slice(from, from + AT_ONCE));
			if (taken.length > 0) await tellAct(db, 'discard', who, null, { rejected: taken });
			return taken;
		})));
	}
	return gone;
}
