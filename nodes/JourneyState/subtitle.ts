interface Panel {
	[field: string]: unknown;
	waitFor?: string;
	decides?: string;
	events?: { branch?: Array<{ on?: string; event?: unknown; engagement?: string; segment?: unknown; attributes?: { conditions?: Array<{ path?: unknown }> }; times?: number }> };
	resets?: { branch?: Array<{ event?: unknown }> };
}

/** The wait in a few words, for the canvas. Self-contained, because the editor evaluates its text. */
export function stateSubtitle(panel: Panel): string {
	/** A name may be chosen from a list, which keeps more than its text. */
	const said = (name: unknown) => String((typeof name === 'object' && name !== null ? (name as { value?: unknown }).value : name) ?? '');
	const forEvents = panel.waitFor === 'events';
	const get = (name: string, preset: unknown) => panel[forEvents ? `limit${name[0]!.toUpperCase()}${name.slice(1)}` : name] ?? preset;
	const isExpression = (value: unknown) => typeof value === 'string' && value.startsWith('=');
	const period = (amount: unknown, unit: unknown) => (isExpression(amount) ? `… ${String(unit)}` : `${String(amount)} ${amount === 1 ? String(unit).slice(0, -1) : String(unit)}`);
	const kinds: Record<string, () => string> = {
		delay: () => {
			const delay = period(get('delayAmount', 1), get('delayUnit', 'days'));
			const time = /^(days|weeks|months|years)$/.test(String(get('delayUnit', 'days'))) ? get('delayTime', '') : '';
			return time ? `${delay}, then until ${isExpression(time) ? '…' : String(time)}` : delay;
		},
		date: () => {
			const offset = get('offsetAmount', 0);
			return offset === 0 ? 'until a date' : `until ${period(offset, get('offsetUnit', 'days'))} ${get('offsetBefore', true) ? 'before' : 'after'} a date`;
		},
		weekday: () => {
			const days = [...(get('weekdays', [1]) as number[])].sort().map((day) => ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day - 1]);
			return `until ${days.join(' or ')}, ${String(get('weekdayTime', '09:00'))}`;
		},
		window: () => {
			const days = [...(get('windowDays', [1, 2, 3, 4, 5]) as number[])].sort();
			const names = days.map((day) => ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day - 1]);
			const inRow = days.length > 2 && days.every((day, at) => day === days[0]! + at);
			const said = days.length === 7 ? 'any day' : inRow ? `${names[0]} to ${names[names.length - 1]}` : names.join(' or ');
			return `until ${said}, ${String(get('windowFrom', '09:00'))} to ${String(get('windowTo', '18:00'))}`;
		},
	};
	const names = (list: Panel['events']) => (list?.branch ?? [])
		.map(({ on, event, engagement = 'clicked', segment, attributes, times = 1 }) => {
			if (on === 'attribute') return said(attributes?.conditions?.[0]?.path);
			if (on === 'message') return `message ${engagement}`;
			if (on === 'segment') return said(segment) && `in ${said(segment)}`;
			return said(event) && times > 1 ? `${times} × ${said(event)}` : said(event);
		})
		.filter((name) => name).join(' or ');
	const kind = String(get('until', 'delay'));
	const time = kinds[kind]?.();
	if (forEvents && panel.decides === 'best') return `${kind === 'delay' ? 'wait ' : ''}${time}, then by the best event`;
	if (forEvents) return `until ${names(panel.events) || 'an event'}${time ? `, at most ${time}` : ''}`;
	const last = kind === 'delay' && names(panel.resets);
	return `${kind === 'delay' ? 'wait ' : ''}${time}${last ? ` after the last ${last}` : ''}`;
}
