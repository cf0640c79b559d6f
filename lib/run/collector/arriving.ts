import type { IncomingHttpHeaders } from 'node:http';

import { HttpRefusal } from './httpRefusal';

/** Bytes of bodies on their way: from senders who have shown a write key, and from those whose key is in the body itself. */
const MOST_ARRIVING = { known: 64 * 2 ** 20, unknown: 16 * 2 ** 20 };

/** Room for bodies that are being read and unpacked, so that no number of senders fills n8n's memory. */
export class Arriving {
	private readonly bytes = { known: 0, unknown: 0 };

	constructor(private readonly most = MOST_ARRIVING) {}

	/**
	 * Takes room for a body before it is read.
	 * @param limit most bytes of a body, also after unpacking
	 * @returns gives it back, once
	 * @throws HttpRefusal 503 when there is none
	 */
	take(headers: IncomingHttpHeaders, limit: number): () => void {
		const from = headers.authorization === undefined ? 'unknown' : 'known';
		const size = sizeOf(headers, limit, from === 'known');
		// One larger than all the room still has its turn, alone.
		if (this.bytes[from] > 0 && this.bytes[from] + size > this.most[from]) {
			throw new HttpRefusal(503, 'More requests arrive than can be read at the moment: nothing of this was kept, send the same again.', { 'Retry-After': '1' });
		}
		this.bytes[from] += size;
		let taken = size;
		return () => {
			this.bytes[from] -= taken;
			taken = 0;
		};
	}
}

/** What it says; of a stranger what it may be unpacked. */
function sizeOf(headers: IncomingHttpHeaders, limit: number, known: boolean): number {
	const length = headers['content-length'];
	if (length === undefined) return limit;
	const packed = !['', 'identity'].includes(headers['content-encoding']?.trim().toLowerCase() ?? '');
	return packed && !known ? limit : Math.min(limit, Number(length));
}
