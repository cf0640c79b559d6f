/** The calls of Segment's tracking API, with the one-letter paths that browsers use. */
const SHORT = { identify: 'i', track: 't', page: 'p', screen: 's', group: 'g', alias: 'a' } as const;

export type Call = keyof typeof SHORT;
export const CALLS = Object.keys(SHORT) as Call[];

/** Last part of the path to what it asks for. Some clients send their batches to `import`. */
const ENDPOINTS = new Map<string, Call | 'batch'>([
	...CALLS.flatMap((call): Array<[string, Call]> => [[call, call], [SHORT[call], call]]),
	['batch', 'batch'],
	['b', 'batch'],
	['import', 'batch'],
]);

/** Every path the collector answers, below its base path: `v1/track`, `v1/t`, `track`, `t`, … */
export const ENDPOINT_PATHS: string[] = [...ENDPOINTS.keys()].flatMap((name) => [`v1/${name}`, name]);

/** What a request's path asks for, whatever stands in front of it; `undefined` when the collector does not know it. */
export function endpointOf(path: string): Call | 'batch' | undefined {
	return ENDPOINTS.get(path.replace(/\/$/, '').split('/').pop() ?? '');
}
