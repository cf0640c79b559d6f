interface Panel {
	works?: string;
}

/** The outputs of an Audience Filter; a condition of entry has one. Self-contained, because the editor evaluates its text. */
export function audienceOutputs(panel: Panel): Array<{ type: 'main'; displayName?: string }> {
	if (panel.works === 'entry') return [{ type: 'main' }];
	return [{ type: 'main', displayName: 'In Audience' }, { type: 'main', displayName: 'Not in Audience' }];
}
