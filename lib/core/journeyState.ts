/** What a journey is to an operator. `docs/control.md` says how it comes to each state in n8n. */
export type JourneyState = 'draft' | 'scheduled' | 'live' | 'paused' | 'closed' | 'ended' | 'archived';

/** What its state follows from. */
export interface JourneyFacts {
	opens_at: Date | null;
	ends_at: Date | null;
	paused_at: Date | null;
	closed_at: Date | null;
	archived_at: Date | null;
	/** Since when no Entry Trigger of it listens: its workflow is not published, or gone. Null: one does. */
	off_since: Date | null;
	/** Somebody has entered. */
	entered: boolean;
}

/** The first that holds, and since when. */
export function stateOf(facts: JourneyFacts, now: Date): { state: JourneyState; since: Date | null; because: string } {
	const { archived_at, off_since, entered, paused_at, ends_at, closed_at, opens_at } = facts;
	if (archived_at) return { state: 'archived', since: archived_at, because: 'an operator archived it' };
	if (off_since && !entered) return { state: 'draft', since: off_since, because: 'its workflow is not published, and nobody has entered' };
	if (paused_at) return { state: 'paused', since: paused_at, because: 'an operator paused it' };
	if (off_since) return { state: 'paused', since: off_since, because: 'its workflow is not published, or was deleted' };
	if (ends_at && ends_at <= now) return { state: 'ended', since: ends_at, because: 'its end has come: nobody enters, those inside go on' };
	if (closed_at) return { state: 'closed', since: closed_at, because: 'an operator closed its entries: those inside go on' };
	if (opens_at && opens_at > now) return { state: 'scheduled', since: null, because: `it opens ${opens_at.toISOString()}` };
	return { state: 'live', since: null, because: 'people enter and go on' };
}
