interface Panel {
	mode?: string;
	rules?: { rule?: Array<{ output?: string }> };
	variants?: { variant?: Array<{ name?: string; weight?: number }> };
}

/**
 * The outputs of a Branch. By rules *Otherwise* comes first: n8n connects by index, so what is fixed comes before what
 * can change. The sides of a split say their share. Self-contained, because the editor evaluates its text.
 */
export function branchOutputs(panel: Panel): Array<{ type: 'main'; displayName: string }> {
	if (panel.mode === 'split') {
		const variants = panel.variants?.variant ?? [];
		const sum = variants.reduce((total, { weight }) => total + Number(weight), 0);
		const share = (weight?: number) => Math.round((1000 * Number(weight)) / sum) / 10;
		return variants.map(({ name, weight }, at) => ({ type: 'main', displayName: `${name || `Side ${at + 1}`} ${share(weight)} %` }));
	}
	const rules = panel.rules?.rule ?? [];
	return [
		{ type: 'main', displayName: 'Otherwise' },
		...rules.map(({ output }, at) => ({ type: 'main' as const, displayName: output || `Rule ${at + 1}` })),
	];
}
