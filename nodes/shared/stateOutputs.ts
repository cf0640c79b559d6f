interface Branch {
	on?: string;
	event?: unknown;
	engagement?: string;
	segment?: unknown;
	attributes?: { conditions?: Array<{ path?: unknown }> };
	output?: string;
}

interface Panel {
	waitFor?: string;
	until?: string;
	limitUntil?: string;
	events?: { branch?: Branch[] };
}

/**
 * The outputs of a State, *Time is up* first: n8n connects by index, so fixed ones come before those that can change.
 * Behind it, if it waits for a date, *No date*. Self-contained, because the editor evaluates its text.
 */
export function stateOutputs(panel: Panel): Array<{ type: 'main'; displayName: string }> {
	/** A name may be chosen from a list, which keeps more than its text. */
	const said = (name: unknown) => String((typeof name === 'object' && name !== null ? (name as { value?: unknown }).value : name) ?? '');
	const named = panel.waitFor === 'events' ? (panel.events?.branch ?? []) : [];
	const undated = (panel.waitFor === 'events' ? panel.limitUntil : panel.until) === 'date';
	const nameOf = ({ on, event, engagement, segment, attributes }: Branch) =>
		on === 'message' ? (engagement ?? 'clicked') : said(on === 'attribute' ? attributes?.conditions?.[0]?.path : on === 'segment' ? segment : event);
	return [
		{ type: 'main', displayName: 'Time is up' },
		...(undated ? [{ type: 'main' as const, displayName: 'No date' }] : []),
		...named.map((one, at) => ({ type: 'main' as const, displayName: one.output || nameOf(one) || `Event ${at + 1}` })),
	];
}

/** How many outputs come before those of the events. */
export function fixedOutputs(panel: Panel): number {
	return stateOutputs({ ...panel, events: {} }).length;
}
