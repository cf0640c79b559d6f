/** Short hands for workflows in tests. */
export const journeyNode = (name: string, type: string, parameters: object = {}, more: object = {}) => ({
	id: `id-${name}`, name, type: `n8n-nodes-journey.${type}`, typeVersion: 1, position: [0, 0], parameters, ...more,
});

export const baseNode = (name: string, type: string, typeVersion: number, parameters: object = {}, more: object = {}) => ({
	id: `id-${name}`, name, type: `n8n-nodes-base.${type}`, typeVersion, position: [0, 0], parameters, ...more,
});

/** `['A:1 > B', …]` as n8n's connections: from output 1 (default 0) of A to B. */
export function wires(...lines: string[]) {
	const connections: Record<string, { main: Array<Array<{ node: string; type: 'main'; index: number }>> }> = {};
	for (const line of lines) {
		const [from, to] = line.split(' > ') as [string, string];
		const [, name, output] = /^(.*?)(?::(\d+))?$/.exec(from)!;
		const { main } = (connections[name!] ??= { main: [] });
		const at = Number(output ?? 0);
		while (main.length <= at) main.push([]);
		main[at]!.push({ node: to, type: 'main', index: 0 });
	}
	return connections;
}

export const assign = (values: Record<string, string>) => ({
	includeOtherFields: true,
	assignments: { assignments: Object.entries(values).map(([name, value]) => ({ id: name, name, type: 'string', value })) },
});

/** An IF that compares a number: output 0 when it holds, else 1. */
export const ifNumber = (name: string, left: string, operation: 'lt' | 'gt' | 'equals', right: number) => baseNode(name, 'if', 2.2, {
	conditions: {
		options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 }, combinator: 'and',
		conditions: [{ id: 'condition', leftValue: left, rightValue: right, operator: { type: 'number', operation } }],
	},
});

/** A workflow that takes events in at `/webhook/journey`. @param writeKey id of the credential */
export const collector = (writeKey: string) => ({
	name: 'Collector',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [journeyNode('Collector', 'journeyEventCollectorTrigger', { path: 'journey' }, { webhookId: 'collector', credentials: { journeyWriteKey: { id: writeKey, name: 'Shop' } } })],
	connections: {},
});
