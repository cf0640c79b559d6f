import { readConsentKey } from '../consent';
import type { ConsentState, Identity, Json, ProfileChange } from '../types';
import { validateZone } from '../zone';
import type { Message } from './message';
import { found, Refusal } from './refusal';

const LONGEST_EMAIL = 254;
const CONSENT_FIELD = 'context.consent.categoryPreferences';

/**
 * Whom a message is about. E-mail and phone count when identify brings them as traits.
 * @throws Refusal when it names nobody
 */
export function identitiesOf(message: Message): Identity[] {
	const identities: Identity[] = [];
	if (message.userId) identities.push({ kind: 'user_id', value: message.userId });
	if (message.anonymousId) identities.push({ kind: 'anonymous_id', value: message.anonymousId });
	if (message.type === 'alias') {
		if (!message.previousId || !message.userId) throw new Refusal('alias needs previousId and userId: send both');
		// A previous id may be of either kind; naming both finds the person in any case.
		identities.push({ kind: 'anonymous_id', value: message.previousId }, { kind: 'user_id', value: message.previousId });
	}
	if (identities.length === 0) throw new Refusal('userId and anonymousId are both missing: send at least one');
	if (message.type === 'identify') identities.push(...contactsOf(message.traits ?? {}));
	return identities;
}

function contactsOf({ email, phone }: Json): Identity[] {
	const contacts: Identity[] = [];
	if (isGiven(email)) contacts.push({ kind: 'email', value: checkEmail(email, 'traits.email') });
	if (isGiven(phone)) contacts.push({ kind: 'phone', value: checkPhone(phone, 'traits.phone') });
	return contacts;
}

/** @throws Refusal naming the field */
export function checkEmail(email: unknown, field: string): string {
	if (typeof email === 'string' && email.length <= LONGEST_EMAIL && /^[^\s@]+@[^\s@]+$/.test(email)) return email;
	throw new Refusal(`${field} must be an e-mail address, found ${found(email)}`);
}

/** @throws Refusal naming the field */
export function checkPhone(phone: unknown, field: string): string {
	if (typeof phone === 'string' && /^\+?(?=.*\d)[\d\s()./-]{3,32}$/.test(phone)) return phone;
	throw new Refusal(`${field} must be a phone number as text, found ${found(phone)}`);
}

/** @throws Refusal naming the field */
export function checkLocale(locale: unknown, field: string): string {
	if (typeof locale === 'string' && /^[a-z]{2,3}([-_][a-z0-9]{2,8}){0,4}$/i.test(locale)) return locale;
	throw new Refusal(`${field} must be a locale such as en-GB, found ${found(locale)}`);
}

/** What identify changes: traits become attributes; zone, locale and consent also come from the client's context. */
export function changeOf(traits: Json, context: Json): ProfileChange {
	const change: ProfileChange = { attributes: traits };
	const [zoneField, zone] = firstGiven(traits, context, 'timezone');
	if (zone !== undefined) change.zone = validateZone(zone, zoneField);
	const [localeField, locale] = firstGiven(traits, context, 'locale');
	if (locale !== undefined) change.locale = checkLocale(locale, localeField);
	const consent = consentOf(context);
	// Segment's libraries stamp it on every identify: the sign-in of somebody who has unsubscribed is no consent.
	if (consent) Object.assign(change, { consent, consentIsStamped: true });
	return change;
}

function firstGiven(traits: Json, context: Json, name: string): [field: string, value: unknown] {
	if (isGiven(traits[name])) return [`traits.${name}`, traits[name]];
	return [`context.${name}`, isGiven(context[name]) ? context[name] : undefined];
}

/**
 * `context.consent.categoryPreferences`, Segment's place for consent: `{ "email": true, "email/newsletter": false }`, a channel
 * for all purposes or one of them.
 */
export function consentOf(context: Json): Record<string, ConsentState> | undefined {
	const preferences = (context.consent as Json | null | undefined)?.categoryPreferences;
	if (!isGiven(preferences)) return undefined;
	const wrong = (value: unknown) => new Refusal(`${CONSENT_FIELD} must give true or false for each channel or channel/purpose, found ${found(value)}`);
	if (typeof preferences !== 'object' || Array.isArray(preferences)) throw wrong(preferences);
	const states = Object.entries(preferences as Json).map(([channel, allowed]): [string, ConsentState] => {
		if (typeof allowed !== 'boolean') throw wrong(allowed);
		return [readConsentKey(channel, CONSENT_FIELD), allowed ? 'granted' : 'denied'];
	});
	return Object.fromEntries(states);
}

function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}
