/** A name as a panel holds it: typed, or chosen from those seen so far. */
export type RawName = string | { __rl?: true; mode?: string; value: unknown };

/** The name itself. */
export function nameOf(raw: unknown): string {
	const value: unknown = typeof raw === 'object' && raw !== null ? (raw as { value?: unknown }).value : raw;
	return typeof value === 'string' ? value.trim() : '';
}
