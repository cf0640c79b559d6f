import { consentKey } from './consent';
import { parseDate } from './date-value';
import { isOwnEvent, OWN_EVENT_REFUSED } from './ownEvents';
import { LONGEST_EVENT_NAME, LONGEST_ID } from './segment/message';
import { checkFuture, checkLateness } from './segment/ownTime';
import { checkEmail, checkLocale, checkPhone } from './segment/person';
import { found, Refusal } from './segment/refusal';
import { checkStorable, checkText } from './segment/storable';
import { ENGAGEMENTS, IDENTITY_KINDS, type Engagement, type Identity, type IdentityKind, type IntakeEntry, type Json, type ProfileChange } from './types';
import { validateZone } from './zone';

/** One item as a panel states it: everything may be whatever an expression gave. */
export interface StatedEntry {
	index: number;
	identities: Identity[];
	event?: { name: unknown; properties: unknown };
	change?: StatedChange;
	time?: unknown;
	messageId?: unknown;
}

export interface StatedChange {
	attributes?: unknown;
	addTags?: unknown;
	removeTags?: unknown;
	/** Without a purpose: all of the channel. One that is there must be text, since what is wider than meant is granted for good. */
	consent?: { channel: unknown; purpose?: unknown; state: unknown };
	zone?: unknown;
	locale?: unknown;
}

/** When and where an entry is read. */
export interface Reading {
	now: Date;
	/** IANA zone of times that are stated without an offset. */
	zone: string;
	/** History may be of any age; it neither enters, wakes nor converts anyone. */
	history: boolean;
}

const LATENESS_DAYS = 7;
const LATE_ADVICE = 'leave Time empty to count it from now, or switch on Import as History, which starts nothing';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** As fields and pages name them. */
export const KIND_NAMES: Record<IdentityKind, string> = {
	user_id: 'User ID', anonymous_id: 'Anonymous ID', email: 'Email', phone: 'Phone', device: 'Device ID',
};

/** A kind in the middle of a sentence: `user ID`, `email`. */
export function kindName(kind: IdentityKind): string {
	const name = KIND_NAMES[kind];
	return name[0]!.toLowerCase() + name.slice(1);
}

/** One identity, checked. @throws Refusal naming the field */
export function readIdentity(kind: unknown, value: unknown): Identity {
	if (!IDENTITY_KINDS.includes(kind as IdentityKind)) throw new Refusal(`Identity must be one of ${IDENTITY_KINDS.join(', ')}, found ${found(kind)}`);
	const known = kind as IdentityKind;
	const field = KIND_NAMES[known];
	if (known === 'email') return { kind: known, value: checkText(checkEmail(trimmed(value), field), field) };
	if (known === 'phone') return { kind: known, value: checkPhone(Number.isSafeInteger(value) ? String(value) : trimmed(value), field) };
	return { kind: known, value: readText(value, field) };
}

/** An event, a profile change, or both, ready for the intake. @throws Refusal or TimeRuleError naming the field */
export function readEntry(stated: StatedEntry, reading: Reading): IntakeEntry {
	const { index, identities, event, change, messageId } = stated;
	const entry: IntakeEntry = { index, identities, occurredAt: readOwnTime(stated.time, reading) };
	if (event) {
		entry.event = { name: readEventName(event.name), properties: readObject(event.properties, 'Properties') };
		if (!reading.history) checkLateness(entry.occurredAt, reading.now, LATENESS_DAYS, LATE_ADVICE);
	}
	if (change) entry.change = readChange(change);
	if (!isEmpty(messageId)) entry.messageId = readText(messageId, 'Message ID');
	return entry;
}

/** The name of an event that happened to a customer. @throws Refusal */
export function readEventName(value: unknown): string {
	const name = readText(value, 'Event', LONGEST_EVENT_NAME);
	if (isOwnEvent(name)) throw new Refusal(`Event ${OWN_EVENT_REFUSED}, found ${found(name)}`);
	return name;
}

