/** JSON with the keys of every object sorted: the same text for values that say the same. */
export function canonical(value: unknown): string {
	return JSON.stringify(inOrder(value)) ?? 'null';
}

function inOrder(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(inOrder);
	if (value === null || typeof value !== 'object') return value;
	const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}
