import { canonical } from '../core/canonical';
import { VERSION_SHOWN } from '../core/canvas/changes';
import { RuleError } from '../core/rule/error';
import type { Rule } from '../core/types';
import { profilesOutside, type Audience } from '../store/audience';
import { passedBy, type PassedBy } from '../store/runs';
import type { Connection } from '../store/types';
import type { Told } from './explain';
import { compared, stamp } from './sentences';

/*
 * Whom a schedule does not select is not refused: a run keeps its rule, its version and how many it took, and nothing
 * about a million people who are not in its audience. So the rule is asked again, of one, and that is said.
 */

/** Why the last run of a schedule did not take these people, by the position of the question; who was taken is left out. */
export async function neverSelected(db: Connection, questions: Array<{ profile_id: number; journey_id: number }>): Promise<Map<number, Told>> {
	const runs = questions.length > 0 ? await passedBy(db, questions) : [];
	const asked = runs.filter((run): run is Asked => run.state === 'done' && run.rule !== null);
	const found = new Map<PassedBy, string>();
	// Of one audience everybody at once.
	for (const rule of new Set(asked.map(ruleOf))) {
		const those = asked.filter((run) => ruleOf(run) === rule);
		const outside = await again(db, those);
		for (const run of those) found.set(run, outside(run));
	}
	return new Map(runs.flatMap((run): Array<[number, Told]> => {
		const why = WHY[run.state](run, found.get(run));
		if (why === undefined) return [];
		return [[run.asked, { at: run.at.toISOString(), sentence: `${stamp(run.at)} — ${why}.`, kind: 'not_selected', step: null, instance: null }]];
	}));
}

/** Somebody whom a run looked at, and its audience. */
type Asked = PassedBy & { rule: Rule };

const ruleOf = ({ rule, zone }: Asked) => canonical([rule, zone]);

/** @param found undefined: everybody was in the audience */
const WHY: Record<PassedBy['state'], (run: PassedBy, found: string | undefined) => string | undefined> = {
	missed: ({ date }) => `The schedule of ${date} was missed: n8n or its store was not there in time, and nobody entered by it`,
	ahead: ({ date }) => `The schedule of ${date} is going through the customers, and has not come to this one yet`,
	unknown: ({ date }) => `This customer became known after the schedule of ${date} was through`,
	done: (run, found) => found && `Not selected by the schedule of ${run.date}, which took ${count(run.selected)} of ${count(run.examined)} customers${version(run)}. Its audience, evaluated again now: ${found}`,
};

/** What their audience finds of these people now. */
async function again(db: Connection, people: Asked[]): Promise<(one: Asked) => string> {
	const { rule, zone } = people[0]!;
	const audience: Audience = rule.kind === 'group' ? rule : { kind: 'group', match: 'all', rules: [rule] };
	try {
		const outside = await profilesOutside(db, people.map(({ profile_id }) => profile_id), audience, zone);
		return ({ profile_id }) => {
			const values = outside.get(profile_id) ?? null;
			return values === null ? 'they are in it, which they were not then' : compared(values);
		};
	} catch (error) {
		if (!(error instanceof RuleError)) throw error;
		return () => `it cannot be asked any more (${error.message})`;
	}
}

const count = (many: number) => many.toLocaleString('en');
const version = ({ canvas }: PassedBy) => (canvas === null ? '' : ` (version ${canvas.slice(0, VERSION_SHOWN)})`);
