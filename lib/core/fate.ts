import type { StepChange } from './canvas/changes';

/** What becomes of those who wait at a step when a canvas is published. */
export type Fate =
	/** They wait on. `problems`: nothing happens there while there is one · `entry`: only an Entry Trigger that listens takes people from a step · `told`: at the time that they were told */
	| { becomes: 'stay'; because?: 'problems' | 'entry' | 'told' }
	/** They leave the journey: `step_removed`. */
	| { becomes: 'leave' }
	/** They go to another State, by its name, and begin to wait there. */
	| { becomes: 'move'; to: string }
	/** Their wait takes another time; of the sooner ones so many are overdue at once, and spread over so many minutes. The others wait as long as before. */
	| { becomes: 'follow'; sooner: number; later: number; atOnce: number; minutes: number };

/** One step of a preview, as far as it is told. */
export interface Previewed {
	step: string;
	change: StepChange['change'];
	was?: string;
	waiting: number;
	running: number;
	fate: Fate;
	goalVersion?: number;
}

const CHANGES: Record<StepChange['change'], string> = {
	new: 'is new', removed: 'is removed', disabled: 'is disabled', enabled: 'is enabled', changed: 'is changed', none: 'stays as it is',
};

/** What a publish means for one step, in words. */
export function fateWords({ step, change, was, waiting, running, fate, goalVersion }: Previewed): string {
	const sentences = [
		`'${step}' ${CHANGES[change]}${was === undefined ? '' : `, and was called '${was}'`}${waiting > 0 ? `: ${ofWaiting(waiting, change, fate)}` : ''}.`,
		running > 0 && `${count(running, 'person is', 'people are')} on the way from there, and ${running === 1 ? 'goes' : 'go'} on by what is published then.`,
		goalVersion !== undefined && `It counts as version ${goalVersion} from then on, apart from what was reached before.`,
	];
	return sentences.filter(Boolean).join(' ');
}

function ofWaiting(waiting: number, change: StepChange['change'], fate: Fate): string {
	const people = count(waiting, 'person', 'people');
	const one = waiting === 1;
	switch (fate.becomes) {
		case 'leave': return `${people} ${one ? 'leaves' : 'leave'} the journey (step_removed)`;
		case 'move': return `${people} ${one ? 'goes' : 'go'} to '${fate.to}' and ${one ? 'begins' : 'begin'} to wait there`;
		case 'follow': return `of ${people} who ${one ? 'waits' : 'wait'} there ${followed(fate)}`;
		default: return `${people} ${stays(one, change, fate.because)}`;
	}
}

function followed({ sooner, later, atOnce, minutes }: Extract<Fate, { becomes: 'follow' }>): string {
	const spread = minutes > 1 ? `, spread over ${minutes} minutes` : '';
	const parts = [
		sooner > 0 && `${count(sooner, 'goes', 'go')} on sooner${atOnce > 0 ? ` (${atOnce.toLocaleString('en')} at once${spread})` : ''}`,
		later > 0 && `${count(later, 'goes', 'go')} on later`,
	].filter(Boolean);
	return parts.length > 0 ? parts.join(', ') : 'nobody goes on at another time';
}

function stays(one: boolean, change: StepChange['change'], because: Extract<Fate, { becomes: 'stay' }>['because']): string {
	const [stay, wait] = one ? ['stays', 'waits'] : ['stay', 'wait'];
	switch (because) {
		case 'problems': return `${stay} there until what is wrong is mended`;
		case 'entry': return `${stay} there, and nothing wakes them until the Entry Trigger listens again`;
		case 'told': return `${wait} on until the time that they were told`;
		default: return change === 'changed' ? `${wait} on as they came; the change holds for whoever comes next` : `${wait} on`;
	}
}

function count(many: number, one: string, others: string): string {
	return `${many.toLocaleString('en')} ${many === 1 ? one : others}`;
}
