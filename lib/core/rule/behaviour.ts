import { FilterError } from '../filter-error';
import { parsePath, PathError, toJsonPath } from '../path';
import type { Occurrences, Rule } from '../types';
import { RuleError } from './error';
import type { RuleWriter } from './writer';

const MOST_TIMES = 1_000_000;

/** Events of a person: what follows FROM. */
function occurrences(write: RuleWriter, { event, filter, within }: Occurrences): string[] {
	return [
		'ev.profile_id = p.id', `ev.name = ${write.name(event, 'event')}`,
		...write.since(within, { at: 'ev.occurred_at', event: 'ev.id' }, `"${event}"`),
		...(filter.length > 0 ? [write.matches('ev.properties', filter)] : []),
	];
}

/** Counted up to the number asked for, so that a busy person costs no more than that. */
export function behaviour(write: RuleWriter, rule: Extract<Rule, { kind: 'behaviour' }>): string {
	const { event, did, atLeast } = rule;
	if (!Number.isInteger(atLeast) || atLeast < 1 || atLeast > MOST_TIMES) {
		throw new RuleError(`"${event}" at least ${String(atLeast)} times cannot be asked. Enter a whole number from 1 to ${MOST_TIMES}; for "never", use "did not".`);
	}
	const times = write.param(atLeast, 'bigint');
	return `${countedUpTo(write, rule, times)} ${did ? '>=' : '<'} ${times}`;
}

/** How many there are, but not more than a limit. @param limit a parameter */
export function countedUpTo(write: RuleWriter, asked: Occurrences, limit: string): string {
	return `(SELECT count(*) FROM (SELECT 1 FROM events ev WHERE ${occurrences(write, asked).join(' AND ')} LIMIT ${limit}) AS found)`;
}

/** A value made of several events, compared as if it were an attribute. */
export function aggregate(write: RuleWriter, rule: Extract<Rule, { kind: 'aggregate' }>): string {
	const { of, condition } = rule;
	if (of === 'first' || of === 'last') {
		const order = of === 'first' ? 'ASC' : 'DESC';
		const has = `jsonb_path_exists(ev.properties, ${write.param(`${accessor(condition.path)}.type() ? (@ != "null")`, 'jsonpath')}, '{}', true)`;
		const asked = [...occurrences(write, rule), has];
		const found = `(SELECT ev.properties FROM events ev WHERE ${asked.join(' AND ')} ORDER BY ev.occurred_at ${order}, ev.id ${order} LIMIT 1)`;
		return write.matches(`coalesce(${found}, '{}')`, [condition]);
	}
	if (of !== 'sum' && of !== 'average') throw new RuleError(`A value of several events is their sum, average, first or last, found ${JSON.stringify(of)}.`);
	const made = of === 'sum' ? 'coalesce(sum(n.value::numeric), 0)' : 'avg(n.value::numeric)';
	const numbers = `jsonb_path_query(ev.properties, ${write.param(numbersAt(condition.path), 'jsonpath')}, '{}', true) AS n(value)`;
	const document = `(SELECT jsonb_build_object('value', ${made}) FROM events ev CROSS JOIN LATERAL ${numbers} WHERE ${occurrences(write, rule).join(' AND ')})`;
	return write.matches(document, [{ ...condition, path: 'value' }]);
}

/**
 * The jsonpath of every number at a path, and of every text that reads as one; all else is left out. Asked first, since
 * an error outside `? ( )` would end the query.
 */
export function numbersAt(path: string): string {
	return `${accessor(path)} ? (@.double() == @.double()).double()`;
}

function accessor(path: string): string {
	try {
		return toJsonPath(parsePath(path));
	} catch (error) {
		if (error instanceof PathError) throw new FilterError(path, error.message.replace(/\.$/, ''));
		throw error;
	}
}
