import { nameOf } from '../name';
import type { CanvasNode } from './canvas';
import type { Graph } from './graph';
import type { Problem } from './problem';
import { kindOf, named } from './roles';

/** Parameters of a Goal and a State, as far as they say which events they take. */
interface GoalPanel {
	type?: 'conversion' | 'exit';
	/** Absent: when an event happens. */
	reached?: string;
	event?: unknown;
	exit?: boolean;
	filters?: { conditions?: unknown[] };
	options?: { window?: { period?: unknown } };
}
interface StatePanel {
	waitFor?: string;
	events?: { branch?: Array<{ event?: unknown }> };
}

/** Events that a State waits for and a Goal takes first. */
export function goalWarnings(graph: Graph): Problem[] {
	const goals = graph.nodes.filter((node) => kindOf(node) === 'journeyConversionGoal' && takesOut(node.parameters) && (node.parameters.reached ?? 'event') === 'event');
	const states = graph.nodes.filter((node) => kindOf(node) === 'journeyState');
	return goals.flatMap((goal) => {
		const { type, event, filters, options }: GoalPanel = goal.parameters;
		const taken = nameOf(event);
		if (taken === '') return [];
		const stay = type === 'exit' ? '' : `, or set When It Is Reached of '${goal.name}' to "Stay and Only Count"`;
		const always = !filters?.conditions?.length && !options?.window?.period;
		return states.filter((state) => waitsFor(state, taken)).map((state) => ({
			node: state.name,
			other: goal.name,
			message: always
				? `${named(state)} will never leave by ${taken}: ${named(goal)} takes it first. Remove the event from '${state.name}'${stay}.`
				: `${named(state)} leaves by ${taken} only when ${named(goal)} does not count it: the goal takes it first.`,
		}));
	});
}

function takesOut({ type, exit }: GoalPanel): boolean {
	return type === 'exit' || exit !== false;
}

function waitsFor(state: CanvasNode, event: string): boolean {
	const { waitFor, events }: StatePanel = state.parameters;
	return waitFor === 'events' && (events?.branch ?? []).some((branch) => nameOf(branch.event) === event);
}
