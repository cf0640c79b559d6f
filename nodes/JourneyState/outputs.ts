interface Panel {
	waitFor: string;
	events?: { branch?: Array<{ event?: string; output?: string }> };
}

/**
 * The outputs of a State, *Time is up* first: n8n connects by index, so fixed ones come before those that can change.
 * Self-contained, because the editor evaluates its text.
 */
export function stateOutputs(panel: Panel): Array<{ type: 'main'; displayName: string }> {
	const named = panel.waitFor === 'events' ? (panel.events?.branch ?? []) : [];
	return [
		{ type: 'main', displayName: 'Time is up' },
		...named.map((one, at) => ({ type: 'main' as const, displayName: one.output || one.event || `Event ${at + 1}` })),
	];
}
