import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { HttpRefusal } from './httpRefusal';

type Take = (bytes: number) => void;

/**
 * Reads a request's body, and unpacks it if it is gzipped.
 *
 * @param limit most bytes, also after unpacking
 * @param take is asked before more bytes are kept; what it throws is thrown
 * @throws HttpRefusal 400, 413 or 415
 */
export async function readBody(request: Readable & { headers: IncomingHttpHeaders }, limit: number, take: Take = () => undefined): Promise<Buffer> {
	const { 'content-length': length, 'content-encoding': encoding } = request.headers;
	try {
		if (Number(length) > limit) throw tooLarge(limit);
		const packed = isPacked(encoding?.trim().toLowerCase() ?? 'identity');
		const sent = await readAll(request, limit, take, 'The body ended early: send it again.');
		return packed ? await unpack(sent, limit, take) : sent;
	} finally {
		// Of one that is refused the rest is read, though not kept: its sender gets the answer, and may go on with the next.
		request.resume();
	}
}

/**
 * A body as JSON in UTF-8. The content type does not matter: browsers send JSON as text/plain to do without a preflight.
 * @throws HttpRefusal 400 or 413
 */
export function readJson(bytes: Buffer, limit: number): unknown {
	if (bytes.length > limit) throw tooLarge(limit);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		throw new HttpRefusal(400, 'The body is not valid UTF-8: send JSON in UTF-8.');
	}
	try {
		return JSON.parse(text) as unknown;
	} catch (error) {
		throw new HttpRefusal(400, `The body is not valid JSON: ${(error as Error).message}`);
	}
}

function isPacked(encoding: string): boolean {
	if (encoding === 'identity' || encoding === '') return false;
	if (encoding === 'gzip' || encoding === 'x-gzip') return true;
	throw new HttpRefusal(415, `Content-Encoding ${encoding} is not supported: send gzip, or no encoding.`);
}

async function unpack(bytes: Buffer, limit: number, take: Take): Promise<Buffer> {
	const gunzip = createGunzip();
	try {
		gunzip.end(bytes);
		return await readAll(gunzip, limit, take, 'The body is not valid gzip, although Content-Encoding says so.');
	} finally {
		gunzip.destroy();
	}
}

/** Copies chunks together, for each that is kept costs hundreds of bytes, and a sender may send them of one byte. */
async function readAll(stream: Readable, limit: number, take: Take, broken: string): Promise<Buffer> {
	let kept = Buffer.alloc(0);
	let size = 0;
	try {
		for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
			const whole = size + chunk.length;
			if (whole > limit) throw tooLarge(limit);
			if (whole > kept.length) {
				const length = Math.min(limit, 2 * whole);
				take(length - kept.length);
				kept = Buffer.concat([kept], length);
			}
			size += chunk.copy(kept, size);
		}
	} catch (error) {
		throw error instanceof HttpRefusal ? error : new HttpRefusal(400, broken);
	}
	return kept.subarray(0, size);
}

function tooLarge(limit: number): HttpRefusal {
	return new HttpRefusal(413, `The body is larger than ${limit} bytes: send smaller batches.`);
}
