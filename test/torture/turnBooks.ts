import type { Check, Wrong } from './books';
import { MOST_INSIDE } from './canvas';

/** In the journey with a lock and a capacity everybody is once, by one of their carts, and never more than there are places for. */
export const inTheirTurn: Check = ({ events, journal, finished, refused, enrolments }, _played, people) => {
	const wrong = people.flatMap(({ user, profile }): Wrong[] => {
		const of = <T extends { profile_id: number }>(rows: T[]) => rows.filter(({ profile_id }) => profile_id === profile);
		const carts = of(events).filter(({ name }) => name === 'cart').length;
		const steps = of(journal).filter(({ kind }) => kind === 'entered' || kind === 'parked' || kind === 'done').map(({ kind, step }) => (kind === 'parked' ? step : kind)).join();
		const ends = of(finished).map(({ status, reason }) => `${status} ${reason}`).join();
		const refusals = of(refused).map(({ reason, times }) => `${times} ${reason}`).join();
		const turnedAway = of(refused).reduce((sum, { reason, times }) => sum + (reason === 'lock' || reason === 'already_inside' ? times : NaN), 0);
		const counted = of(enrolments).map(({ entries }) => entries).join();
		if (steps === 'entered,Turn,done' && ends === 'done completed' && counted === '1' && turnedAway === carts - 1) return [];
		return [{ what: `${user}, in turn: ${steps}; ended ${ends}; ${counted} entries counted, of ${carts} carts refused ${refusals || 'none'}`, profile }];
	});
	// In the order in which they were written, since a transaction's own time is when it began: what an admission saw of those who left is before it.
	let [inside, most] = [0, 0];
	for (const { kind } of journal) {
		inside += kind === 'entered' ? 1 : kind === 'done' || kind === 'failed' ? -1 : 0;
		most = Math.max(most, inside);
	}
	return most > MOST_INSIDE ? [...wrong, { what: `${most} were inside at once in turn, not ${MOST_INSIDE}` }] : wrong;
};
