import { consentParts } from '../core/consent';
import type { IntakeEntry } from '../core/types';
import { MOST_NAMES, rememberNames, type SeenName } from '../store/catalog';
import type { Store } from '../store/types';

/** Of each event's properties, those of so many first events are looked at, and then of every so many. */
const FIRST = 50;
const EVERY = 200;
const DEEPEST = 3;
const LONGEST = 200;

/** What this process knows to be in the catalog of a store. */
interface Known {
	names: Set<string>;
	looked: Map<string, number>;
}

const known = new WeakMap<Store, Known>();

/**
 * Keeps the names in these entries that were never seen, so that the editor can suggest them. Behind the commit, as a
 * transaction of its own, and only for new names: nobody's event waits for it. A name that cannot be kept now is tried
 * again when it comes again.
 */
export async function noteNames(store: Store, entries: IntakeEntry[]): Promise<void> {
	let seen = known.get(store);
	if (!seen) known.set(store, (seen = { names: new Set(), looked: new Map() }));
	const fresh = newNames(seen, entries);
	if (fresh.length === 0) return;
	try {
		await store.tx(async (db) => await rememberNames(db, fresh));
	} catch {
		fresh.forEach((one) => seen.names.delete(keyOf(one)));
	}
}

function newNames({ names, looked }: Known, entries: IntakeEntry[]): SeenName[] {
	const fresh: SeenName[] = [];
	const see = (kind: SeenName['kind'], name: string, event = '') => {
		const one = { kind, event, name };
		const key = keyOf(one);
		// Who makes names up as they go fills neither the memory nor the catalog.
		if (names.has(key) || name.length > LONGEST || names.size >= 4 * MOST_NAMES) return;
		names.add(key);
		fresh.push(one);
	};
	for (const { event, change } of entries) {
		if (event) {
			see('event', event.name);
			const times = looked.get(event.name) ?? 0;
			if (looked.size < MOST_NAMES || times > 0) looked.set(event.name, times + 1);
			if (times < FIRST || times % EVERY === 0) pathsOf(event.properties).forEach((path) => see('property', path, event.name));
		}
		for (const [name, value] of Object.entries(change?.attributes ?? {})) if (value !== null) pathsOf({ [name]: value }).forEach((path) => see('attribute', path));
		for (const tag of change?.addTags ?? []) see('tag', tag);
		for (const key of Object.keys(change?.consent ?? {})) {
			const { purpose } = consentParts(key);
			if (purpose !== '') see('purpose', purpose);
		}
	}
	return fresh;
}

const keyOf = ({ kind, event, name }: SeenName) => `${kind}\n${event}\n${name}`;

/** Paths of all values in a document, as conditions write them: `order.total`, `items[].sku`. */
function pathsOf(document: object, depth = 1): string[] {
	return Object.entries(document).flatMap(([key, value]: [string, unknown]): string[] => {
		const name = /^[^."[\]\s](?:[^."[\]]*[^."[\]\s])?$/.test(key) ? key : JSON.stringify(key);
		const [inner, path] = Array.isArray(value) ? [value.find((entry) => typeof entry === 'object' && entry !== null) as unknown, `${name}[]`] : [value, name];
		if (typeof inner !== 'object' || inner === null || depth === DEEPEST) return [name];
		return pathsOf(inner, depth + 1).map((below) => `${path}.${below}`);
	});
}
