import { NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';

import { attributeDue, dueAt, park, tellUndated, variablesFor, type Arrival, type AttributeDate, type Claim, type Engine, type Undated, type Walking } from '../../lib/index';
import { publishedCanvas } from '../shared/canvas';
import { fieldError, raw, valuesOf } from '../shared/parameters';
import { readUntil, readWait, untilDiffers, type StateWait } from './wait';

/** The journey's own limit, for a wait without one. */
const LIMIT_YEARS = 2;

/** Someone who arrives at a State: the instance, and the item that brought it. */
export interface Arriving {
	running: Walking;
	item: number;
}

/** Who does not wait. */
export interface Passing {
	/** Their date is past, and that ends the journey. */
	past: number[];
	/** Their date cannot be told, and why. */
	undated: Array<Undated & { item: number }>;
}

/** Parks arriving people for what the panel says. @returns who does not wait */
export async function parkArrivals(context: IExecuteFunctions, engine: Engine, claim: Claim, step: number, people: Arriving[], now: Date): Promise<Passing> {
	const wait = withStepIds(context, readWait(context));
	const passing: Passing = { past: [], undated: [] };
	const due = dueTimes(context, wait, now);
	const arrivals = people.flatMap(({ running, item }): Arrival[] => {
		const { at, past, problem } = due(item, running);
		if (problem !== undefined) {
			passing.undated.push({ id: running.id, item, problem });
			return [];
		}
		if (at && at <= now && past === 'exit') {
			passing.past.push(running.id);
			return [];
		}
		const limit = new Date(running.entered_at);
		limit.setUTCFullYear(limit.getUTCFullYear() + LIMIT_YEARS);
		return [{
			id: running.id, profile_id: running.profile_id, due_at: at ?? limit, expires: at === undefined,
			since: since(wait, running, now), after_arrival: wait.lookBack === 'arrival',
			vars: variables(context, wait, item), wake: null,
		}];
	});
	if (passing.undated.length > 0) await tellUndated(engine, claim, step, passing.undated);
	if (arrivals.length > 0) await park(engine, claim, step, wait, arrivals);
	return passing;
}

function since({ lookBack }: StateWait, running: Walking, now: Date): Date {
	if (lookBack === 'entry') return running.entered_at;
	// Own times of events that arrive later may be earlier than now; arrival decides.
	if (lookBack === 'arrival') return new Date(0);
	if (lookBack === 'previous') return running.left_at;
	return dueAt({ kind: 'date', date: now, offset: { ...lookBack.last, before: true } }, now, 'UTC');
}

function variables(context: IExecuteFunctions, wait: StateWait, item: number): object | null {
	if (wait.expressions.size === 0) return null;
	return variablesFor(wait.filters, valuesOf(context, 'Property Filters', wait.expressions, item));
}

/** When the time is up, or why that cannot be told. */
interface Due {
	at?: Date;
	past?: string;
	problem?: string;
}

/** Messages are told apart by the node that checks them, whose name may change. @throws NodeOperationError when there is none */
function withStepIds(context: IExecuteFunctions, wait: StateWait): StateWait {
	if (!wait.conditions.some(({ step }) => step)) return wait;
	const { nodes } = publishedCanvas(context);
	const conditions = wait.conditions.map((condition) => {
		if (condition.step === undefined) return condition;
		const node = nodes.find(({ name }) => name === condition.step);
		if (!node) throw fieldError(context.getNode(), 'Checked By', `there is no node "${condition.step}" in this workflow. Enter the name of a Journey Action, or leave it empty.`);
		return { ...condition, step: node.id };
	});
	return { ...wait, conditions };
}

function dueOfAttribute(date: AttributeDate, value: unknown, now: Date, zone: string): Due {
	try {
		return { at: attributeDue(date, value, now, zone), past: date.past };
	} catch (error) {
		return { problem: (error as Error).message };
	}
}

/** Hours end at the same instant everywhere. Whatever goes by the calendar refuses a zone of this name, so it cannot be forgotten. */
const NOT_ASKED = 'not asked for';

/** When each person's time is up; the same rule in the same zone is worked out once. */
function dueTimes(context: IExecuteFunctions, wait: StateWait, now: Date): (item: number, running: Walking) => Due {
	const { until } = wait;
	if (!until) return () => ({});
	const differs = untilDiffers(until, (name) => raw<unknown>(context, name, ''));
	const known = new Map<string, Due>();
	return (item, { zone: asked, date }) => {
		const zone = asked ?? NOT_ASKED;
		if (wait.date) return dueOfAttribute(wait.date, date, now, zone);
		const key = differs ? `${item}` : zone;
		let due = known.get(key);
		if (!due) {
			const rule = readUntil(context, item, until);
			try {
				due = { at: dueAt(rule, now, zone), past: rule.past };
			} catch (error) {
				const { message } = error as Error;
				if (rule.kind !== 'date') throw new NodeOperationError(context.getNode(), message, { itemIndex: item });
				due = { problem: message };
			}
			known.set(key, due);
		}
		return due;
	};
}
