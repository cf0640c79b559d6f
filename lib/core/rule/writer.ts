import { DateTime } from 'luxon';

import { validateDuration } from '../duration';
import { compileFilter, NO_VARIABLES } from '../filter';
import { isStorable } from '../path';
import type { Filter, LookBack } from '../types';
import { RuleError } from './error';

export interface RuleScope {
	now: Date;
	/** Number of the first parameter: 3 for `$3`. */
	firstParameter: number;
	/** People run through a journey: the aliases `i` and `j` are in scope as `compileRule` says. */
	inside?: boolean;
	/** Of people without a zone who are in no journey; absent: UTC. */
	zone?: string;
}

const MOST_CALENDAR_DAYS = 36_525;

/** Writes one SQL expression: keeps its parameters, and knows how to write what kinds of rules have in common. */
export class RuleWriter {
	readonly params: unknown[] = [];

	constructor(private readonly scope: RuleScope) {}

	param(value: unknown, type: string): string {
		return `$${this.scope.firstParameter + this.params.push(value) - 1}::${type}`;
	}

	/** The moment at which rules are asked. */
	now(): string {
		return this.param(this.scope.now, 'timestamptz');
	}

	/** A text that a user wrote and that is compared as it is. @throws RuleError when it is empty */
	name(name: unknown, what: string): string {
		return this.param(checkName(name, what), 'text');
	}

	/** Whether all conditions hold in a jsonb document; false when there is none. */
	matches(document: string, filter: Filter): string {
		const variables = filter.some(({ variable }) => variable !== undefined) ? `coalesce(r.vars, '${NO_VARIABLES}')` : `'${NO_VARIABLES}'`;
		return `coalesce(jsonb_path_match_tz(${document}, ${this.param(compileFilter(filter), 'jsonpath')}, ${variables}, true), false)`;
	}

	/**
	 * Whether a person has a row. A count, and not EXISTS, since the planner may turn EXISTS into one hash over everybody's
	 * rows; this always is one index scan per person.
	 * @param rows what follows SELECT
	 */
	has(rows: string): string {
		return `(SELECT count(*) FROM (SELECT ${rows} LIMIT 1) AS found) = 1`;
	}

	/** Conditions that a row is not older than asked; none: ever. @param event has an id column */
	since(within: LookBack | undefined, row: { at: string; event?: string }, what: string): string[] {
		if (within === undefined) return [];
		if (within === 'entry') {
			this.needsInstance(what, 'since entry');
			const entry = '(SELECT en.entry_event_id FROM enrolments en WHERE en.profile_id = p.id AND en.journey_id = i.journey_id AND en.correlation = i.correlation AND en.instance_id = i.id)';
			return [`${row.at} >= i.entered_at`, ...(row.event ? [`${row.event} IS DISTINCT FROM ${entry}`] : [])];
		}
		if (within === 'state') {
			this.needsInstance(what, 'since the previous State');
			return [`${row.at} >= i.left_at`, ...(row.event ? [`${row.event} IS DISTINCT FROM i.event_id`] : [])];
		}
		if ('calendarDays' in within) return [`${row.at} >= ${this.dayStart(within.calendarDays, what)}`];
		const { amount, unit } = validateDuration(within, `Within, of ${what}`);
		return [`${row.at} >= ${this.param(DateTime.fromJSDate(this.scope.now, { zone: 'utc' }).minus({ [unit]: amount }).toJSDate(), 'timestamptz')}`];
	}

	/** @throws RuleError when nobody is in a journey here */
	needsInstance(what: string, asks: string): void {
		if (this.scope.inside) return;
		throw new RuleError(`${what} is asked ${asks}, which only somebody inside a journey can answer. Choose another period, or ask for any journey.`);
	}

	private dayStart(days: number, what: string): string {
		if (!Number.isInteger(days) || days < 1 || days > MOST_CALENDAR_DAYS) {
			throw new RuleError(`${what} within ${String(days)} calendar days cannot be asked. Enter a whole number from 1, which is today, to ${MOST_CALENDAR_DAYS}.`);
		}
		const fallback = this.scope.inside ? 'j.zone' : this.param(this.scope.zone ?? 'UTC', 'text');
		return `day_start(${this.now()}, ${days - 1}, coalesce(p.zone, ${fallback}), ${fallback})`;
	}
}

/** @throws RuleError when there is no name, or none that Postgres can hold */
export function checkName(name: unknown, what: string): string {
	if (typeof name === 'string' && name !== '' && isStorable(name)) return name;
	throw new RuleError(`A condition has no ${what} that can be asked for, found ${JSON.stringify(name)}. Enter the ${what}'s name.`);
}
