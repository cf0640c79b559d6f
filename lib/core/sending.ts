import { readPath } from './path';
import type { Json, Profile } from './types';

/** The rules of one *Check before sending*. */
export interface SendRules {
	/** `email`, `sms`, `push`, …: consent is asked and caps are counted by it. */
	channel: string;
	class: 'marketing' | 'transactional';
	/** What the message is for: consent is asked for it. */
	purpose: string;
	/** `settings`: as the journey says, else the settings of the store. */
	ifConsentUnknown: 'skip' | 'send' | 'settings';
	/** Paths into the profile that must have a value. */
	required: string[];
	skipIfConverted: boolean;
	ifUnknown: 'skip' | 'again';
}

/** What the rules need to know of one person. */
export interface Recipient {
	profile: Profile;
	/** For the purpose on the channel; null: not known. */
	consent: 'granted' | 'denied' | null;
	/** What their journey says about consent that is not known; null: nothing. */
	unknown_consent: 'skip' | 'send' | null;
	converted: boolean;
	/** They are on their way since a time of which the backup that the store was restored from knows nothing, and that is to be skipped. */
	skip_since: Date | null;
}

/** Why a person is skipped, with the values compared. */
export interface Skip {
	reason: string;
	detail: Json;
}

/** Where a channel reaches a person; other channels are taken to reach everybody. */
const ADDRESS: Partial<Record<string, 'email' | 'phone'>> = { email: 'email', sms: 'phone', whatsapp: 'phone' };

/** The field of a profile where a channel reaches somebody; undefined: it has none of its own. */
export function addressField(channel: string): 'email' | 'phone' | undefined {
	return Object.hasOwn(ADDRESS, channel) ? ADDRESS[channel] : undefined;
}

/**
 * The first rule that fails decides: what was skipped at a restoration, consent and reachability, required fields, goal
 * already reached.
 *
 * @param settings what the store says about consent that is not known
 */
export function skipReason(rules: SendRules, recipient: Recipient, settings: 'skip' | 'send'): Skip | undefined {
	const { profile, consent, converted, skip_since: skipSince } = recipient;
	if (skipSince !== null) return { reason: 'restored', detail: { backup_at: skipSince.toISOString() } };
	if (rules.class === 'marketing') {
		const asked = { channel: rules.channel, purpose: rules.purpose };
		if (consent === 'denied') return { reason: 'consent_denied', detail: asked };
		const { choice, said_by } = ifUnknown(rules, recipient, settings);
		if (consent === null && choice === 'skip') return { reason: 'consent_unknown', detail: { ...asked, said_by } };
	}
	const address = addressField(rules.channel);
	if (address && !profile[address]) return { reason: 'unreachable', detail: { missing: address } };
	const missing = rules.required.find((path) => isEmpty(valueOf(profile, path)));
	if (missing !== undefined) return { reason: 'missing', detail: { missing } };
	if (rules.skipIfConverted && converted) return { reason: 'goal_reached', detail: {} };
	return undefined;
}

/** Step before journey before settings. */
function ifUnknown({ ifConsentUnknown: step }: SendRules, { unknown_consent: journey }: Recipient, settings: 'skip' | 'send'): { choice: 'skip' | 'send'; said_by: string } {
	if (step !== 'settings') return { choice: step, said_by: 'step' };
	return journey === null ? { choice: settings, said_by: 'settings' } : { choice: journey, said_by: 'journey' };
}

/** An attribute, or one of the profile's own fields. */
function valueOf(profile: Profile, path: string): unknown {
	return readPath(profile.attributes, path) ?? readPath(profile, path);
}

function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || value === '';
}
