import type { IExecuteFunctions, ITriggerFunctions, Workflow } from 'n8n-workflow';

import { changeEvent, nameOf, parseDate, parseSinglePath, startEvent, validateZone, type Condition, type EntryKind, type EntryRules, type Json, type ListenedSegment, type RawName, type ScheduleConfig } from '../../lib/index';
import { checked, fieldError, raw, readFilter, type RawCondition } from '../shared/parameters';
import { readLimits, readReentry, type LimitOptions } from './limits';
import { readSchedule } from './schedule';
import { readSegment } from './segment';

interface Options {
	correlation?: string;
	start?: string;
	end?: string;
	key?: string;
	zone?: string;
	endEvicts?: boolean;
	unknownConsent?: 'settings' | 'skip' | 'send';
}

/** What the panel says, checked. */
export interface Entry {
	kind: EntryKind;
	key: string;
	rules: EntryRules;
	conditions: Condition[];
	/** What else of the kind the engine works by. */
	config: Json;
	schedule?: ScheduleConfig;
	segment?: ListenedSegment;
}

/** Reads the panel. @throws NodeOperationError naming the field */
export function readEntry(context: IExecuteFunctions | ITriggerFunctions): Entry {
	const node = context.getNode();
	const kind = raw<EntryKind>(context, 'entry', 'event');
	const options = raw<Options & LimitOptions>(context, 'options', {});
	const zone = checked(context, 'Time Zone', () => validateZone(options.zone || context.getTimezone(), 'Time Zone'));
	const date = (field: string, value?: string) => (value ? checked(context, field, () => parseDate(value, zone, field)) : undefined);
	const values = raw<Array<{ name: string; path: string }>>(context, 'values.value', []);
	for (const { name, path } of values) {
		if (name.trim() === '') throw fieldError(node, 'Journey Values', `the value from "${path}" has no name. Give it one.`);
		checked(context, 'Journey Values', () => parseSinglePath(path));
	}
	if (options.endEvicts && !options.end) throw fieldError(node, 'Everyone Leaves at the End', 'there is no end. Add the option End, or remove this one.');
	if (options.correlation) checked(context, 'Correlation Property', () => parseSinglePath(options.correlation!));
	const key = options.key?.trim() || context.getWorkflow().id!;
	const [start, end] = [date('Start', options.start), date('End', options.end)];
	const { occasion, listensTo, ...config } = readOccasion(context, kind, key, { start, end });
	return {
		kind,
		key,
		conditions: occasion ? [{ output: node.id, ...occasion, effect: 'wake' }] : [],
		config: { entry: kind, ...config },
		schedule: config.schedule,
		segment: listensTo,
		rules: {
			reentry: readReentry(context),
			whileInside: raw<EntryRules['whileInside']>(context, 'whileInside', 'refuse'),
			start,
			end,
			endEvicts: options.endEvicts,
			...(options.unknownConsent && options.unknownConsent !== 'settings' && { unknownConsent: options.unknownConsent }),
			...readLimits(context, options),
			correlation: options.correlation || undefined,
			values: Object.fromEntries(values.map(({ name, path }) => [name.trim(), path])),
			zone,
			zoneIsN8ns: !options.zone && !workflowZone(context),
		},
	};
}

/** The zone that the workflow's own settings name, if they do: `DEFAULT` is n8n's. */
function workflowZone(context: IExecuteFunctions | ITriggerFunctions): string | undefined {
	const { timezone } = (context as unknown as { workflow: Workflow }).workflow.settings ?? {};
	return timezone === 'DEFAULT' ? undefined : timezone;
}

export interface Occasion {
	/** The event by which people enter, one of the engine's own for every kind but *On an Event*. */
	occasion?: Pick<Condition, 'event' | 'filter'>;
	schedule?: ScheduleConfig;
	/** The segment whose changes are recorded, and how many of its people enter in a minute when it begins. */
	segment?: string;
	pace?: number | null;
	listensTo?: ListenedSegment;
	/** An attribute whose changes are recorded. */
	watches?: { attribute: string; path: string[] };
}

function readOccasion(
	context: IExecuteFunctions | ITriggerFunctions, kind: EntryKind, key: string, dates: Pick<EntryRules, 'start' | 'end'>,
): Occasion {
	const filter = () => readFilter(context, 'Property Filters', raw<RawCondition[]>(context, 'filters.conditions', []));
	switch (kind) {
		case 'start': return { occasion: { event: startEvent(key), filter: filter() } };
		case 'change': return readChange(context);
		case 'segment': return readSegment(context);
		case 'schedule': return { schedule: readSchedule(context, dates) };
		default: {
			const event = nameOf(raw<RawName>(context, 'event', ''));
			if (event === '') throw fieldError(context.getNode(), 'Event', 'is empty. Enter the name of the event that lets customers in.');
			return { occasion: { event, filter: filter() } };
		}
	}
}

type Value = 'any' | 'value' | 'none';

function readChange(context: IExecuteFunctions | ITriggerFunctions): Occasion {
	const node = context.getNode();
	const attribute = raw(context, 'attribute', '').trim();
	if (attribute === '') throw fieldError(node, 'Attribute', 'is empty. Enter the name of the attribute whose change lets customers in.');
	const path = checked(context, 'Attribute', () => parseSinglePath(attribute));
	const side = (field: string, name: 'from' | 'to'): RawCondition[] => {
		const which = raw<Value>(context, name, 'any');
		if (which === 'any') return [];
		if (which === 'none') return [{ path: name, operator: 'doesNotExist' }];
		const value = raw<unknown>(context, `${name}Value`, '');
		if (value === '') throw fieldError(node, `${field} Value`, `is empty. Enter it, or choose No Value under ${field}.`);
		return [{ path: name, operator: 'is', value }];
	};
	const [from, to] = [side('From', 'from'), side('To', 'to')];
	const [before, after] = [from[0], to[0]];
	if (before && after && before.operator === after.operator && before.value === after.value) {
		throw fieldError(node, 'To', 'is the same as From, which is no change. Choose another value on one side.');
	}
	return { occasion: { event: changeEvent(attribute), filter: readFilter(context, 'From and To', [...from, ...to]) }, watches: { attribute, path } };
}
