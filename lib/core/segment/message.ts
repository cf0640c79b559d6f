import { z } from 'zod/v4';

import type { Json } from '../types';
import { CALLS } from './calls';
import { found, Refusal } from './refusal';

export const LONGEST_ID = 255;
export const LONGEST_EVENT_NAME = 200;

/** Many libraries send `null` or blank text for an id they do not have, and some send numbers. */
const id = z.preprocess(
	(value) => (value === null || isBlank(value) ? undefined : Number.isSafeInteger(value) ? String(value) : value),
	z.string().max(LONGEST_ID).optional(),
);

function isBlank(value: unknown): boolean {
	return typeof value === 'string' && value.trim() === '';
}

/** An object, passed on untouched: a schema that copied it would drop keys such as `__proto__`. */
const object = z
	.custom<Json | null | undefined>((value) => value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value)))
	.transform((value): Json => value ?? {});

const everyCall = {
	userId: id,
	anonymousId: id,
	messageId: z.string().min(1).max(LONGEST_ID).nullish(),
	timestamp: z.unknown(),
	originalTimestamp: z.unknown(),
	sentAt: z.unknown(),
	context: object.optional(),
};
const view = { name: z.string().nullish(), category: z.string().nullish(), properties: object.optional() };

const schema = z.discriminatedUnion('type', [
	z.object({ ...everyCall, type: z.literal('track'), event: z.string().min(1).max(LONGEST_EVENT_NAME), properties: object.optional() }),
	z.object({ ...everyCall, type: z.literal('page'), ...view }),
	z.object({ ...everyCall, type: z.literal('screen'), ...view }),
	z.object({ ...everyCall, type: z.literal('identify'), traits: object.optional() }),
	z.object({ ...everyCall, type: z.literal('group'), groupId: id, traits: object.optional() }),
	z.object({ ...everyCall, type: z.literal('alias'), previousId: id }),
]);

/** One message of a known call, its fields of the right types. Which of them must be there differs by call. */
export type Message = z.output<typeof schema>;

/**
 * Checks the form of one message.
 * @throws Refusal naming each field that is wrong
 */
export function parseMessage(raw: unknown): Message {
	const { success, data, error } = schema.safeParse(raw, { error: describe });
	if (success) return data;
	throw new Refusal(error.issues.map(({ path, message }) => `${path.join('.') || 'the message'} ${message}`).join('; '));
}

function describe(issue: z.core.$ZodRawIssue): string {
	switch (issue.code) {
		case 'too_small':
			return 'must not be empty';
		case 'too_big':
			return `must have at most ${issue.maximum} characters, found ${String(issue.input).length}`;
		case 'invalid_union':
			return `must be one of ${CALLS.join(', ')}, found ${found((issue.input as { type?: unknown }).type)}`;
		case 'invalid_type':
			return `must be ${issue.expected === 'string' ? 'text' : 'an object'}, found ${found(issue.input)}`;
		default:
			return `must be an object, found ${found(issue.input)}`;
	}
}
