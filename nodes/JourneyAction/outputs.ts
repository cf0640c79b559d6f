/** The outputs of an Action by its operation. Self-contained, because the editor evaluates its text. */
export function actionOutputs(panel: { operation: string }): Array<{ type: 'main'; displayName?: string }> {
	if (panel.operation === 'exit') return [];
	if (panel.operation !== 'check') return [{ type: 'main' }];
	return [
		{ type: 'main', displayName: 'Send now' },
		{ type: 'main', displayName: 'Skipped' },
	];
}
