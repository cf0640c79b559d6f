interface Panel {
	[field: string]: unknown;
	entry?: string;
	event?: string;
	attribute?: string;
}

/** What lets people in, for the canvas. Self-contained, because the editor evaluates its text. */
export function entrySubtitle(panel: Panel): string {
	const side = (which: unknown, value: unknown, word: string) => (which === 'value' ? ` ${word} ${String(value)}` : which === 'none' ? ` ${word} nothing` : '');
	const words: Record<string, () => string> = {
		change: () => `${panel.attribute || 'an attribute'} changes${side(panel.from, panel.fromValue, 'from')}${side(panel.to, panel.toValue, 'to')}`,
		start: () => 'from another journey or workflow',
	};
	return words[panel.entry ?? 'event']?.() ?? panel.event ?? '';
}
