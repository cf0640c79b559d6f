import { homedir } from 'node:os';
import { join } from 'node:path';

import { isServerUrl } from '../core/serverUrl';
import type { StoreSettings } from '../store/types';

export const OPTIONS = {
	'help': { type: 'boolean', short: 'h' },
	'url': { type: 'string' },
	'schema': { type: 'string' },
	'folder': { type: 'string' },
	'replace': { type: 'boolean' },
	'skip': { type: 'boolean' },
	'go-on': { type: 'boolean' },
	'not-moved': { type: 'boolean' },
	'taken-at': { type: 'string' },
	'to': { type: 'string' },
	'to-schema': { type: 'string' },
} as const;

/** What stands behind the command's name. */
export interface Given {
	values: { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string };
	rest: string[];
}

/** The command cannot be understood. */
export class Usage extends Error {}

/** A store as it is found: nothing is migrated. */
export type Found = StoreSettings & { upTo: 0 };

/** The store that is meant: as the nodes find theirs without a credential. */
export function storeMeant({ url, schema, folder }: Given['values']): Found {
	if (url !== undefined && folder !== undefined) throw new Usage('--url and --folder are two stores: name one.');
	const name = schema ?? process.env.JOURNEY_STORE_SCHEMA ?? 'journey';
	const server = folder === undefined ? (url ?? process.env.JOURNEY_STORE_URL) : undefined;
	if (server) return { url: postgresUrl(server), schema: name, upTo: 0, connections: 2 };
	return { folder: folder ?? storeFolder(), schema: name, upTo: 0 };
}

/** Where the embedded store is when nothing else is said. */
export function storeFolder(): string {
	return join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n', 'journey');
}

/** @throws Usage when it is not a Postgres's */
export function postgresUrl(url: string): string {
	if (!isServerUrl(url, ['postgres', 'postgresql'])) throw new Usage('The URL of a store has the form postgres://user:password@host:port/database; in user and password write @ : / ? # % as %40 %3A %2F %3F %23 %25.');
	return url;
}

/** The one file that is named. */
export function fileMeant({ rest }: Given, command: string): string {
	if (rest.length !== 1) throw new Usage(`Name one file: n8n-nodes-journey ${command} <file>`);
	return rest[0]!;
}
