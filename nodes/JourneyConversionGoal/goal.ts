import type { IExecuteFunctions, ITriggerFunctions } from 'n8n-workflow';

import { memberEvent, nameOf, parsePath, parseSinglePath, toJsonPath, type Condition, type Duration, type Json, type ListenedSegment, type RawName } from '../../lib/index';
import { checked, fieldError, raw, readDuration, readFilter, type RawCondition } from '../shared/parameters';

type Context = IExecuteFunctions | ITriggerFunctions;

/** *Segment* is by joining, or leaving one. */
type Reached = 'event' | 'absent' | 'joined' | 'left';

interface Options {
	correlation?: string;
	value?: string;
	currency?: string;
	late?: { time?: { lateAmount: number; lateUnit: string } };
	window?: { period?: { windowAmount: number; windowUnit: string; windowFrom?: 'entry' | 'exit' } };
}

/** What a goal listens to. */
export interface Goal {
	conditions: Condition[];
	config: Json;
	segment?: ListenedSegment;
}

const HOUR: Duration = { amount: 1, unit: 'hours' };
const asInterval = ({ amount, unit }: Duration) => `${amount} ${unit}`;

/** What the panel says, checked. @throws NodeOperationError naming the field */
export function readGoal(context: Context): Goal {
	const reached = raw<Reached>(context, 'reached', 'event');
	const type = raw<string>(context, 'type', 'conversion');
	const config = { type, exit: type === 'exit' || raw<boolean>(context, 'exit', true) };
	const options = raw<Options>(context, 'options', {});
	switch (reached) {
		case 'event': return readEvent(context, config, options);
		case 'absent': return readAbsent(context, config, options);
		default: return readSegment(context, config, options, reached);
	}
}

function readEvent(context: Context, config: Json, options: Options): Goal {
	const path = (field: string, text?: string) => (text ? checked(context, field, () => toJsonPath(parsePath(text))) : null);
	return {
		conditions: [conditionOf(context, options)],
		config: { ...config, ...windowOf(context, options), value: path('Value Property', options.value), currency: path('Currency Property', options.currency) },
	};
}

function readAbsent(context: Context, config: Json, options: Options): Goal {
	const condition = conditionOf(context, options);
	const within = readDuration(context, 'Not Within', raw(context, 'absentAmount', 30), raw(context, 'absentUnit', 'days'));
	if (within.amount === 0) throw fieldError(context.getNode(), 'Not Within', 'found 0. Enter how long after their entry the event must not happen.');
	const { time } = options.late ?? {};
	const late = time ? readDuration(context, 'Wait for Late Events', time.lateAmount, time.lateUnit) : HOUR;
	return { conditions: [condition], config: { ...config, absent: condition.event, window: asInterval(within), windowFrom: 'entry', grace: asInterval(late), value: null, currency: null } };
}

function readSegment(context: Context, config: Json, options: Options, membership: 'joined' | 'left'): Goal {
	const node = context.getNode();
	const name = nameOf(raw<RawName>(context, 'segment', ''));
	if (name === '') throw fieldError(node, 'Segment', 'is empty. Choose a saved segment, or save one with the Journey Control node.');
	return {
		conditions: [{ output: node.id, event: memberEvent(membership, name), filter: [], effect: 'wake' }],
		config: { ...config, ...windowOf(context, options), segment: name, value: null, currency: null },
		segment: { name, everyone: false },
	};
}

function conditionOf(context: Context, { correlation }: Options): Condition {
	const node = context.getNode();
	const event = nameOf(raw<RawName>(context, 'event', ''));
	if (event === '') throw fieldError(node, 'Event', 'is empty. Enter the name of the event that is the goal.');
	const filter = readFilter(context, 'Property Filters', raw<RawCondition[]>(context, 'filters.conditions', []));
	if (correlation) checked(context, 'Property in This Event', () => parseSinglePath(correlation));
	return { output: node.id, event, filter, correlation: correlation || undefined, effect: 'wake' };
}

function windowOf(context: Context, { window }: Options): Json {
	const within = window?.period && readDuration(context, 'Within', window.period.windowAmount, window.period.windowUnit);
	return { window: within ? asInterval(within) : null, windowFrom: window?.period?.windowFrom ?? 'entry' };
}
