import { VERSION_SHOWN } from '../core/canvas/changes';
import { RuleError } from '../core/rule/error';
import type { Json, Rule } from '../core/types';
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
	const told = new Map<number, Told>();
	for (const run of questions.length > 0 ? await passedBy(db, questions) : []) {
		const why = await WHY[run.state](db, run);
		if (why === undefined) continue;
		const sentence = `${stamp(run.at)} — ${why}.`;
		told.set(run.asked, { at: run.at.toISOString(), sentence, kind: 'not_selected', step: null, instance: null });
	}
	return told;
}

type Why = (db: Connection, run: PassedBy) => Promise<string | undefined>;

const WHY: Record<PassedBy['state'], Why> = {
	missed: async (_db, { date }) => `The schedule of ${date} was missed: n8n or its store was not there in time, and nobody entered by it`,
	ahead: async (_db, { date }) => `The schedule of ${date} is going through the customers, and has not come to this one yet`,
	unknown: async (_db, { date }) => `This customer became known after the schedule of ${date} was through`,
	done: async (db, run) => run.rule === null ? undefined
		: `Not selected by the schedule of ${run.date}, which took ${count(run.selected)} of ${count(run.examined)} customers${version(run)}. Its audience, evaluated again now: ${await again(db, run, run.rule)}`,
};

async function again(db: Connection, { profile_id, zone }: PassedBy, rule: Rule): Promise<string> {
	const audience: Audience = rule.kind === 'group' ? rule : { kind: 'group', match: 'all', rules: [rule] };
	let outside: Json | null;
	try {
		outside = (await profilesOutside(db, [profile_id], audience, zone)).get(profile_id) ?? null;
	} catch (error) {
		if (!(error instanceof RuleError)) throw error;
		return `it cannot be asked any more (${error.message})`;
	}
	return outside === null ? 'they are in it, which they were not then' : compared(outside);
}

const count = (many: number) => many.toLocaleString('en');
const version = ({ canvas }: PassedBy) => (canvas === null ? '' : ` (version ${canvas.slice(0, VERSION_SHOWN)})`);
