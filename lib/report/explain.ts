import { kindName } from '../core/customerData';
import { KEYS_NAMED, noJourney } from '../core/journeyKey';
import type { Identity } from '../core/types';
import { profilesAt } from '../store/customers';
import { findJourneys, loadStories, someJourneyKeys } from '../store/story';
import type { Store } from '../store/types';
import { sentence, stamp } from './sentences';
import { neverSelected } from './unselected';

/** Whose story in which journey, by its key; newest first, at most `limit` sentences after the newest `skip`. */
export interface Question {
	identity: Identity;
	journey: string;
	limit: number;
	skip: number;
}

/** One sentence of a story. */
export interface Told {
	at: string;
	/** With its time in front. */
	sentence: string;
	kind: string;
	step: string | null;
	instance: number | null;
}

/**
 * What happened to people in journeys, as sentences, newest first; where they are now stands on top.
 *
 * @returns for each question its sentences, or what is wrong with it
 */
export async function explain(store: Store, questions: Question[]): Promise<Array<Told[] | { problem: string }>> {
	return await store.tx(async (db) => {
		const people = await profilesAt(db, questions.map(({ identity }) => identity));
		const journeys = await findJourneys(db, questions.map(({ journey }) => journey));
		const answers = questions.map(({ identity, journey, limit, skip }, at) => {
			const [profile_id, journey_id] = [people[at], journeys.get(journey)];
			if (profile_id === undefined) return { problem: strangers(identity) };
			return journey_id === undefined ? { problem: '' } : { profile_id, journey_id, most: limit, skip };
		});
		const asked = answers.flatMap((one) => ('problem' in one ? [] : [one]));
		const facts = asked.length > 0 ? await loadStories(db, asked) : [];
		const unselected = await neverSelected(db, asked);
		const keys = answers.some((one) => 'problem' in one && one.problem === '') ? await someJourneyKeys(db, KEYS_NAMED) : [];
		return answers.map((one, at) => {
			const { journey } = questions[at]!;
			if ('problem' in one) return one.problem ? one : { problem: noJourney(journey, keys) };
			const story = facts.filter((fact) => fact.asked === asked.indexOf(one)).map((fact) => ({
				at: fact.at.toISOString(), sentence: sentence(fact), kind: fact.kind, step: fact.step, instance: fact.instance,
			}));
			const run = one.skip === 0 && unselected.get(asked.indexOf(one));
			if (run) return inTime(run, story).slice(0, one.most);
			// Of consent there may be something to tell of somebody who never came near this journey.
			const entered = one.skip > 0 || facts.some((fact) => fact.asked === asked.indexOf(one) && fact.source !== 'consent') || story.length >= one.most;
			return entered ? story : [nothing(journey, db.now), ...story];
		});
	});
}

/** Behind what is later, where they are now among it. */
function inTime(one: Told, story: Told[]): Told[] {
	const at = story.findIndex((told) => told.at < one.at);
	return at < 0 ? [...story, one] : story.toSpliced(at, 0, one);
}

function strangers({ kind, value }: Identity): string {
	return `no customer has the ${kindName(kind)} "${value}": check the value, or whether it was ever sent`;
}

function nothing(journey: string, now: Date): Told {
	const words = `Nothing is on record: no event of this customer has matched the Entry Trigger of "${journey}" while it was published.`;
	return { at: now.toISOString(), sentence: `${stamp(now)} — ${words}`, kind: 'nothing', step: null, instance: null };
}
