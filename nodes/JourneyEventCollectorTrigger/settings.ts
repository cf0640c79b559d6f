import { NodeOperationError, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import type { CollectorSettings } from '../../lib/index';

const LIMITS = { bodyMegabytes: 5, batch: 500, latenessDays: 7, requestsPerMinute: 6000 };
const MEGABYTE = 1024 * 1024;

/**
 * What the panel and the credential say.
 * @throws NodeOperationError naming the field
 */
export async function settingsOf(node: IHookFunctions | IWebhookFunctions): Promise<CollectorSettings> {
	const path = node.getNodeParameter('path') as string;
	const limits = { ...LIMITS, ...(node.getNodeParameter('limits', {}) as Partial<typeof LIMITS>) };
	const { writeKey, secondWriteKey } = await node.getCredentials<{ writeKey: string; secondWriteKey?: string }>('journeyWriteKey');

	const refuse = (message: string, description: string) => new NodeOperationError(node.getNode(), message, { description });
	if (!/^[\w-]+(\/[\w-]+)*$/.test(path)) {
		throw refuse(`Path: "${path}" cannot be part of a URL here`, 'Use letters, digits, "-" and "_", with single slashes in between, e.g. journey or shop/events.');
	}
	for (const [name, value] of Object.entries(limits)) {
		if (!Number.isInteger(value) || value < 1) throw refuse(`Limits, ${name}: found ${String(value)}`, 'Enter a whole number of at least 1, or remove the limit to get the default.');
	}
	if (!writeKey) throw refuse('The credential Journey Write Key has no Write Key', 'Enter a long random text there, and give the same to your senders.');

	return {
		writeKeys: secondWriteKey ? [writeKey, secondWriteKey] : [writeKey],
		bodyLimitBytes: limits.bodyMegabytes * MEGABYTE,
		batchLimit: limits.batch,
		latenessDays: limits.latenessDays,
		requestsPerMinute: limits.requestsPerMinute,
	};
}
