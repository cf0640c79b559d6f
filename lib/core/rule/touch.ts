import { rulesOf } from '../rule';
import type { Rule } from '../types';

/** What may change the answer of a rule at the moment in which it happens. Time, other segments, journeys and messages may as well, but make no such moment. */
export interface Touches {
	/** Names of events. */
	events: string[];
	/** Names of traits: the events that these count. */
	traits: string[];
	/** What is written to a profile: attributes, tags, consent, addresses. */
	profile: boolean;
}

const OF_PROFILES = ['attribute', 'tag', 'consent', 'reachable', 'identity'] as const;

export function touchesOf(rule: Rule): Touches {
	const events = [...rulesOf(rule, 'behaviour'), ...rulesOf(rule, 'aggregate')].map(({ event }) => event);
	const traits = rulesOf(rule, 'trait').map(({ trait }) => trait);
	return { events: [...new Set(events)], traits: [...new Set(traits)], profile: OF_PROFILES.some((kind) => rulesOf(rule, kind).length > 0) };
}
