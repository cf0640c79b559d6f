import type { IExecuteFunctions, ITriggerFunctions } from 'n8n-workflow';

import { dueAt, elapsedMs, NO_DATE, parseSinglePath, validateOffset, type AskedOfProfiles, type AttributeDate, type Condition, type Duration, type Filter, type RegisteredWait, type Until } from '../../lib/index';
import { checked, fieldError, isExpression, raw, readDuration, refuseReplaced, type Expressions, type Reader } from '../shared/parameters';
import { isRanked, readBranches } from './branches';

type Context = IExecuteFunctions | ITriggerFunctions;

/** What the panel says, checked; what differs from person to person is an expression still. */
export interface StateWait {
	/** Absent: no limit but the journey's own. */
	until?: { kind: Until['kind']; prefix: '' | 'limit' };
	conditions: Condition[];
	timer: Duration | null;
	/** The attribute whose date the time is up at. */
	date?: AttributeDate;
	filters: Filter;
	expressions: Expressions;
	lookBack: 'previous' | 'entry' | 'arrival' | { last: Duration };
	/** Of each branch: journey value → path into its event's properties. */
	captures: Array<Record<string, string>>;
}

/** Reads the panel. @throws NodeOperationError naming the field */
export function readWait(context: Context): StateWait {
	const waitFor = raw<string>(context, 'waitFor', 'time');
	const prefix = waitFor === 'events' ? 'limit' : '';
	const kind = raw<Until['kind'] | 'never'>(context, prefix ? 'limitUntil' : 'until', 'delay');
	const expressions: Expressions = new Map();
	const { conditions, captures } = readBranches(context, expressions);
	if (waitFor === 'events' && isRanked(context) && kind === 'never') {
		throw fieldError(context.getNode(), 'Time Is Up', 'is Never, but the best event is told when the time is up. Choose when that is, or let the first event decide.');
	}
	if (kind !== 'never') checkUntil(context, { kind, prefix });
	const date = kind === 'date' ? readAttributeDate(context, prefix) : undefined;
	const resets = waitFor !== 'events' && conditions.length > 0 && kind === 'delay';
	return {
		until: kind === 'never' ? undefined : { kind, prefix },
		conditions: [
			...(resets || waitFor === 'events' ? conditions : []),
			...(date ? [{ output: NO_DATE, event: '', effect: 'wake', kind: 'date', filter: [], subjects: [date.path[0]!] } satisfies Condition] : []),
		],
		date,
		timer: resets ? readDuration(context, 'Wait', raw(context, 'delayAmount', 1), raw(context, 'delayUnit', 'days')) : null,
		filters: conditions.flatMap(({ filter }) => filter),
		expressions,
		lookBack: resets ? 'arrival' : readLookBack(context),
		captures,
	};
}

/** What is the same for everybody is refused here; the rest when they arrive. */
function checkUntil(context: Context, until: TimeRule): void {
	const fields = (name: string) => raw<unknown>(context, name, '');
	if (until.kind === 'date' || untilDiffers(until, fields)) return;
	checked(context, 'Wait', () => dueAt(untilOf(context, until, (name, fallback) => raw(context, name, fallback)), new Date(0), 'UTC'));
}

/** The attribute whose date is waited for; undefined: the date is a field or an expression. */
function readAttributeDate(context: Context, prefix: TimeRule['prefix']): AttributeDate | undefined {
	const get = <T>(name: string, fallback: T) => raw(context, timeField(prefix, name), fallback);
	if (get<string>('dateFrom', 'field') !== 'attribute') return undefined;
	const path = checked(context, 'Attribute', () => parseSinglePath(get('dateAttribute', '').trim()));
	const rule = untilOf(context, { kind: 'date', prefix }, get);
	return { path, offset: (rule as Extract<Until, { kind: 'date' }>).offset, past: get('past', 'proceed') };
}

function readLookBack(context: Context): StateWait['lookBack'] {
	const lookBack = raw<'previous' | 'entry' | 'arrival' | 'last'>(context, 'lookBack', 'previous');
	if (lookBack !== 'last') return lookBack;
	return { last: readDuration(context, 'Last', raw(context, 'lookBackAmount', 1), raw(context, 'lookBackUnit', 'hours')) };
}

type TimeRule = NonNullable<StateWait['until']>;

