import type { IExecuteFunctions } from 'n8n-workflow';

import { isExpression, raw } from '../shared/parameters';

export interface Panel {
	/** A parameter as it is for one item. */
	<T>(name: string, item: number, fallback: T): T;
	/** Whether it is worked out for each item, and not what the panel itself says. */
	isWorkedOut(name: string): boolean;
}

/** Reads parameters item by item; what is the same for every item is read once, since reading is dear in large batches. */
export function panelOf(context: IExecuteFunctions): Panel {
	const same = new Map<string, unknown>();
	const differing = new Set<string>();
	const read = <T>(name: string, item: number, fallback: T): T => {
		if (same.has(name)) return same.get(name) as T;
		const value = context.getNodeParameter(name, item, fallback) as T;
		if (!differing.has(name)) {
			if (hasExpression(raw<unknown>(context, name, fallback))) differing.add(name);
			else same.set(name, value);
		}
		return value;
	};
	return Object.assign(read, { isWorkedOut: (name: string) => hasExpression(raw<unknown>(context, name, '')) });
}

function hasExpression(value: unknown): boolean {
	if (typeof value === 'object' && value !== null) return Object.values(value).some(hasExpression);
	return isExpression(value);
}
