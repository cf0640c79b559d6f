import { MEASURES, type Measure, type Rule } from '../types';
import { RuleError } from './error';
import type { RuleWriter } from './writer';

const SCORES: Partial<Record<Measure, [value: string, cuts: string]>> = {
	recencyScore: ['v.last_at', 't.recency_cuts'], frequencyScore: ['v.count', 't.frequency_cuts'], monetaryScore: ['v.total', 't.monetary_cuts'],
};

/** What is known of somebody whose events the trait has never seen. */
const NONE: Partial<Record<Measure, string>> = { count: '{"value": 0}', sum: '{"value": 0}' };

/** A trait, compared as if it were an attribute. */
export function trait(write: RuleWriter, rule: Extract<Rule, { kind: 'trait' }>): string {
	const { measure } = rule;
	if (!MEASURES.includes(measure)) throw new RuleError(`A trait has no ${JSON.stringify(measure)}. Use one of: ${MEASURES.join(', ')}.`);
	const id = `(SELECT id FROM traits WHERE name = ${write.name(rule.trait, 'trait')})`;
	const found = `(SELECT jsonb_build_object('value', ${valueOf(write, measure)})
		FROM profile_traits v JOIN traits t ON t.id = v.trait_id WHERE v.profile_id = p.id AND v.trait_id = ${id})`;
	return write.matches(`coalesce(${found}, '${NONE[measure] ?? '{}'}')`, [{ ...rule.condition, path: 'value' }]);
}

function valueOf(write: RuleWriter, measure: Measure): string {
	const score = SCORES[measure];
	// Whoever is just where a fifth begins still belongs to the one below.
	if (score) return `CASE WHEN ${score[1]} IS NOT NULL THEN 1 + (SELECT count(*) FROM unnest(${score[1]}) cut WHERE cut < ${score[0]}) END`;
	const utc = (at: string) => `to_char(${at}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
	switch (measure) {
		case 'sum': return 'v.total';
		case 'average': return 'v.total / nullif(v.amounts, 0)';
		case 'firstAt': return utc('v.first_at');
		case 'lastAt': return utc('v.last_at');
		case 'daysSinceLast': return `floor(extract(epoch FROM ${write.now()} - v.last_at) / 86400)`;
		default: return 'v.count';
	}
}
