import { validateDuration } from '../duration';
import type { Duration } from '../types';
import type { Canvas, CanvasNode } from './canvas';
import { kindOf, named } from './roles';

/** A node that asks for what happened before now. */
export interface Reach {
	/** The node as messages name it. */
	node: string;
	/** What it asks for, as a part of a sentence: `for Order Completed within 30 days`. */
	asks: string;
	/** How far back; null: as far as there is anything. */
	within: Duration | null;
}

/** Panels, as far as they look back. */
interface Conditions {
	behaviour?: Occurrences[];
	aggregate?: Occurrences[];
	group?: Array<{ conditions?: Conditions }>;
}
interface Occurrences {
	/** Typed, or chosen from a list. */
	event?: string | { value?: unknown };
	period?: string;
	withinAmount?: number;
	withinUnit?: string;
	calendarDays?: number;
}
interface Panel {
	entry?: string;
	conditions?: Conditions;
	mode?: string;
	rules?: { rule?: Array<{ conditions?: Conditions }> };
	waitFor?: string;
	events?: { branch?: Array<{ times?: number }> };
	decides?: string;
	lookBack?: string;
	lookBackAmount?: number;
	lookBackUnit?: string;
	options?: { window?: { period?: { windowAmount?: number; windowUnit?: string } } };
	reached?: string;
	absentAmount?: number;
	absentUnit?: string;
}

/**
 * How far back each node of a journey asks for events, so that nothing is dropped that a rule would miss.
 * @throws TimeRuleError naming the node whose panel does not say how far
 */
export function reachesOf(canvas: Canvas): Reach[] {
	return canvas.nodes.filter((node) => !node.disabled).flatMap((node) => {
		const panel: Panel = node.parameters;
		switch (kindOf(node)) {
			case 'journeyEntryTrigger': return panel.entry === 'schedule' ? ofConditions(node, panel.conditions) : [];
			case 'journeyAudienceFilter': return ofConditions(node, panel.conditions);
			case 'journeyBranch': return panel.mode === 'split' ? [] : (panel.rules?.rule ?? []).flatMap((rule) => ofConditions(node, rule.conditions));
			case 'journeyState': return ofState(node, panel);
			case 'journeyConversionGoal': return ofGoal(node, panel);
			default: return [];
		}
	});
}

/** Whether people in this journey count events from their entry on. */
export function countsSinceEntry(canvas: Canvas): boolean {
	return canvas.nodes.filter((node) => !node.disabled).some((node) => {
		const panel: Panel = node.parameters;
		switch (kindOf(node)) {
			case 'journeyState': return panel.waitFor === 'events' && (panel.lookBack === 'entry' || counts(panel));
			case 'journeyAudienceFilter': return sinceEntry(panel.conditions);
			case 'journeyBranch': return panel.mode !== 'split' && (panel.rules?.rule ?? []).some((rule) => sinceEntry(rule.conditions));
			default: return false;
		}
	});
}

/** Whether a State asks, while people wait, for what happened earlier in the wait: whatever it looks back to, they came after their entry. */
function counts({ decides, events }: Panel): boolean {
	return decides === 'best' || (events?.branch ?? []).some(({ times }) => times !== undefined && times !== 1);
}

function sinceEntry(conditions: Conditions = {}): boolean {
	const own = [...(conditions.behaviour ?? []), ...(conditions.aggregate ?? [])];
	return own.some(({ period }) => period === 'entry' || period === 'state') || (conditions.group ?? []).some((group) => sinceEntry(group.conditions));
}

function ofConditions(node: CanvasNode, conditions: Conditions = {}): Reach[] {
	const own = [...(conditions.behaviour ?? []), ...(conditions.aggregate ?? [])].flatMap((one) => ofOccurrences(node, one));
	return [...own, ...(conditions.group ?? []).flatMap((group) => ofConditions(node, group.conditions))];
}

function ofOccurrences(node: CanvasNode, { event: given, period, withinAmount, withinUnit, calendarDays }: Occurrences): Reach[] {
	const event = String(typeof given === 'object' ? given.value : given);
	switch (period) {
		case 'within': return [reach(node, `for ${event}`, withinAmount ?? 30, withinUnit ?? 'days')];
		// Zones are not more than a day apart.
		case 'days': return [reach(node, `for ${event}`, (calendarDays ?? 1) + 1, 'days')];
		// `countsSinceEntry` keeps these.
		case 'entry':
		case 'state': return [];
		default: return [{ node: named(node), asks: `whether ${event} ever happened`, within: null }];
	}
}

function ofState(node: CanvasNode, { waitFor, lookBack, lookBackAmount, lookBackUnit }: Panel): Reach[] {
	if (waitFor !== 'events' || lookBack !== 'last') return [];
	return [reach(node, 'for events', lookBackAmount ?? 1, lookBackUnit ?? 'hours')];
}

function ofGoal(node: CanvasNode, { options, reached, absentAmount, absentUnit }: Panel): Reach[] {
	if (reached === 'absent') return [reach(node, 'for its event', absentAmount ?? 30, absentUnit ?? 'days')];
	const period = options?.window?.period;
	return period ? [reach(node, 'for its event', period.windowAmount ?? 7, period.windowUnit ?? 'days')] : [];
}

function reach(node: CanvasNode, what: string, amount: unknown, unit: unknown): Reach {
	const within = validateDuration({ amount, unit }, named(node));
	return { node: named(node), asks: `${what} within ${within.amount} ${within.unit}`, within };
}