/** What the engine works by when the wait is changed while people are in it. @throws NodeOperationError naming the field */
export function registeredWait(context: ITriggerFunctions): RegisteredWait {
	const { until, conditions, timer, expressions } = readWait(context);
	const same = until && until.kind !== 'date' && !untilDiffers(until, (name) => raw<unknown>(context, name, ''));
	return {
		rule: same ? untilOf(context, until, (name, fallback) => raw(context, name, fallback)) : undefined,
		resets: timer && expressions.size === 0 ? { conditions, timer } : undefined,
	};
}

/** The name of a field that says when the time is up. */
function timeField(prefix: TimeRule['prefix'], field: string): string {
	return prefix ? `${prefix}${field[0]!.toUpperCase()}${field.slice(1)}` : field;
}

/** What the panel calls those fields that may differ from person to person. */
const FIELD_NAMES = {
	delayAmount: 'Wait', delayUnit: 'Wait', delayTime: 'At Time', date: 'Date', offsetAmount: 'Shift By', offsetUnit: 'Shift By', weekdays: 'Weekdays', weekdayTime: 'At Time',
};

/** The time rule of one person, expressions evaluated. @throws NodeOperationError as `refuseReplaced` */
export function readUntil(context: IExecuteFunctions, item: number, until: TimeRule): Until & { past?: string } {
	return untilOf(context, until, (field, fallback) => {
		const value = context.getNodeParameter(field, item, fallback) as typeof fallback;
		const named = Object.entries(FIELD_NAMES).find(([name]) => timeField(until.prefix, name) === field)?.[1];
		if (named) refuseReplaced(context, named, raw<unknown>(context, field, ''), value, item);
		return value;
	});
}

/** The time rule that fields say. @throws NodeOperationError for an amount that is none */
export function untilOf(node: Reader, { kind, prefix }: TimeRule, field: <T>(name: string, fallback: T) => T): Until & { past?: string } {
	const get = <T>(name: string, fallback: T) => field(timeField(prefix, name), fallback);
	if (kind === 'delay') {
		const delay = readDuration(node, 'Wait', get('delayAmount', 1), get('delayUnit', 'days'));
		const atTime = ['days', 'weeks', 'months', 'years'].includes(delay.unit) ? get('delayTime', '') || undefined : undefined;
		return { kind, delay, atTime };
	}
	if (kind === 'weekday') {
		return { kind, weekdays: get('weekdays', [1]), atTime: get('weekdayTime', '09:00'), sameDayPassed: get('weekdayPassed', 'nextWeek') };
	}
	if (kind === 'window') {
		return { kind, weekdays: get('windowDays', [1, 2, 3, 4, 5]), from: get('windowFrom', '09:00'), to: get('windowTo', '18:00') };
	}
	const offset = checked(node, 'Shift By', () => validateOffset({ amount: get('offsetAmount', 0), unit: get('offsetUnit', 'days') }, 'Shift By'));
	return { kind, date: get<unknown>('date', ''), offset: { ...offset, before: get('offsetBefore', true) }, past: get('past', 'proceed') };
}

const DIFFERING = { delay: ['delayAmount', 'delayUnit', 'delayTime'], date: ['date', 'offsetAmount', 'offsetUnit'], weekday: ['weekdays', 'weekdayTime'], window: [] };

/** What it takes to know of people's profiles before they wait: nothing, when it is for events alone, or for hours. */
export function askedOfProfiles(context: IExecuteFunctions): AskedOfProfiles {
	const { until, date } = readWait(context);
	const isElapsed = until?.kind === 'delay' && !untilDiffers(until, (name) => raw<unknown>(context, name, ''))
		&& elapsedMs(readDuration(context, 'Wait', raw(context, timeField(until.prefix, 'delayAmount'), 1), raw(context, timeField(until.prefix, 'delayUnit'), 'days'))) !== undefined;
	return { zone: until !== undefined && !isElapsed, attribute: date?.path };
}

/** Whether everyone in a batch has the same time rule. @param fields as they stand in the panel */
export function untilDiffers({ kind, prefix }: TimeRule, fields: (name: string) => unknown): boolean {
	return (DIFFERING[kind] as string[]).some((field) => isExpression(fields(timeField(prefix, field))));
}
