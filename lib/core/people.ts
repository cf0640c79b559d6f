import type { Identity, IntakeEntry } from './types';

/** One profile's changes of a batch, already folded: a row per attribute, each with its own time. Consent is written by itself. */
export interface ProfileWrite {
	profile_id: number;
	attributes: Array<{ name: string; value: unknown; at: number }>;
	add_tags: string[];
	remove_tags: string[];
	zone: string | null;
	locale: string | null;
	email: string | null;
	phone: string | null;
}

/** Case rules per kind: e-mail addresses compare without case; phone numbers without spaces and dashes. */
export function normaliseIdentity({ kind, value }: Identity): Identity {
	const text = value.trim();
	if (kind === 'email') return { kind, value: text.toLowerCase() };
	if (kind === 'phone') return { kind, value: text.replace(/[\s().-]/g, '') };
	return { kind, value: text };
}

/**
 * Takes from each entry the identities that are another user's: a browser, a phone or an address may be shared, and
 * only an alias says that two user ids are one person. Who had it first keeps it.
 *
 * @param ownerOf user ids of the profile that an identity points at; none when it is free
 */
export function withoutOthers(entries: IntakeEntry[], ownerOf: (identity: Identity) => ReadonlySet<string> | undefined): Identity[][] {
	const inBatch = new Map<string, string>();
	return entries.map(({ identities, alias }) => {
		if (alias) return identities;
		const named = identities.find(({ kind }) => kind === 'user_id')?.value;
		const firstOwners = identities.map(ownerOf).find((owners) => owners !== undefined && owners.size > 0);
		const users = named === undefined ? firstOwners : new Set([named]);
		if (!users) return identities;
		return identities.filter((one) => {
			if (one.kind === 'user_id') return one.value === named;
			const owners = ownerOf(one);
			if (owners && owners.size > 0 && ![...owners].some((owner) => users.has(owner))) return false;
			if (named === undefined) return true;
			const key = `${one.kind}:${one.value}`;
			if (!inBatch.has(key)) inBatch.set(key, named);
			return inBatch.get(key) === named;
		});
	});
}

/**
 * Groups of identities that belong to one person, because some entry of the batch names them together.
 *
 * @param entries identities of each entry
 * @returns for each entry the number of its group, and the identities of each group
 */
export function groupIdentities(entries: Identity[][]): { groupOf: number[]; groups: Identity[][] } {
	const parent = new Map<string, string>();
	const find = (key: string): string => {
		let root = key;
		while (parent.get(root) !== root) root = parent.get(root)!;
		parent.set(key, root);
		return root;
	};
	const keyOf = ({ kind, value }: Identity) => `${kind}:${value}`;
	for (const identities of entries) {
		const keys = identities.map(keyOf);
		for (const key of keys) if (!parent.has(key)) parent.set(key, key);
		for (const key of keys.slice(1)) parent.set(find(key), find(keys[0]!));
	}
	const numbers = new Map<string, number>();
	const members: Array<Map<string, Identity>> = [];
	const groupOf = entries.map((identities) => {
		const root = find(keyOf(identities[0]!));
		const number = numbers.get(root) ?? numbers.set(root, numbers.size).get(root)!;
		const group = (members[number] ??= new Map());
		for (const identity of identities) group.set(keyOf(identity), identity);
		return number;
	});
	return { groupOf, groups: members.map((group) => [...group.values()]) };
}

/** Folds the changes of a batch to one write per profile; of one attribute the newest own time wins. */
export function foldChanges(entries: Array<{ profile: number; entry: IntakeEntry }>): ProfileWrite[] {
	const byProfile = new Map<number, ProfileWrite & { values: Map<string, ProfileWrite['attributes'][0]> }>();
	const inOrder = [...entries].sort((a, b) => +a.entry.occurredAt - +b.entry.occurredAt);
	for (const { profile, entry } of inOrder) {
		const email = entry.identities.find(({ kind }) => kind === 'email')?.value ?? null;
		const phone = entry.identities.find(({ kind }) => kind === 'phone')?.value ?? null;
		const { change } = entry;
		if (!change && !email && !phone) continue;
		const at = +entry.occurredAt;
		let write = byProfile.get(profile);
		if (!write) {
			write = {
				profile_id: profile, attributes: [], add_tags: [], remove_tags: [], zone: null, locale: null,
				email: null, phone: null, values: new Map(),
			};
			byProfile.set(profile, write);
		}
		write.email = email ?? write.email;
		write.phone = phone ?? write.phone;
		write.zone = change?.zone ?? write.zone;
		write.locale = change?.locale ?? write.locale;
		for (const [name, value] of Object.entries(change?.attributes ?? {})) write.values.set(name, { name, value: value ?? null, at });
		for (const tag of change?.addTags ?? []) {
			write.add_tags = [...write.add_tags.filter((one) => one !== tag), tag];
			write.remove_tags = write.remove_tags.filter((one) => one !== tag);
		}
		for (const tag of change?.removeTags ?? []) {
			write.remove_tags = [...write.remove_tags.filter((one) => one !== tag), tag];
			write.add_tags = write.add_tags.filter((one) => one !== tag);
		}
	}
	return [...byProfile.values()].map(({ values, ...write }) => ({ ...write, attributes: [...values.values()] }));
}
