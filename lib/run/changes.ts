import type { ProfileWrite } from '../core/people';
import { dueAt } from '../core/time';
import { TimeRuleError } from '../core/time-rule-error';
import { NO_DATE, type AttributeDate } from '../core/types';
import { changeListeners, datedWaits, moveDeadlines, wakeByChange, wakeUndated, type DatedWait, type Who } from '../store/changes';
import { endWaiting } from '../store/finish';
import type { Connection } from '../store/types';

/** Lets waits know what was just written about people. The caller holds the match lock. @returns how many it wakes or moves */
export async function matchWrites(db: Connection, writes: ProfileWrite[]): Promise<number> {
	const written = writes.filter(({ attributes }) => attributes.length > 0);
	if (written.length === 0) return 0;
	const listening = await changeListeners(db, [...new Set(written.flatMap(({ attributes }) => attributes.map(({ name }) => name)))]);
	const who = { profiles: written.map((one) => one.profile_id) };
	const moved = listening.has('date') ? await rereadDates(db, who) : 0;
	return moved + (listening.has('attribute') ? await wakeByChange(db, who) : 0);
}

/** The same for what became of messages. */
export async function matchEngagements(db: Connection, profiles: number[], kinds: string[]): Promise<number> {
	const listening = await changeListeners(db, kinds);
	return listening.has('message') ? await wakeByChange(db, { profiles }) : 0;
}

/** The same for who has just joined a segment. The caller holds the match lock: who begins to wait afterwards sees the membership. */
export async function matchMembers(db: Connection, segment: string, profiles: number[]): Promise<number> {
	if (profiles.length === 0) return 0;
	const listening = await changeListeners(db, [segment]);
	return listening.has('segment') ? await wakeByChange(db, { profiles }) : 0;
}

/** The look-back of waits that have just begun, or whose person is another one now. */
export async function lookAtPeople(db: Connection, instances: number[]): Promise<void> {
	if (instances.length === 0) return;
	await rereadDates(db, { instances });
	await wakeByChange(db, { instances });
}

async function rereadDates(db: Connection, who: Who): Promise<number> {
	const now = (await datedWaits(db, who)).map((wait) => ({ ...wait, ...dueOf(wait, db.now) }));
	const undated = now.flatMap(({ id, problem }) => (problem === undefined ? [] : [{ id, problem }]));
	const past = now.filter(({ at, until }) => at && at <= db.now && until.past === 'exit');
	const moved = now.filter((one) => one.at && +one.at !== +one.due_at && !past.includes(one)).map(({ id, at }) => ({ id, due_at: at! }));
	if (undated.length > 0) await wakeUndated(db, undated, NO_DATE);
	if (past.length > 0) await endWaiting(db, past.map(({ id }) => id), 'date_past');
	if (moved.length > 0) await moveDeadlines(db, moved);
	return undated.length + past.length + moved.length;
}

function dueOf({ until, value, zone }: DatedWait, now: Date): { at?: Date; problem?: string } {
	try {
		return { at: attributeDue(until, value, now, zone) };
	} catch (error) {
		if (!(error instanceof TimeRuleError)) throw error;
		return { problem: error.message };
	}
}

/** When a wait for the date of an attribute is over. @throws TimeRuleError when what the attribute holds is no date */
export function attributeDue({ offset }: AttributeDate, value: unknown, now: Date, zone: string): Date {
	return dueAt({ kind: 'date', date: value ?? undefined, offset }, now, zone);
}
