import type { IncomingMessage } from 'node:http';

/**
 * The body of a request as it was sent, and how it is encoded. n8n has usually read and unpacked it by now.
 *
 * @param limit beyond it the rest is read, so that the sender gets its answer, but not kept; one byte more comes back
 */
export async function requestBytes(request: IncomingMessage, limit: number): Promise<{ body: Buffer; encoding: string | undefined }> {
	if (request.rawBody) return { body: request.rawBody, encoding: undefined };
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		if (length <= limit) chunks.push(chunk);
		length += chunk.length;
	}
	return { body: Buffer.concat(chunks), encoding: request.headers['content-encoding'] };
}
