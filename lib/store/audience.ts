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
	const whole = compileRule(rule, { now: db.now, firstParameter: 2, zone });
	const params = [...whole.params];
	const parts = rule.rules.map((part) => {
		const scope = () => ({ now: db.now, firstParameter: 2 + params.length, zone });
		const holds = compileRule(part, scope());
		params.push(...holds.params);
		const found = compileFound(part, scope());
		params.push(...found.params);
		return `jsonb_build_object('holds', ${holds.sql}, 'found', ${found.sql})`;
	});
	const rows = await db.rows<{ id: number; parts: Array<{ holds: boolean; found: unknown }> }>(
		`SELECT c.id, jsonb_build_array(${parts.join(', ')}) AS parts
		 FROM candidates c
			JOIN profiles p ON p.id = c.profile_id
			LEFT JOIN events e ON e.id = c.event_id AND e.received_at = c.event_received_at AND e.profile_id = c.profile_id
		 WHERE c.token = $1 AND NOT ${whole.sql}`,
		[token, ...params],
	);
	return new Map(rows.map(({ id, parts: compared }) => [id, { match: rule.match, conditions: deciding(rule, compared) }]));
}

/** Of a group that does not hold, the conditions because of which it does not. */
function deciding({ match, rules }: Audience, parts: Array<{ holds: boolean; found: unknown }>): Json[] {
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
