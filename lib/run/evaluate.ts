import { checkControls, controlShares, pickVariant, type Variant } from '../core/split';
import type { Rule } from '../core/types';
import { judge, judgeSamples, tellDecisions, type Asked, type Judged, type Outcome, type Parting, type Sample } from '../store/evaluate';
import { loadControls, loadControlsAt, saveControls } from '../store/splits';
import { journeyOf, type Place } from '../store/steps';
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

/** A weighted split at one step. */
export interface Split {
	variants: Variant[];
	/** What the hash begins with. */
	salt: string;
	/** What the shares of its controls are kept by. */
	key: string;
}

/**
 * Lets each person go to their side of a split, and journals it with its probability.
 *
 * @returns ways of those who are still this execution's; choices are positions in `variants`
 * @throws SplitError when a control has grown since people came through
 */
export async function partBySplit(
	engine: Pick<Engine, 'store'>, claim: Claim, parting: Parting, { variants, salt, key }: Split, asked: Asked[],
): Promise<Way[]> {
	const outcomes = variants.map(({ name }): Outcome => ({ reason: 'split', output: name }));
	return await engine.store.tx(async (db) => {
		const judged = await judge(db, claim, parting, [], asked);
		if (judged.length > 0) await keepControls(db, await journeyOf(db, parting.step), key, variants);
		return await decide(db, claim, parting, judged, outcomes, ({ profile }) => {
			const { index, probability } = pickVariant(variants, salt, profile);
			return { choice: index, probability };
		});
	});
}

/** @throws SplitError when a control would grow while people come through the split */
export async function checkSplit(engine: Pick<Engine, 'store'>, place: Place, key: string, variants: Variant[]): Promise<void> {
	checkControls(variants, await engine.store.tx(async (db) => await loadControlsAt(db, place, key)));
}

async function keepControls(db: Connection, journey: number, key: string, variants: Variant[]): Promise<void> {
	const before = await loadControls(db, journey, key);
	checkControls(variants, before);
	const now = controlShares(variants);
	// A control that was taken away has shrunk to nothing, and stays known as that: who left it has been treated.
	const gone = Object.keys(before ?? {}).filter((name) => !Object.hasOwn(now, name)).map((name) => [name, 0]);
	const shares = { ...now, ...Object.fromEntries(gone) as typeof now };
	const same = before && Object.entries(shares).every(([name, share]) => before[name] === share);
	if (!same) await saveControls(db, journey, key, shares);
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
