import type { IExecuteFunctions, ILoadOptionsFunctions, ITriggerFunctions, ResourceMapperFields } from 'n8n-workflow';

import { parseDate, scheduleSentence, validateSchedule, validateZone, type EntryRules, type Recurrence, type Schedule, type ScheduleConfig, type TimeRuleError } from '../../lib/index';
import { asHtml } from '../shared/html';
import { fieldError, raw, type Reader } from '../shared/parameters';
import { isEmpty, readRule, type RawRule } from '../shared/rules';

type Get = <T>(name: string, fallback: T) => T;

const HOUR_MS = 3_600_000;
/** Every schedule is daily or rarer. */
const CATCH_UP_HOURS = 12;

interface Options {
	catchUpHours?: number;
	pace?: number;
	correlation?: string;
	zone?: string;
	start?: string;
	end?: string;
}

/** Reads *On a Schedule*. @throws NodeOperationError naming the field */
export function readSchedule(context: IExecuteFunctions | ITriggerFunctions, { start, end }: Pick<EntryRules, 'start' | 'end'>): ScheduleConfig {
	const node = context.getNode();
	const { catchUpHours = CATCH_UP_HOURS, pace, correlation } = raw<Options>(context, 'options', {});
	if (correlation) throw fieldError(node, 'Correlation Property', 'cannot be used with a schedule: there is no event that carries it. Remove the option.');
	if (pace !== undefined && !(Number.isInteger(pace) && pace >= 1)) throw fieldError(node, 'People per Minute', `found ${pace}. Enter a whole number from 1.`);
	if (!Number.isInteger(catchUpHours) || catchUpHours < 0) throw fieldError(node, 'If Missed, Begin Within', `found ${catchUpHours}. Enter a whole number of hours.`);
	const get: Get = (name, fallback) => raw(context, name, fallback);
	return {
		when: { ...scheduleOf(context, get), ownZone: get<string>('clock', 'journey') === 'own' },
		rule: readAudience(context, get),
		pace: pace ?? null,
		catchUpMs: catchUpHours * HOUR_MS,
		start: start?.toISOString() ?? null,
		end: end?.toISOString() ?? null,
	};
}

function readAudience(context: IExecuteFunctions | ITriggerFunctions, get: Get): ScheduleConfig['rule'] {
	const rule: RawRule = { match: get('match', 'all'), conditions: get('conditions', {}) };
	if (isEmpty(rule)) return null;
	const expressions = new Map<string, string>();
	const read = readRule(context, 'Audience', rule, expressions, false);
	const [expression] = expressions.values();
	if (expression !== undefined) {
		throw fieldError(context.getNode(), 'Audience', `found the expression ${expression.slice(1)}. There is no item when a schedule falls due: enter a fixed value.`);
	}
	return read;
}

function scheduleOf(context: Reader, get: Get): Schedule {
	const kind = get<Recurrence['kind']>('repeats', 'days');
	const every = get('every', 1);
	const starts = get('first', '').trim();
	const first = starts === '' ? {} : { first: starts };
	const recurrences: Record<Recurrence['kind'], () => Recurrence> = {
		once: () => ({ kind: 'once', date: get('date', '').trim() }),
		days: () => ({ kind: 'days', every, ...first }),
		weeks: () => ({ kind: 'weeks', every, weekdays: [...get<number[]>('weekdays', [1])].sort((a, b) => a - b), ...first }),
		months: () => ({ kind: 'months', every, day: get<string>('monthDayKind', 'day') === 'last' ? 'last' : get('monthDay', 1), ...first }),
	};
	try {
		return validateSchedule({ recurrence: recurrences[kind](), atTime: get('atTime', '09:00') });
	} catch (error) {
		const { field, message } = error as TimeRuleError;
		throw fieldError(context.getNode(), field, message.slice(field.length + 2));
	}
}

/** The schedule as a sentence, with its next dates. @throws an error naming the field */
export function sentenceOf(node: Reader, fields: Record<string, unknown>, now: Date, workflowZone: string): string {
	const get: Get = (name, fallback) => (fields[name] ?? fallback) as typeof fallback;
	const options = get<Options>('options', {});
	const zone = validateZone(options.zone || workflowZone, 'Time Zone');
	const date = (field: string, value?: string) => (value ? parseDate(value, zone, field) : undefined);
	return scheduleSentence(scheduleOf(node, get), now, zone, {
		ownZone: get<string>('clock', 'journey') === 'own', start: date('Start', options.start), end: date('End', options.end),
	});
}

/** The sentence in the panel. n8n shows what a list of fields has to say when it has none, and asks again at each change. */
export async function scheduleInWords(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const words = () => {
		try {
			return sentenceOf(this, this.getCurrentNodeParameters() ?? {}, new Date(), this.getTimezone());
		} catch (error) {
			return (error as Error).message;
		}
	};
	return { fields: [], emptyFieldsNotice: asHtml(words()) };
}
