import { HttpRefusal } from './httpRefusal';

/** Bytes of bodies on their way: from senders who have shown a write key, and from those whose key is in the body itself. */
const MOST_ARRIVING = { known: 64 * 2 ** 20, unknown: 16 * 2 ** 20 };

/** What one request has of the room. */
export interface Room {
	/** Before so many bytes more are kept. @throws HttpRefusal 503 when there is no room for them */
	take: (bytes: number) => void;
	/** Gives all of it back. */
	leave: () => void;
}

/**
 * Room for bodies that are being read and unpacked, so that no number of senders fills n8n's memory. It is taken by what
 * has arrived, never by what a request says of itself: else a few who send nothing would keep out everybody.
 */
export class Arriving {
	private readonly bytes = { known: 0, unknown: 0 };

	room(from: 'known' | 'unknown'): Room {
		let taken = 0;
		return {
			take: (bytes) => {
				// One larger than all the room still has its turn, alone.
				if (this.bytes[from] > taken && this.bytes[from] + bytes > MOST_ARRIVING[from]) {
					throw new HttpRefusal(503, 'More requests arrive than can be read at the moment: nothing of this was kept, send the same again.', { 'Retry-After': '1' });
				}
				this.bytes[from] += bytes;
				taken += bytes;
			},
			leave: () => {
				this.bytes[from] -= taken;
				taken = 0;
			},
		};
	}
}
