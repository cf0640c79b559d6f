import { MOST_ENTRIES } from './canvas';
import type { Plot } from './schedule';

/** What must become of each time that somebody of a plot is in the journey. */
export interface Fate {
	/** how often let in, those included that started again at once */
	entries: number;
	/** Steps waited at, in order. Whoever converts or starts again may leave behind any of them. */
	waits: string[];
	converts: 'yes' | 'no' | 'unless over';
	reminder: 'sent' | 'bounces' | 'none' | 'perhaps';
}

const plain: Fate = { entries: 1, waits: ['Pause', 'Rest'], converts: 'no', reminder: 'sent' };

export const FATES: Record<Plot, Fate> = {
	quiet: plain,
	clicks: { ...plain, waits: ['Pause', 'Click', 'Rest'] },
	// Nobody clicks for them, so only the order takes them out.
	buys: { ...plain, waits: ['Pause', 'Click'], converts: 'yes', reminder: 'none' },
	'buys early or late': { ...plain, converts: 'unless over', reminder: 'perhaps' },
	'comes back': { ...plain, entries: MOST_ENTRIES },
	bounces: { ...plain, reminder: 'bounces' },
	'refuses mail': { ...plain, reminder: 'none' },
};
