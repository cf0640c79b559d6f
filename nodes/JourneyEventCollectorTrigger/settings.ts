import { NodeOperationError, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import type { CollectorSettings } from '../../lib/index';

const MEGABYTE = 1024 * 1024;

/** Names in the panel, and what holds when the limit is not set. */
const LIMITS = {
	bodyMegabytes: ['Body Size (MB)', 5],
	batch: ['Events per Batch', 500],
	latenessDays: ['Lateness (Days)', 7],
	requestsPerMinute: ['Requests per Minute', 6000],
} as const;

/**
 * What the panel and the credential say.
 * @throws NodeOperationError naming the field, what was found and what to do: publishing shows nothing but its message
 */
export async function settingsOf(node: IHookFunctions | IWebhookFunctions): Promise<CollectorSettings> {
	const refuse = (message: string) => new NodeOperationError(node.getNode(), message);
	const path = node.getNodeParameter('path') as string;
	if (!/^[\w-]+(\/[\w-]+)*$/.test(path)) {
		throw refuse(`Path: "${path}" cannot be part of the URL. Use letters, digits, "-" and "_", with single slashes in between, e.g. journey or shop/events.`);
	}

	const limits = node.getNodeParameter('limits', {}) as Record<string, unknown>;
	const limit = (name: keyof typeof LIMITS): number => {
		const [shown, otherwise] = LIMITS[name];
		const value = limits[name] ?? otherwise;
		if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
			throw refuse(`${shown}: "${String(value)}" is not a whole number of at least 1. Correct it, or remove the limit to get ${otherwise}.`);
		}
		return value;
	};

	const { writeKey, secondWriteKey } = await node.getCredentials<{ writeKey: string; secondWriteKey?: string }>('journeyWriteKey');
	if (!writeKey) throw refuse('Journey Write Key: the credential has no write key. Enter a long random text there, and give the same to your senders.');
	return {
		writeKeys: secondWriteKey ? [writeKey, secondWriteKey] : [writeKey],
		bodyLimitBytes: limit('bodyMegabytes') * MEGABYTE,
		batchLimit: limit('batch'),
		latenessDays: limit('latenessDays'),
		requestsPerMinute: limit('requestsPerMinute'),
	};
}
