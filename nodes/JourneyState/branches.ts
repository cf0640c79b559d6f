import type { IExecuteFunctions, ITriggerFunctions } from 'n8n-workflow';

import { ENGAGEMENTS, nameOf, parsePath, parseSinglePath, type Condition, type RawName } from '../../lib/index';
import { checked, fieldError, raw, readDuration, readFilter, type Expressions, type RawCondition } from '../shared/parameters';
import { fixedOutputs, stateOutputs } from '../shared/stateOutputs';

type Context = IExecuteFunctions | ITriggerFunctions;

interface RawBranch {
	on?: 'event' | 'attribute' | 'message' | 'segment';
	segment?: RawName;
	attributes?: { conditions?: RawCondition[] };
	engagement?: (typeof ENGAGEMENTS)[number];
	step?: string;
	event: RawName;
	filters?: { conditions?: RawCondition[] };
	times?: number;
	period?: 'ever' | 'within' | 'day';
	withinAmount?: number;
	withinUnit?: string;
	values?: { value?: Array<{ name: string; path: string }> };
}

/** What is listened to, and what is kept of it. */
export interface Branches {
	conditions: Condition[];
	/** Of each branch: journey value → path into its event's properties. */
	captures: Array<Record<string, string>>;
}

const MOST_BRANCHES = 20;
const MOST_TIMES = 1_000;

/** Whether everybody waits to the end and goes by the best event that has happened. */
export function isRanked(context: Context): boolean {
	return raw<string>(context, 'decides', 'first') === 'best';
}

/**
 * The events of the panel: those that end a wait, or those that start a delay again.
 * @param expressions values that differ from person to person are added to it
 * @throws NodeOperationError naming the field
 */
export function readBranches(context: Context, expressions: Expressions): Branches {
	const node = context.getNode();
	const forEvents = raw<string>(context, 'waitFor', 'time') === 'events';
	const branches = raw<RawBranch[]>(context, forEvents ? 'events.branch' : 'resets.branch', []);
	if (forEvents && branches.length === 0) throw fieldError(node, 'Events', 'none is given. Add the event to wait for.');
	if (branches.length > MOST_BRANCHES) throw fieldError(node, 'Events', `found ${branches.length}. At most ${MOST_BRANCHES} are possible.`);

	const names = stateOutputs(node.parameters as never).map((output) => output.displayName);
	if (new Set(names).size < names.length) {
		throw fieldError(node, 'Output Name', `"${names.find((name, at) => names.indexOf(name) < at)}" is there twice. Give each output its own name.`);
	}
	const fixed = fixedOutputs(node.parameters as never);
	const { correlation } = raw<{ correlation?: string }>(context, 'options', {});
	const wakes = isRanked(context) ? 'rank' : 'wake';
	const conditions = branches.map((branch, at): Condition => {
		const output = forEvents ? `${at + 1}:${names[fixed + at]}` : '';
		const { on = 'event' } = forEvents ? branch : {};
		if (on !== 'event') {
			if (wakes === 'rank') throw fieldError(node, 'What Decides', `is the best event, but number ${at + 1} in the list is no event. Only events can be ranked.`);
			return { output, event: '', effect: 'wake', ...readChange(context, branch, at, expressions) };
		}
		const event = nameOf(branch.event);
		if (!event) throw fieldError(node, 'Event', `number ${at + 1} has no name. Enter the name of the event.`);
		return {
			output,
			event,
			filter: readFilter(context, `Property Filters of "${event}"`, branch.filters?.conditions ?? [], expressions),
			correlation: correlation || undefined,
			effect: forEvents ? wakes : 'reset',
			...(forEvents ? readCount(context, branch) : {}),
		};
	});
	return { conditions, captures: forEvents ? branches.map((branch) => ((branch.on ?? 'event') === 'event' ? readCaptures(context, branch) : {})) : [] };
}

function readChange(context: Context, branch: RawBranch, at: number, expressions: Expressions): Pick<Condition, 'kind' | 'filter' | 'subjects' | 'step'> {
	if (branch.on === 'attribute') return readAttributes(context, branch, at, expressions);
	if (branch.on === 'message') return readMessage(context, branch);
	const segment = nameOf(branch.segment);
	if (!segment) throw fieldError(context.getNode(), 'Segment', `number ${at + 1} has no name. Enter the name of a saved segment.`);
	return { kind: 'segment', filter: [], subjects: [segment] };
}

function readAttributes(context: Context, { attributes }: RawBranch, at: number, expressions: Expressions): Pick<Condition, 'kind' | 'filter' | 'subjects'> {
	const conditions = attributes?.conditions ?? [];
	if (conditions.length === 0) throw fieldError(context.getNode(), 'Attribute Conditions', `number ${at + 1} has none. Add what the attribute is to be.`);
	const filter = readFilter(context, 'Attribute Conditions', conditions, expressions);
	return { kind: 'attribute', filter, subjects: [...new Set(filter.map(({ path }) => String(parsePath(path)[0])))] };
}

/** The step is named as on the canvas here; whoever parks has to say its id. */
function readMessage(context: Context, { engagement = 'clicked', step }: RawBranch): Pick<Condition, 'kind' | 'filter' | 'subjects' | 'step'> {
	if (!ENGAGEMENTS.includes(engagement)) throw fieldError(context.getNode(), 'Message Is', `there is no "${engagement}". Choose one of: ${ENGAGEMENTS.join(', ')}.`);
	return { kind: 'message', filter: [], subjects: [engagement], step: step?.trim() || undefined };
}

function readCount(context: Context, { event, times = 1, period = 'ever', withinAmount, withinUnit }: RawBranch): Pick<Condition, 'times' | 'within'> {
	const field = `At Least This Many Times of "${nameOf(event)}"`;
	if (!Number.isInteger(times) || times < 1 || times > MOST_TIMES) throw fieldError(context.getNode(), field, `found ${times}. Enter a whole number from 1 to ${MOST_TIMES}.`);
	if (times === 1) return {};
	if (period === 'ever') return { times };
	return { times, within: period === 'day' ? 'day' : readDuration(context, `Last, of "${nameOf(event)}"`, withinAmount ?? 1, withinUnit ?? 'hours') };
}

function readCaptures(context: Context, { event, values }: RawBranch): Record<string, string> {
	const field = `Journey Values of "${nameOf(event)}"`;
	return Object.fromEntries((values?.value ?? []).map(({ name, path }) => {
		if (name.trim() === '') throw fieldError(context.getNode(), field, `the value from "${path}" has no name. Give it one.`);
		checked(context, field, () => parseSinglePath(path));
		return [name.trim(), path];
	}));
}
