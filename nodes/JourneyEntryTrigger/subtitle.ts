interface Panel {
	[field: string]: unknown;
	entry?: string;
	event?: unknown;
	attribute?: string;
	segment?: string | { value?: unknown };
}

/** What lets people in, for the canvas. Self-contained, because the editor evaluates its text. */
export function entrySubtitle(panel: Panel): string {
	/** A name may be chosen from a list, which keeps more than its text. */
	const said = (name: unknown) => String((typeof name === 'object' && name !== null ? (name as { value?: unknown }).value : name) ?? '');
	const side = (which: unknown, value: unknown, word: string) => (which === 'value' ? ` ${word} ${String(value)}` : which === 'none' ? ` ${word} nothing` : '');
	const words: Record<string, () => string> = {
		change: () => `${panel.attribute || 'an attribute'} changes${side(panel.from, panel.fromValue, 'from')}${side(panel.to, panel.toValue, 'to')}`,
		schedule: () => {
			const count = Number(panel.every ?? 1);
			const by = (unit: string) => (count === 1 ? `every ${unit}` : `every ${count} ${unit}s`);
			const days = [...((panel.weekdays as number[] | undefined) ?? [1])].sort().map((day) => ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day - 1]).join(', ');
			const repeats: Record<string, () => string> = {
				once: () => `once, ${String(panel.date || 'on a date')}`,
				days: () => by('day'),
				weeks: () => `${by('week')}: ${days}`,
				months: () => `${by('month')}: ${panel.monthDayKind === 'last' ? 'last day' : `day ${String(panel.monthDay ?? 1)}`}`,
			};
			return `${repeats[String(panel.repeats ?? 'days')]?.()}, ${String(panel.atTime ?? '09:00')}`;
		},
		segment: () => {
			const name = typeof panel.segment === 'object' ? panel.segment.value : panel.segment;
			return `${panel.membership === 'left' ? 'leaves' : 'joins'} ${name ? String(name) : 'a segment'}`;
		},
		start: () => 'from another journey or workflow',
	};
	return words[panel.entry ?? 'event']?.() ?? said(panel.event);
}
