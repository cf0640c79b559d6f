interface Panel {
	[field: string]: unknown;
	operation: string;
}

/** What an Action does, for the canvas. Self-contained, because the editor evaluates its text. */
export function actionSubtitle(panel: Panel): string {
	const words: Record<string, string> = {
		check: 'check before sending', setAttributes: 'set attributes', deleteAttributes: 'delete attributes', addTags: 'add tags', removeTags: 'remove tags',
		setContext: 'set journey values', recordEvent: 'record event', exit: 'leave the journey', unknown: 'unknown deliveries',
		startJourney: 'start journey', leaveJourney: 'leave journey',
	};
	const told: Record<string, string> = { addTags: 'tags', removeTags: 'tags', recordEvent: 'event', deleteAttributes: 'names', startJourney: 'journey', leaveJourney: 'journey' };
	// A name may be chosen from a list, which keeps more than its text.
	const given = panel[told[panel.operation] ?? ''];
	const detail: unknown = typeof given === 'object' && given !== null ? (given as { value?: unknown }).value : given;
	const known = typeof detail === 'string' && detail !== '' && !detail.startsWith('=');
	return `${words[panel.operation] ?? ''}${known ? `: ${detail}` : ''}`;
}
