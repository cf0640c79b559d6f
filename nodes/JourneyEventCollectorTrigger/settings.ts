import { NodeOperationError, type IHookFunctions, type ITriggerFunctions, type IWebhookFunctions } from 'n8n-workflow';
import { isIP } from 'node:net';

import type { CollectorSettings } from '../../lib/index';

const MEGABYTE = 1024 * 1024;

/** Names in the panel, and what holds when the limit is not set. */
const LIMITS = {
	bodyMegabytes: ['Body Size (MB)', 5],
	batch: ['Events per Batch', 500],
	latenessDays: ['Lateness (Days)', 7],
	requestsPerMinute: ['Requests per Minute', 6000],
} as const;
/** It carries more than n8n's own web server does. */
const OWN_PORT_REQUESTS_PER_MINUTE = 300_000;

type Node = IHookFunctions | ITriggerFunctions | IWebhookFunctions;

/** Where the panel wants the collector to listen besides; undefined: nowhere. Read before anything is awaited. */
export function ownPortOf(node: Node): { address: string; port: number } | undefined {
	if (node.getNodeParameter('ownPort', false) !== true) return undefined;
	const refuse = (message: string) => new NodeOperationError(node.getNode(), message);
	const address = String(node.getNodeParameter('address', '')).trim();
	if (isIP(address) === 0 && address !== 'localhost') {
		throw refuse(`Address: "${address}" is not an IP address. Enter 127.0.0.1 for this machine only, 0.0.0.0 for all its networks, or one of its own addresses.`);
	}
	const port = node.getNodeParameter('port', 0) as number;
	if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refuse(`Port: "${port}" is not a port. Enter a whole number from 1 to 65535.`);
	return { address, port };
}

/**
 * What the panel and the credential say of a door.
 * @throws NodeOperationError naming the field, what was found and what to do: publishing shows nothing but its message
 */
export async function settingsOf(node: Node, door: 'webhook' | 'port' = 'webhook'): Promise<CollectorSettings> {
	const refuse = (message: string) => new NodeOperationError(node.getNode(), message);
	const path = node.getNodeParameter('path') as string;
	if (!/^[\w-]+(\/[\w-]+)*$/.test(path)) {
		throw refuse(`Path: "${path}" cannot be part of the URL. Use letters, digits, "-" and "_", with single slashes in between, e.g. journey or shop/events.`);
	}

	const limits = node.getNodeParameter('limits', {}) as Record<string, unknown>;
	const limit = (name: keyof typeof LIMITS): number => {
		const [shown, preset] = LIMITS[name];
		const otherwise = name === 'requestsPerMinute' && door === 'port' ? OWN_PORT_REQUESTS_PER_MINUTE : preset;
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
