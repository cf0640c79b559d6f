import type { Arrangement } from './schedule';

export type Form = Arrangement | 'clock';
const FORMS: Form[] = ['single', 'queue', 'clock'];

export const USAGE = `npm run torture [-- --seed N] [--seeds N] [--minutes N] [--form single|queue|clock]
  --seed     the first seed; default: a new one in every run. One seed alone: replays it
  --seeds    how many, one after the other, in each form; default: as many as the minutes allow
  --minutes  begins no seed after that; default 5
  --form     n8n alone; a main, two workers and a process for webhooks; or the frozen clock. Default: all in turn`;

export interface Options {
	seed: number;
	seeds: number;
	minutes: number;
	forms: Form[];
}

/** @param words as they stand behind the command @throws with the usage */
export function readOptions(words: string[], newSeed: number): Options {
	const given = new Map<string, string>();
	for (let at = 0; at < words.length; at += 2) {
		const [name, value] = [words[at]!, words[at + 1]];
		if (!['--seed', '--seeds', '--minutes', '--form'].includes(name) || value === undefined) throw new Error(`${words.join(' ')}: "${name}" is not known or has no value.\n${USAGE}`);
		given.set(name, value);
	}
	const whole = (name: string) => {
		const value = given.get(name);
		if (value === undefined) return undefined;
		if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} ${value}: a whole number is needed.\n${USAGE}`);
		return Number(value);
	};
	const form = given.get('--form');
	if (form !== undefined && !FORMS.includes(form as Form)) throw new Error(`--form ${form}: there is ${FORMS.join(', ')}.\n${USAGE}`);
	const seed = whole('--seed');
	const counted = whole('--seeds') ?? (seed === undefined ? undefined : whole('--minutes') === undefined ? 1 : undefined);
	return {
		seed: seed ?? newSeed, seeds: counted ?? Infinity, forms: form === undefined ? FORMS : [form as Form],
		minutes: whole('--minutes') ?? (counted === undefined ? 5 : Infinity),
	};
}
