import { storableText } from '../core/segment/refusal';
import type { IntakeEntry } from '../core/types';
import type { Kept, Refused } from '../store/events';
import { StoreError, type Store } from '../store/types';
import { takeIn, type IntakeResult } from './intake';

/** What one sender hands over at once: kept in one transaction, and answered as one. */
export interface Part {
	entries: IntakeEntry[];
	refused: Refused[];
	/** What is kept of an entry if the store refuses it. */
	keptOf: (entry: IntakeEntry) => Kept;
}

/** Whether the store refused what was written, and not the moment. */
export function isAboutData(error: Error & { code?: string }): boolean {
	return DATA.test(error.code ?? '') || error instanceof TypeError || error instanceof RangeError;
}

/** A part is stored, but for the entries that the store refused; or it is not, and its sender keeps it. */
export type Outcome = { stored: true; refused: Refused[] } | { stored: false; error: Error };

/** SQLSTATE classes that speak of what was written: data exception, integrity, program limits. */
const DATA = /^(22|23|54)/;
/** Of others who were at work: too many deadlocks, a lock that took too long. Alone it will go better. */
const COLLISION = /^(40|55)/;

/**
 * Takes several parts in, in one transaction if that succeeds. If it fails over what is in them, halves are tried, so
 * that what cannot be stored harms only itself: it is kept among the rejected, with its reason.
 *
 * @returns what became of each part, after it was committed; never throws
 */
export async function takeInParts(store: Store, source: string, parts: Part[], onTaken: (result: IntakeResult) => void): Promise<Outcome[]> {
	try {
		let index = 0;
		const entries = parts.flatMap((part) => part.entries.map((entry) => ({ ...entry, index: index++ })));
		onTaken(await takeIn(store, source, entries, parts.flatMap((part) => part.refused)));
		return parts.map(() => ({ stored: true, refused: [] }));
	} catch (error) {
		const [reason] = [error as Error & { code?: string }];
		const isData = isAboutData(reason);
		if (reason instanceof StoreError || !(isData || COLLISION.test(reason.code ?? ''))) return parts.map(() => ({ stored: false, error: reason }));
		if (parts.length > 1) {
			const half = parts.length >> 1;
			const first = await takeInParts(store, source, parts.slice(0, half), onTaken);
			return [...first, ...(await takeInParts(store, source, parts.slice(half), onTaken))];
		}
		const [part] = parts as [Part];
		if (!isData || part.entries.length === 0) return [{ stored: false, error: reason }];
		if (part.entries.length === 1) return await reject(store, source, part, reason, onTaken);
		return [await inHalves(store, source, part, onTaken)];
	}
}

async function inHalves(store: Store, source: string, part: Part, onTaken: (result: IntakeResult) => void): Promise<Outcome> {
	const { entries, refused, keptOf } = part;
	const half = entries.length >> 1;
	const rejected: Refused[] = [];
	for (const some of [{ entries: entries.slice(0, half), refused }, { entries: entries.slice(half), refused: [] }]) {
		const [outcome] = await takeInParts(store, source, [{ ...some, keptOf }], onTaken);
		// Its sender sends all of it again; what has a message id counts once.
		if (!outcome!.stored) return outcome!;
		rejected.push(...outcome!.refused);
	}
	return { stored: true, refused: rejected };
}

async function reject(store: Store, source: string, { entries: [entry], refused, keptOf }: Part, { message }: Error, onTaken: (result: IntakeResult) => void): Promise<Outcome[]> {
	const poison = { position: entry!.index, reason: storableText(`cannot be stored: ${message}`), ...keptOf(entry!) };
	const [outcome] = await takeInParts(store, source, [{ entries: [], refused: [...refused, poison], keptOf }], onTaken);
	return [outcome!.stored ? { stored: true, refused: [poison] } : outcome!];
}
