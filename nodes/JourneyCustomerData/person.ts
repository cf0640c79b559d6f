import { readIdentity, type Identity } from '../../lib/index';
import type { Panel } from './panel';

interface Row {
	kind: unknown;
	value?: unknown;
}

/** The identity that finds the customer. @throws Refusal naming the field */
export function finder(panel: Panel, item: number): Identity {
	return readIdentity(panel('identityKind', item, 'user_id'), panel<unknown>('identity', item, ''));
}

/** Rows of *Also Known As*; empty values are left out. @throws Refusal naming the field */
export function otherIdentities(rows: { identity?: Row[] } | undefined): Identity[] {
	const given = (rows?.identity ?? []).filter(({ value }) => value !== undefined && value !== null && value !== '');
	return given.map(({ kind, value }) => readIdentity(kind, value));
}
