import { isOwnEvent, OWN_EVENT_REFUSED } from '../ownEvents';
import type { IntakeEntry, Json } from '../types';
import type { Call } from './calls';
import { parseMessage, type Message } from './message';
import { checkLateness, ownTime } from './ownTime';
import { changeOf, consentOf, identitiesOf } from './person';
import { found, reasonOf, Refusal } from './refusal';
import { checkStorable, checkText } from './storable';

/** What surrounds a message. */
export interface Envelope {
	/** Position in the batch. */
	index: number;
	/** What the path says; a message in a batch says it itself. */
	call?: Call;
	/** The batch's; a message's own comes first. */
	sentAt?: unknown;
	/** The batch's, for everything that the message's own does not say. */
	context?: unknown;
	receivedAt: Date;
	/** When it is looked at, if not when it was received. */
	now?: Date;
	latenessDays: number;
	/** What to do about an event that is too old. */
	lateAdvice?: string;
}

/** One message, accepted or not. */
export type Read = { entry: IntakeEntry } | { reason: string };

/**
 * Reads one message of Segment's tracking API: `track`, `page`, `screen` and `group` become events, `identify` and
 * `group` change the profile, `alias` says that two ids are one person.
 */
export function readMessage(raw: unknown, envelope: Envelope): Read {
	try {
		return { entry: entryOf(parseMessage(withCall(raw, envelope.call)), envelope) };
	} catch (error) {
		return { reason: reasonOf(error) };
	}
}

/** A message as it is without what surrounded it, to be kept. A write key is nobody's business. */
export function standAlone(raw: unknown, { call, sentAt, context }: Pick<Envelope, 'call' | 'sentAt' | 'context'>): unknown {
	if (!isObject(raw)) return raw;
	const { writeKey, ...message } = raw;
	const [ownContext, shared] = [isObject(message.context) ? message.context : {}, isObject(context) ? context : {}];
	return {
		...message,
		...(call !== undefined && { type: message.type ?? call }),
		...(sentAt !== undefined && { sentAt: message.sentAt ?? sentAt }),
		...(Object.keys(shared).length > 0 && { context: { ...shared, ...ownContext } }),
	};
}

function withCall(raw: unknown, call: Call | undefined): unknown {
	if (call === undefined || typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
	const { type } = raw as { type?: unknown };
	if (type !== undefined && type !== null && type !== call) throw new Refusal(`type is ${found(type)}, but the path says ${call}: send it to its own path`);
	return { ...raw, type: call };
}

function entryOf(message: Message, envelope: Envelope): IntakeEntry {
	const context: Json = { ...(isObject(envelope.context) ? envelope.context : {}), ...message.context };
	const stated = { ...message, sentAt: message.sentAt ?? envelope.sentAt };
	const entry: IntakeEntry = {
		index: envelope.index,
		identities: identitiesOf(message),
		...contentOf(message, context),
		occurredAt: ownTime(stated, envelope.receivedAt, envelope.now),
	};
	if (message.messageId) entry.messageId = message.messageId;
	if (entry.event) checkLateness(entry.occurredAt, envelope.now ?? envelope.receivedAt, envelope.latenessDays, envelope.lateAdvice);
	checkKeepable(entry, message.type);
	return entry;
}

function contentOf(message: Message, context: Json): Pick<IntakeEntry, 'event' | 'change' | 'alias'> {
	switch (message.type) {
		case 'track':
			return { event: { name: message.event, properties: message.properties ?? {} }, ...preferences(message.event, context) };
		case 'page':
		case 'screen':
			return { event: { name: message.type, properties: { ...message.properties, ...named(message) } } };
		case 'identify':
			return { change: changeOf(message.traits ?? {}, context) };
		case 'group': {
			if (!message.groupId) throw new Refusal('group needs groupId: send it');
			const about = { group_id: message.groupId, group: message.traits ?? {} };
			return { event: { name: 'group', properties: about }, change: { attributes: about } };
		}
		case 'alias':
			return { change: {}, alias: true };
	}
}

/** Segment's libraries stamp what was said of consent on every call; this event says that it was said now. */
const CONSENT_UPDATED = 'Segment Consent Preference Updated';

function preferences(event: string, context: Json): Pick<IntakeEntry, 'change'> {
	const consent = event === CONSENT_UPDATED ? consentOf(context) : undefined;
	return consent ? { change: { consent } } : {};
}

function named({ name, category }: { name?: string | null; category?: string | null }): Json {
	return { ...(name && { name }), ...(category && { category }) };
}

function checkKeepable(entry: IntakeEntry, call: Call): void {
	for (const { kind, value } of entry.identities) checkText(value, `the ${kind.replace('_', ' ')}`);
	if (entry.messageId) checkText(entry.messageId, 'messageId');
	if (entry.event) {
		checkText(entry.event.name, 'event');
		if (isOwnEvent(entry.event.name)) throw new Refusal(`event ${OWN_EVENT_REFUSED}, found ${found(entry.event.name)}`);
		checkStorable(entry.event.properties, call === 'group' ? 'traits' : 'properties');
	}
	if (entry.change?.attributes) checkStorable(entry.change.attributes, 'traits');
	if (entry.change?.consent) checkStorable(entry.change.consent, 'context.consent.categoryPreferences');
}

function isObject(value: unknown): value is Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
