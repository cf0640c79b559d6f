import { Refusal } from './segment/refusal';
import type { ConsentState, IntakeEntry } from './types';

/** What a message is for that says nothing else. */
export const DEFAULT_PURPOSE = 'marketing';

/** Between the channel and the purpose in a key. */
const SLASH = '/';
const LONGEST = 255;

/** What consent is stored under: a channel, which stands for all purposes, or `channel/purpose`. */
export function consentKey(channel: string, purpose: string): string {
	return purpose === '' ? channel : `${channel}${SLASH}${purpose}`;
}

/** The channel and the purpose of a key; empty: all purposes. A purpose may have slashes of its own, a channel has none. */
export function consentParts(key: string): { channel: string; purpose: string } {
	const at = key.indexOf(SLASH);
	return at === -1 ? { channel: key, purpose: '' } : { channel: key.slice(0, at), purpose: key.slice(at + 1) };
}

/** A key as senders write it, without blanks around its parts. @throws Refusal naming the field */
export function readConsentKey(key: string, field: string): string {
	const at = key.indexOf(SLASH);
	const [channel, purpose] = [(at === -1 ? key : key.slice(0, at)).trim(), at === -1 ? undefined : key.slice(at + 1).trim()];
	if (channel === '' || purpose === '') throw new Refusal(`${field} has the name ${JSON.stringify(key)}: write a channel such as email, or channel/purpose such as email/newsletter`);
	if (key.length > LONGEST) throw new Refusal(`${field} has a name of ${key.length} characters, at most ${LONGEST} are kept`);
	return consentKey(channel, purpose ?? '');
}

/** One thing that somebody said about consent. */
export interface Said {
	profile_id: number;
	channel: string;
	/** Empty: all purposes. */
	purpose: string;
	key: string;
	state: ConsentState;
	/** When they said so. */
	at: Date;
	/** Id of the message that brought it. */
	reference: string | null;
}

/** Everything that a batch says about consent, also what its own later entries take back. In its order. */
export function consentsSaid(entries: Array<{ profile: number; entry: IntakeEntry }>): Said[] {
	return entries.flatMap(({ profile, entry: { change, occurredAt, messageId } }) =>
		Object.entries(change?.consent ?? {}).map(([key, state]) => (
			{ profile_id: profile, ...consentParts(key), key, state, at: occurredAt, reference: messageId ?? null })));
}
