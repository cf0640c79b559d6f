interface Panel {
	[field: string]: unknown;
	entry?: string;
	event?: string;
}

/** What lets people in, for the canvas. Self-contained, because the editor evaluates its text. */
export function entrySubtitle(panel: Panel): string {
	const words: Record<string, () => string> = {
		start: () => 'from another journey or workflow',
	};
	return words[panel.entry ?? 'event']?.() ?? panel.event ?? '';
}
