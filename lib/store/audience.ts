import { compileRule } from '../core/rule';
import { compileFound } from '../core/rule/found';
import { ruleWords } from '../core/ruleWords';
import type { Json, Rule } from '../core/types';
import { checkNames } from './evaluate';
import type { Connection } from './types';

/** The rule of an Audience Filter. */
export type Audience = Extract<Rule, { kind: 'group' }>;

/** As much of a found value as a sentence bears. */
const LONGEST_FOUND = 200;

/**
 * Who of these candidates is not in the audience that is a condition of entry: one statement for the whole batch. Of
 * those the conditions that decide are told, with what was found.
 *
 * @param zone of people without one
 * @returns candidate → the values compared
 */
export async function candidatesOutside(db: Connection, token: string, rule: Audience, zone: string): Promise<Map<number, Json>> {
	await checkNames(db, [rule]);
	const { whole, parts, params } = comparing(rule, db.now, zone);
	const rows = await db.rows<{ id: number; parts: Part[] }>(
		`SELECT c.id, ${parts} AS parts
		 FROM candidates c
			JOIN profiles p ON p.id = c.profile_id
			LEFT JOIN events e ON e.id = c.event_id AND e.received_at = c.event_received_at AND e.profile_id = c.profile_id
		 WHERE c.token = $1 AND NOT ${whole}`,
		[token, ...params],
	);
	return new Map(rows.map(({ id, parts: compared }) => [id, { match: rule.match, conditions: deciding(rule, compared) }]));
}

/**
 * Which of these profiles are in an audience now, and of the others why not.
 *
 * @param zone of people without one
 * @returns profile → null: they are in it; else the values compared
 * @throws RuleError when it asks for a segment or trait that is not there any more
 */
export async function profilesOutside(db: Connection, profiles: number[], rule: Audience, zone: string): Promise<Map<number, Json | null>> {
	await checkNames(db, [rule]);
	const { whole, parts, params } = comparing(rule, db.now, zone);
	const rows = await db.rows<{ id: number; holds: boolean; parts: Part[] }>(
		`SELECT p.id, ${whole} AS holds, ${parts} AS parts FROM profiles p WHERE p.id = ANY($1::bigint[])`,
		[profiles, ...params],
	);
	return new Map(rows.map(({ id, holds, parts: compared }) => [id, holds ? null : { match: rule.match, conditions: deciding(rule, compared) }]));
}

/** Whether one condition holds, and what it found. */
interface Part {
	holds: boolean;
	found: unknown;
}

/** An audience and each of its conditions, as SQL for `compileRule`'s aliases, with parameters from the second on. */
function comparing(rule: Audience, now: Date, zone: string): { whole: string; parts: string; params: unknown[] } {
	const whole = compileRule(rule, { now, firstParameter: 2, zone });
	const params = [...whole.params];
	const parts = rule.rules.map((part) => {
		const scope = () => ({ now, firstParameter: 2 + params.length, zone });
		const holds = compileRule(part, scope());
		params.push(...holds.params);
		const found = compileFound(part, scope());
		params.push(...found.params);
		return `jsonb_build_object('holds', ${holds.sql}, 'found', ${found.sql})`;
	});
	return { whole: whole.sql, parts: `jsonb_build_array(${parts.join(', ')})`, params };
}

/** Of a group that does not hold, the conditions because of which it does not. */
function deciding({ match, rules }: Audience, parts: Part[]): Json[] {
	return rules.flatMap((part, at) => {
		const { holds, found } = parts[at]!;
		if (match !== 'any' && holds === (match === 'all')) return [];
		return [{ asked: ruleWords(part), found: short(found) }];
	});
}

function short(found: unknown): unknown {
	const text = JSON.stringify(found);
	return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : found;
}
