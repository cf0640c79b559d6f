import type { Identity } from '../../core/types';

/** What the address of a page says. */
export interface Address {
	journey?: string;
	/** Somebody's identity. */
	customer?: Identity;
	/** So many of the newest sentences are skipped. */
	skip?: number;
	/** The page does not load itself again. */
	still?: boolean;
}

/** The address of a page, relative to any other of them: where n8n is, and behind which proxy, need not be known. */
export function link({ journey, customer, skip, still }: Address): string {
	const query = new URLSearchParams({
		...(customer && { kind: customer.kind, value: customer.value }),
		...(journey !== undefined && { journey }),
		...(skip ? { skip: String(skip) } : {}),
		...(still && { still: '1' }),
	}).toString();
	return query === '' ? 'status' : `status?${query}`;
}
