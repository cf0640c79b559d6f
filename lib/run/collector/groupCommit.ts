import type { Outcome, Part } from '../takeInParts';
import { HttpRefusal } from './httpRefusal';

/** Beyond it a larger transaction saves nothing more, and keeps its people's locks for longer. */
const MOST_A_COMMIT = 5_000;
/** What waits is held in memory, as parsed a few times as large. */
const MOST_WAITING = { events: 20_000, bytes: 64 * 2 ** 20 };

interface Waiting {
	part: Part;
	size: number;
	bytes: number;
	settle: (outcome: Outcome) => void;
}

/**
 * Commits what arrives during a commit together, as the next one. So a single request waits for nobody, and thousands a
 * second share few transactions.
 */
export class GroupCommit {
	private readonly queue: Waiting[] = [];
	private readonly waiting = { events: 0, bytes: 0 };
	private committing = false;

	constructor(
		private readonly store: (parts: Part[]) => Promise<Outcome[]>,
		private readonly mostWaiting = MOST_WAITING,
	) {}

	/**
	 * @param bytes of the body that it came in, unpacked
	 * @returns what became of the part, after its commit
	 * @throws HttpRefusal 503 when too much waits already
	 */
	async add(part: Part, bytes: number): Promise<Outcome> {
		const size = part.entries.length + part.refused.length;
		const { waiting, mostWaiting } = this;
		// A part larger than all the room still has its turn, alone.
		if (waiting.events > 0 && (waiting.events + size > mostWaiting.events || waiting.bytes + bytes > mostWaiting.bytes)) {
			throw new HttpRefusal(503, 'More events arrive than can be stored at the moment: nothing of this was kept, send the same again.', { 'Retry-After': '1' });
		}
		waiting.events += size;
		waiting.bytes += bytes;
		return await new Promise((settle) => {
			this.queue.push({ part, size, bytes, settle });
			if (!this.committing) void this.run();
		});
	}

	private async run(): Promise<void> {
		this.committing = true;
		// What arrives in the same turn of the loop belongs to the first commit, too.
		await new Promise((resolve) => setImmediate(resolve));
		while (this.queue.length > 0) {
			const group = this.next();
			const outcomes = await this.store(group.map(({ part }) => part)).catch((error: Error) => group.map((): Outcome => ({ stored: false, error })));
			group.forEach(({ size, bytes, settle }, at) => {
				this.waiting.events -= size;
				this.waiting.bytes -= bytes;
				settle(outcomes[at]!);
			});
		}
		this.committing = false;
	}

	private next(): Waiting[] {
		let size = 0;
		const over = this.queue.findIndex((one) => (size += one.size) > MOST_A_COMMIT);
		return this.queue.splice(0, over === -1 ? this.queue.length : Math.max(1, over));
	}
}
