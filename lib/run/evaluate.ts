import { pickVariant, type Variant } from '../core/split';
import type { Rule } from '../core/types';
import { judge, judgeSamples, tellDecisions, type Asked, type Judged, type Outcome, type Parting, type Sample } from '../store/evaluate';
import type { Connection } from '../store/types';
import type { Engine } from './engine';
import type { Claim } from './executions';

/** Which way an item goes: a position in the list of outcomes. */
export interface Way {
	item: number;
	choice: number;
}

/**
 * Lets each person go by the first rule that holds, and journals it.
 *
 * @param outcomes none of the rules, the first rule, …
 * @returns ways of those who are still this execution's
 */
export async function partByRules(
	engine: Pick<Engine, 'store'>, claim: Claim, parting: Parting, rules: Rule[], outcomes: Outcome[], asked: Asked[],
): Promise<Way[]> {
	return await engine.store.tx(async (db) => {
		const judged = await judge(db, claim, parting, rules, asked);
		return await decide(db, claim, parting, judged, outcomes, ({ choice }) => ({ choice, probability: null }));
	});
}

/**
 * Lets each person go to their side of a split, and journals it with its probability.
 *
 * @returns ways of those who are still this execution's; choices are positions in `variants`
 */
export async function partBySplit(
	engine: Pick<Engine, 'store'>, claim: Claim, parting: Parting, variants: Variant[], salt: string, asked: Asked[],
): Promise<Way[]> {
	const outcomes = variants.map(({ name }): Outcome => ({ reason: 'split', output: name }));
	return await engine.store.tx(async (db) => {
		const judged = await judge(db, claim, parting, [], asked);
		return await decide(db, claim, parting, judged, outcomes, ({ profile }) => {
			const { index, probability } = pickVariant(variants, salt, profile);
			return { choice: index, probability };
		});
	});
}

/** As `partByRules` for a test run: nothing is written. */
export async function partSamples(engine: Pick<Engine, 'store'>, rules: Rule[], samples: Sample[]): Promise<Way[]> {
	return await engine.store.tx(async (db) => await judgeSamples(db, rules, samples));
}

async function decide(
	db: Connection, claim: Claim, parting: Parting, judged: Judged[], outcomes: Outcome[],
	choose: (one: Judged) => { choice: number; probability: number | null },
): Promise<Way[]> {
	const known = new Map(outcomes.map(({ output, reason }, choice) => [output ?? reason, choice]));
	const fresh: Parameters<typeof tellDecisions>[3] = [];
	const ways = judged.map((one): Way => {
		// A branch that was removed since then cannot be repeated.
		const earlier = one.earlier === null ? undefined : known.get(one.earlier);
		if (earlier !== undefined) return { item: one.item, choice: earlier };
		const { choice, probability } = choose(one);
		fresh.push({ instance: one.instance, ...outcomes[choice]!, probability });
		return { item: one.item, choice };
	});
	if (fresh.length > 0) await tellDecisions(db, claim, parting, fresh);
	return ways;
}
