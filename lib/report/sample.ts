import { readPath } from '../core/path';
import type { EntryRules, Filter, Json, Profile, Rule } from '../core/types';
import { newestEvent, newestProfile, type EventSample } from '../store/sample';
import type { Store } from '../store/types';

/** What an entry of the newest matching event would look like. Nobody enters. */
export interface EntrySample extends EventSample {
	correlation: string;
	context: Json;
}

/** @returns the newest event that would let somebody in, as if it did; undefined: there is none */
export async function entrySample(store: Store, event: string, filter: Filter, rules: EntryRules): Promise<EntrySample | undefined> {
	const found = await store.tx(async (db) => await newestEvent(db, event, filter));
	return found && { ...found, ...captured(rules, found.event.properties) };
}

/** @returns the newest profile in the audience of a schedule; undefined: there is none */
export async function scheduledSample(store: Store, rule: Rule | null, zone: string): Promise<Profile | undefined> {
	return await store.tx(async (db) => await newestProfile(db, rule, zone));
}

/** What the rules take from the properties of an entry event. */
export function captured({ correlation, values }: EntryRules, properties: Json): { correlation: string; context: Json } {
	const own = correlation === undefined ? undefined : readPath(properties, correlation);
	const isValue = typeof own === 'string' || typeof own === 'number' || typeof own === 'boolean';
	const context = Object.fromEntries(Object.entries(values).map(([name, path]) => [name, readPath(properties, path) ?? null]));
	return { correlation: isValue ? String(own) : '', context };
}
