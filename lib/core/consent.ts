import { Refusal } from './segment/refusal';
import type { ConsentState, IntakeEntry } from './types';

/** What a message is for that says nothing else. */
export const DEFAULT_PURPOSE = 'marketing';

/** Between the channel and the purpose in a key. */
const SLASH = '/';
const LONGEST = 255;

/** A channel or a purpose as it is compared: who refused the Newsletter has refused the newsletter. */
export function consentName(name: string): string {
	return name.trim().toLowerCase();
}

/** What consent is stored under: a channel, which stands for all purposes, or `channel/purpose`. */
export function consentKey(channel: string, purpose: string): string {
	const [whole, part] = [consentName(channel), consentName(purpose)];
	return part === '' ? whole : `${whole}${SLASH}${part}`;
}

/** The channel and the purpose of a key; empty: all purposes. A purpose may have slashes of its own, a channel has none. */
export function consentParts(key: string): { channel: string; purpose: string } {
	const at = key.indexOf(SLASH);
	return at === -1 ? { channel: key, purpose: '' } : { channel: key.slice(0, at), purpose: key.slice(at + 1) };
}

/** A key as senders write it, without blanks around its parts, in lower case. @throws Refusal naming the field */
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
	/** Of `consentKey`. */
	key: string;
	state: ConsentState;
	/** When they said so, at the latest now: a clock that is ahead must not outlast what is said meanwhile. */
	at: Date;
	/** Only carried along by a call that is about something else. */
	stamped: boolean;
	/** Stamped together with the opposite for the whole channel, or for a purpose on it. */
	split: boolean;
	/** The door it came in by. */
	source: string;
	/** Id of the message that brought it. */
	reference: string | null;
}

/** Everything that a batch says about consent, also what its own later entries take back, by when it was said. */
export function consentsSaid(entries: Array<{ profile: number; entry: IntakeEntry }>, source: string, now: Date): Said[] {
	const said = entries.flatMap(({ profile, entry: { change, occurredAt, messageId } }) => {
		const { consent = {}, consentIsStamped = false } = change ?? {};
		const words = Object.entries(consent).map(([key, state]): Said => ({
			profile_id: profile, key, state, at: notAhead(occurredAt, now), stamped: consentIsStamped, split: consentIsStamped && isSplit(consent, key),
			source, reference: messageId ?? null,
		}));
		// What a stamp grants is held against what was known before it, not against what it denies itself.
		return consentIsStamped ? words.sort((one, other) => Number(one.state === 'denied') - Number(other.state === 'denied')) : words;
	});
	return said.sort((one, other) => +one.at - +other.at);
}

/** When something was said, if it cannot have been said later than now. */
export function notAhead(at: Date, now: Date): Date {
	return +at > +now ? now : at;
}

function isSplit(consent: Record<string, ConsentState>, key: string): boolean {
	const { channel, purpose } = consentParts(key);
	if (purpose !== '') return consent[channel] !== undefined && consent[channel] !== consent[key];
	return Object.entries(consent).some(([other, state]) => consentParts(other).channel === channel && state !== consent[key]);
}
