/** What a link to the status page shows: everything, or all but what tells who somebody is. */
export type StatusScope = 'status' | 'status without customers';

export function isStatusScope(scope: string): scope is StatusScope {
	return scope === 'status' || scope === 'status without customers';
}