/** What happened to a message. @throws Refusal or TimeRuleError naming the field */
export function readEngagement(
	stated: { index: number; findBy: Engagement['findBy']; message: unknown; kind: unknown; time: unknown; detail: unknown }, reading: Reading,
): Engagement {
	const { index, findBy } = stated;
	const field = findBy === 'key' ? 'Idempotency Key' : 'Provider’s Message ID';
	const message = readText(stated.message, field);
	if (findBy === 'key' && !UUID.test(message)) throw new Refusal(`${field} must be the idempotencyKey that the message was sent with, found ${found(message)}`);
	const kind = ENGAGEMENTS.find((one) => one === stated.kind);
	if (!kind) throw new Refusal(`What Happened must be one of ${ENGAGEMENTS.join(', ')}, found ${found(stated.kind)}`);
	return { index, findBy, message, kind, at: readOwnTime(stated.time, reading), detail: readObject(stated.detail, 'Details') };
}

/** Text that must be there. Whole numbers are taken as they are written. @throws Refusal naming the field */
export function readText(value: unknown, field: string, longest = LONGEST_ID): string {
	if (isEmpty(value)) throw new Refusal(`${field} is empty: enter it, or check the expression`);
	const text = Number.isSafeInteger(value) ? String(value) : trimmed(value);
	if (typeof text !== 'string') throw new Refusal(`${field} must be text, found ${found(value)}`);
	if (text.length > longest) throw new Refusal(`${field} must have at most ${longest} characters, found ${text.length}`);
	return checkText(text, field);
}

function readChange(stated: StatedChange): ProfileChange {
	const change: ProfileChange = {};
	if (!isEmpty(stated.attributes)) change.attributes = readObject(stated.attributes, 'Attributes');
	if (stated.addTags !== undefined) change.addTags = readTags(stated.addTags);
	if (stated.removeTags !== undefined) change.removeTags = readTags(stated.removeTags);
	if (stated.consent) {
		const { channel, purpose, state } = stated.consent;
		if (state !== 'granted' && state !== 'denied') throw new Refusal(`Consent must be granted or denied, found ${found(state)}`);
		const name = readText(channel, 'Channel');
		if (name.includes('/')) throw new Refusal(`Channel must have no slash, found ${found(channel)}: what it is for is the Purpose`);
		change.consent = { [consentKey(name, purpose === undefined ? '' : readPurpose(purpose))]: state };
	}
	if (!isEmpty(stated.zone)) change.zone = validateZone(stated.zone, 'Time Zone');
	if (!isEmpty(stated.locale)) change.locale = checkLocale(stated.locale, 'Locale');
	return change;
}

function readPurpose(value: unknown): string {
	if (isEmpty(value)) throw new Refusal('Purpose is empty: check the expression, or clear the field to mean all purposes');
	if (typeof value !== 'string') throw new Refusal(`Purpose must be text, found ${found(value)}`);
	return readText(value, 'Purpose');
}

/** `vip, newsletter`, or a list from an expression. */
function readTags(value: unknown): string[] {
	const parts: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',').filter((part) => part.trim() !== '') : [value];
	if (parts.length === 0 || isEmpty(value)) throw new Refusal('Tags is empty: enter one or more, separated by commas');
	return parts.map((part) => readText(part, 'Tags'));
}

/** An object, or its JSON as text; empty is `{}`. @throws Refusal naming the field */
export function readObject(value: unknown, field: string): Json {
	if (isEmpty(value)) return {};
	let object = value;
	if (typeof value === 'string') {
		try {
			object = JSON.parse(value);
		} catch (error) {
			throw new Refusal(`${field} is not valid JSON (${(error as Error).message}), found ${found(value)}`);
		}
	}
	if (typeof object !== 'object' || object === null || Array.isArray(object)) throw new Refusal(`${field} must be an object such as { "total": 12.5 }, found ${found(object)}`);
	checkStorable(object, field);
	return object as Json;
}

function readOwnTime(value: unknown, { now, zone }: Reading): Date {
	if (isEmpty(value)) return now;
	const own = parseDate(value, zone, 'Time');
	checkFuture(own, now, 'Time');
	return own;
}

function trimmed(value: unknown): unknown {
	return typeof value === 'string' ? value.trim() : value;
}

function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}
