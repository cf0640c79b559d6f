import type { IExecuteFunctions, ITriggerFunctions, Workflow } from 'n8n-workflow';

import { parseDate, parseSinglePath, startEvent, validateZone, type Condition, type EntryKind, type EntryRules } from '../../lib/index';
import { checked, fieldError, raw, readDuration, readFilter, type RawCondition } from '../shared/parameters';

interface Options {
	correlation?: string;
	start?: string;
	end?: string;
	key?: string;
	zone?: string;
}

/** What the panel says, checked. */
export interface Entry {
	kind: EntryKind;
	key: string;
	rules: EntryRules;
	conditions: Condition[];
}

/** Reads the panel. @throws NodeOperationError naming the field */
export function readEntry(context: IExecuteFunctions | ITriggerFunctions): Entry {
	const node = context.getNode();
	const kind = raw<EntryKind>(context, 'entry', 'event');
	const options = raw<Options>(context, 'options', {});
	const zone = checked(context, 'Time Zone', () => validateZone(options.zone || context.getTimezone(), 'Time Zone'));
	const date = (field: string, value?: string) => (value ? checked(context, field, () => parseDate(value, zone, field)) : undefined);
	const values = raw<Array<{ name: string; path: string }>>(context, 'values.value', []);
	for (const { name, path } of values) {
		if (name.trim() === '') throw fieldError(node, 'Journey Values', `the value from "${path}" has no name. Give it one.`);
		checked(context, 'Journey Values', () => parseSinglePath(path));
	}
	if (options.correlation) checked(context, 'Correlation Property', () => parseSinglePath(options.correlation!));
	const key = options.key?.trim() || context.getWorkflow().id!;
	return {
		kind,
		key,
		conditions: [{ output: node.id, ...readOccasion(context, kind, key), effect: 'wake' }],
		rules: {
			reentry: readReentry(context),
			whileInside: raw<EntryRules['whileInside']>(context, 'whileInside', 'refuse'),
			start: date('Start', options.start),
			end: date('End', options.end),
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

/** The event by which people enter, one of the engine's own for every kind but *On an Event*. */
function readOccasion(context: IExecuteFunctions | ITriggerFunctions, kind: EntryKind, key: string): Pick<Condition, 'event' | 'filter'> {
	const filter = readFilter(context, 'Property Filters', raw<RawCondition[]>(context, 'filters.conditions', []));
	if (kind === 'start') return { event: startEvent(key), filter };
	const event = raw(context, 'event', '').trim();
	if (event === '') throw fieldError(context.getNode(), 'Event', 'is empty. Enter the name of the event that lets customers in.');
	return { event, filter };
}

function readReentry(context: IExecuteFunctions | ITriggerFunctions): EntryRules['reentry'] {
	const kind = raw<EntryRules['reentry']['kind']>(context, 'reentry', 'lock');
	if (kind === 'once') return { kind };
	if (kind === 'lock') {
		return { kind, lock: readDuration(context, 'After', raw(context, 'lockAmount', 1), raw(context, 'lockUnit', 'days')) };
	}
	const times = raw(context, 'capTimes', 1);
	if (!Number.isInteger(times) || times < 1) throw fieldError(context.getNode(), 'Entries at Most', `found ${times}. Enter a whole number from 1.`);
	return { kind, times, within: readDuration(context, 'Within', raw(context, 'capAmount', 30), raw(context, 'capUnit', 'days')) };
}
