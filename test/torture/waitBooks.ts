import type { Check, Wrong } from './books';
import type { Ledger } from './ledger';

type Fact = Ledger['journal'][number];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Whether a State (see `canvas.ts`) may be set to wait for a time between these two, in milliseconds. */
const LASTS: Record<string, (least: number, most: number) => boolean> = {
	Pause: (least, most) => [SECOND, 2 * SECOND].some((ms) => ms >= least && ms <= most),
	Click: (least, most) => Math.max(100, Math.ceil(least / MINUTE)) * MINUTE <= most,
	Rest: (least, most) => SECOND >= least && SECOND <= most,
	Turn: (least, most) => SECOND >= least && SECOND <= most,
};

/** At most between the reading of a publish and the writing of a page of those who follow it. */
const READ_BEFORE_MS = 5_000;

/**
 * Every wait is as long as its State says, counted from a moment between the step before and the park. Nobody is woken by
 * the time before it is over, and nobody by an event that is not on record, not theirs, not waited for, or not there yet.
 */
export const waitedAsLong: Check = ({ journal, events }) => {
	const known = new Map(events.map((one) => [one.id, one]));
	const came = new Map<number, Date>();
	const waits = new Map<string, { parked: Fact; due: Date }>();
	return journal.flatMap((one): Wrong[] => {
		const { kind, step, at, due_at, reason, detail } = one;
		const where = `${one.instance_id} ${step}`;
		const wait = waits.get(where);
		const wrong = (what: string): Wrong[] => [{ what: `instance ${one.instance_id} at ${step}: ${what}`, profile: one.profile_id }];
		if (kind === 'entered' || kind === 'woken') came.set(one.instance_id!, at);
		if (kind === 'parked') {
			waits.set(where, { parked: one, due: due_at! });
			return LASTS[step!]!(+due_at! - +at, +due_at! - +came.get(one.instance_id!)!) ? [] : wrong(`waits from ${at.toISOString()} until ${due_at!.toISOString()}`);
		}
		if (kind === 'rescheduled' && wait) {
			waits.set(where, { ...wait, due: due_at! });
			const lasts = +due_at! - +wait.parked.at;
			const atOnce = Math.abs(+at - +due_at!) <= READ_BEFORE_MS && LASTS[step!]!(0, lasts);
			// As if it had been so when they came; who would have gone on already does so now, which is when the publish was read.
			return LASTS[step!]!(lasts, lasts) || atOnce ? [] : wrong(`is to wait from ${wait.parked.at.toISOString()} until ${due_at!.toISOString()}`);
		}
		if (kind !== 'woken') return [];
		if (!wait) return wrong('woke and did not wait');
		if (reason === 'time') return at >= wait.due ? [] : wrong(`woke at ${at.toISOString()}, before its time ${wait.due.toISOString()}`);
		const event = known.get(Number(detail?.event_id));
		if (reason === 'event' && step === 'Click' && event?.name === 'click' && event.profile_id === one.profile_id && event.received_at <= at) return [];
		return wrong(`woke by ${reason} ${JSON.stringify(event ?? detail)}`);
	});
};
