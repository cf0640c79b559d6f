import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whose write key was given, as a hash of the key; `undefined` for nobody's. The time it takes tells nothing about the
 * keys: hashes have one length, and every key is compared.
 */
export function senderOf(given: string, writeKeys: string[]): string | undefined {
	const hash = digest(given);
	const known = writeKeys.filter((key) => key !== '' && timingSafeEqual(digest(key), hash)).length > 0;
	return known ? hash.toString('hex') : undefined;
}

/** The user name of an `Authorization: Basic` header, where Segment's libraries put the write key. */
export function basicAuthUser(header: string | undefined): string | undefined {
	const encoded = /^Basic\s+([\w+/=-]+)$/i.exec(header?.trim() ?? '')?.[1];
	return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
}

function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
