import type { Arrangement } from '../../support/arrangement';
import { journeyNode } from '../../support/canvas';
import type { Watch } from '../../support/watch';

/** n8n keeps the time here, so waits are as short as they can be told apart. */
export const SECONDS = 3;
export const quiet = { saveDataSuccessExecution: 'none' };
export const entry = (event: string, more: object = {}) => journeyNode('Entry', 'journeyEntryTrigger', { event, ...more });
/** Leaves a mark on the customer: which output, and by which event. */
export const mark = (name: string, tags = name.toLowerCase()) => journeyNode(name, 'journeyAction', { operation: 'addTags', tags });
export const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** What the scenarios ask of a started n8n, whichever it is. */
export class Scene {
	constructor(private readonly started: () => Arrangement) {}

	get on(): Arrangement {
		return this.started();
	}

	get watch(): Watch {
		return this.on.watch;
	}

	async parked(...people: string[]): Promise<void> {
		await this.all(people, 'wait', (line) => line.startsWith('parked'));
	}

	async through(...people: string[]): Promise<void> {
		await this.all(people, 'are through', (line) => line.startsWith('done'));
	}

	private async all(people: string[], what: string, wanted: (line: string) => boolean): Promise<void> {
		await this.watch.until(`${people.join(', ')} ${what}`, async () => {
			const stories = await Promise.all(people.map(async (who) => await this.watch.story(who)));
			return stories.every((story) => story.some(wanted));
		});
	}

	/** When the time of somebody who waits is up. */
	async dueOf(who: string): Promise<Date> {
		const [found] = await this.watch.rows<{ due_at: Date }>(
			"SELECT due_at FROM instances JOIN identities USING (profile_id) WHERE kind = 'user_id' AND value = $1", [who]);
		if (!found) throw new Error(`${who} is in no journey.`);
		return found.due_at;
	}

	async tagsOf(...people: string[]): Promise<string[][]> {
		return await Promise.all(people.map(async (who) => (await this.watch.tagsOf(who)).sort()));
	}
}
