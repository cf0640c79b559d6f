import { isIPv6 } from 'node:net';

import { StoreError, isServerUrl } from '../../lib/index';

/**
 * The URL of a server that a *Journey Store* credential names in two fields, without user, password and database.
 *
 * @param fields begins the names of both fields in the panel: '' or 'Redis '
 * @throws StoreError naming the field: what is not taken into a URL is left out of it without a word
 */
export function serverUrl(scheme: 'postgres' | 'redis', fields: '' | 'Redis ', host: unknown, port: unknown): URL {
	// Before an @ there may be a password.
	const refuse = (field: string, found: unknown, advice: string) => new StoreError(`Credential Journey Store, ${fields}${field}: "${String(found).replace(/^.*@/s, '…@')}" cannot be used. ${advice}`);
	const url = new URL(`${scheme}://localhost`);
	const name = String(host).trim().replace(/^\[(.*:.*)\]$/, '$1');
	url.hostname = isIPv6(name) ? `[${name}]` : name;
	// An IPv6 address may be written in several ways.
	if (isIPv6(name) ? !url.hostname.startsWith('[') : url.hostname !== name || name === '') throw refuse('Host', host, 'Enter a name or an address alone, such as db.example.com or 10.0.0.5; the port has a field of its own.');
	if (!/^[1-9]\d{0,4}$/.test(String(port)) || Number(port) > 65_535) throw refuse('Port', port, 'Enter a whole number from 1 to 65535.');
	url.port = String(port);
	return url;
}

const SCHEMES = { JOURNEY_STORE_URL: ['postgres', 'postgresql'], JOURNEY_REDIS_URL: ['redis', 'rediss'] };

/**
 * A server's URL of the environment, if there is one.
 * @throws StoreError naming the variable, without its value: it has a password
 */
export function urlOfEnvironment(variable: keyof typeof SCHEMES): string | undefined {
	const url = process.env[variable]?.trim();
	if (!url) return undefined;
	const schemes = SCHEMES[variable];
	if (isServerUrl(url, schemes)) return url;
	throw new StoreError(`${variable} is not a URL of the form ${schemes[0]}://user:password@host:port/database. In user and password write @ : / ? # % as %40 %3A %2F %3F %23 %25.`);
}
