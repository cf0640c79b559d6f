import { parsePath, toJsonPath } from '../path';
import type { Rule } from '../types';
import { countedUpTo } from './behaviour';
import { consentInForce } from './person';
import { RuleWriter, type RuleScope } from './writer';

/** As far as a busy person's events are counted. */
const COUNTED = 100;

/**
 * What a condition found, as a jsonb expression for the same statement as `compileRule`'s; NULL where there is nothing,
 * and for kinds whose answer is all there is to tell.
 */
export function compileFound(rule: Rule, scope: RuleScope): { sql: string; params: unknown[] } {
	const write = new RuleWriter(scope);
	return { sql: found(write, rule), params: write.params };
}

function found(write: RuleWriter, rule: Rule): string {
	switch (rule.kind) {
		case 'attribute': return valueAt(write, 'p.attributes', rule.condition.path);
		case 'event': return valueAt(write, 'e.properties', rule.condition.path);
		case 'tag': return 'to_jsonb(p.tags)';
		case 'consent': return `${consentInForce(write, rule)} -> 'state'`;
		case 'behaviour': return `to_jsonb(${countedUpTo(write, rule, write.param(Math.max(rule.atLeast, COUNTED), 'bigint'))})`;
		default: return 'NULL::jsonb';
	}
}

function valueAt(write: RuleWriter, document: string, path: string): string {
	return `jsonb_path_query_first(${document}, ${write.param(toJsonPath(parsePath(path)), 'jsonpath')}, '{}', true)`;
}
