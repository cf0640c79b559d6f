/** The outputs of a Goal: nobody goes on from an exit criterion. Self-contained, because the editor evaluates its text. */
export function goalOutputs(panel: { type?: string }): Array<{ type: 'main'; displayName: string }> {
	const through = { type: 'main' as const, displayName: 'Continue' };
	return panel.type === 'exit' ? [through] : [through, { type: 'main', displayName: 'Converted' }];
}
