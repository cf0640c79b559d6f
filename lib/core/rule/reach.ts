import { rulesOf } from '../rule';
import type { Duration, Rule } from '../types';

/** How far back a rule asks for events; null: as far as there is anything. */
export function ruleReaches(rule: Rule): Array<Duration | null> {
	return [...rulesOf(rule, 'behaviour'), ...rulesOf(rule, 'aggregate')].flatMap(({ within }): Array<Duration | null> => {
		if (within === undefined) return [null];
		// Who is in a journey keeps the events since their entry.
		if (within === 'entry' || within === 'state') return [];
		// Zones are not more than a day apart.
		return ['calendarDays' in within ? { amount: within.calendarDays + 1, unit: 'days' } : within];
	});
}
