import { NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';

import { dueAt, park, tellUndated, variablesFor, type Arrival, type Claim, type Engine, type Undated, type Walking } from '../../lib/index';
import { raw } from '../shared/parameters';
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
	const wait = readWait(context);
	const passing: Passing = { past: [], undated: [] };
	const due = dueTimes(context, wait, now);
	const arrivals = people.flatMap(({ running, item }): Arrival[] => {
		const { at, past, problem } = due(item, running.zone);
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
	const values = Object.fromEntries([...wait.expressions].map(([name, expression]) => [name, context.evaluateExpression(expression.slice(1), item)]));
	return variablesFor(wait.filters, values);
}

/** When the time is up, or why that cannot be told. */
interface Due {
	at?: Date;
	past?: string;
	problem?: string;
}

/** When each person's time is up; the same rule in the same zone is worked out once. */
function dueTimes(context: IExecuteFunctions, wait: StateWait, now: Date): (item: number, zone: string) => Due {
	const { until } = wait;
	if (!until) return () => ({});
	const differs = untilDiffers(until, (name) => raw<unknown>(context, name, ''));
	const known = new Map<string, Due>();
	return (item, zone) => {
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
