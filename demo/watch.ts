import { setTimeout as sleep } from 'node:timers/promises';
import type { Counts } from '../lib/report/counts';
import type { Desk } from './desk';
import { tableOf, type Screen } from './screen';

const EVERY_MS = 300;
/** Longer than a lease, after which what a killed n8n held goes on. */
const PATIENCE_MS = 180_000;

/** Keeps the table on the screen up to date, and knows when something has come about. */
export class Watch {
	counts?: Counts;
	/** What goes on, above the table. */
	words = '';
	private stopped = false;
	private readonly ended: Promise<void>;

	constructor(private readonly desk: Desk, private readonly screen: Screen) {
		this.ended = this.loop();
	}

	/** Waits until the numbers say so. @throws with the last numbers when they do not for three minutes */
	async until(what: string, reached: (counts: Counts) => boolean): Promise<Counts> {
		const end = Date.now() + PATIENCE_MS;
		while (!this.counts || !reached(this.counts)) {
			if (Date.now() > end) throw new Error(`Still not, after ${PATIENCE_MS / 1000} s: ${what}. The last numbers: ${JSON.stringify(this.counts)}`);
			await sleep(EVERY_MS);
		}
		return this.counts;
	}

	async stop(): Promise<void> {
		this.stopped = true;
		await this.ended;
	}

	private async loop(): Promise<void> {
		while (!this.stopped) {
			try {
				this.counts = await this.desk.counts();
				this.screen.draw(tableOf(this.counts, this.words));
			} catch (error) {
				// While n8n is down nobody answers; who waits for numbers gives up in time.
				this.screen.draw(`${this.words}\n(n8n does not answer: ${(error as Error).message})`);
			}
			await sleep(EVERY_MS);
		}
	}
}

export const insideOf = (counts: Counts) => counts.inside.reduce((total, { waiting, running }) => total + waiting + running, 0);
export const waitingAt = (counts: Counts, step: string) => counts.inside.find((one) => one.step === step)?.waiting ?? 0;
