import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { HttpRefusal } from './httpRefusal';

const unzip = promisify(gunzip);

/**
 * Reads a request's body as JSON in UTF-8, unpacked if it is gzipped. The content type does not matter: browsers send
 * JSON as text/plain to do without a preflight.
 *
 * @param encoding the Content-Encoding header
 * @param limit most bytes, also after unpacking
 * @returns the value, and how many bytes it is unpacked
 * @throws HttpRefusal 400, 413 or 415
 */
export async function readJson(bytes: Buffer, encoding: string | undefined, limit: number): Promise<{ value: unknown; size: number }> {
	if (bytes.length > limit) throw tooLarge(limit);
	const unpacked = await unpack(bytes, encoding?.trim().toLowerCase() ?? 'identity', limit);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(unpacked);
	} catch {
		throw new HttpRefusal(400, 'The body is not valid UTF-8: send JSON in UTF-8.');
	}
	try {
		return { value: JSON.parse(text) as unknown, size: unpacked.length };
	} catch (error) {
		throw new HttpRefusal(400, `The body is not valid JSON: ${(error as Error).message}`);
	}
}

async function unpack(bytes: Buffer, encoding: string, limit: number): Promise<Buffer> {
	if (encoding === 'identity' || encoding === '') return bytes;
	if (encoding !== 'gzip' && encoding !== 'x-gzip') throw new HttpRefusal(415, `Content-Encoding ${encoding} is not supported: send gzip, or no encoding.`);
	try {
		return await unzip(bytes, { maxOutputLength: limit });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
		throw new HttpRefusal(400, 'The body is not valid gzip, although Content-Encoding says so.');
	}
}

function tooLarge(limit: number): HttpRefusal {
	return new HttpRefusal(413, `The body is larger than ${limit} bytes: send smaller batches.`);
}
