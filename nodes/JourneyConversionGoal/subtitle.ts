interface Panel {
	type?: string;
	reached?: string;
	event?: string | { value?: unknown };
	segment?: string | { value?: unknown };
	absentAmount?: number;
	absentUnit?: string;
}

/** What a goal is, for the canvas. Self-contained, because the editor evaluates its text. */
export function goalSubtitle(panel: Panel): string {
	const name = typeof panel.segment === 'object' ? panel.segment.value : panel.segment;
	const segment = name ? String(name) : 'a segment';
	const given = typeof panel.event === 'object' ? panel.event.value : panel.event;
	const event = given ? String(given) : 'an event';
	const words: Record<string, string> = {
		absent: `no ${event} in ${String(panel.absentAmount ?? 30)} ${panel.absentUnit ?? 'days'}`,
		joined: `joining ${segment}`,
		left: `leaving ${segment}`,
	};
	return (panel.type === 'exit' ? 'ends on ' : '') + (words[panel.reached ?? 'event'] ?? event);
}
