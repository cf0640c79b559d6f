import { canvasOf, type Canvas, type Connections, type SourceNode } from '../../lib/core/canvas/canvas';

type Drawn = Partial<SourceNode> & { type: string };

/** Short names for the nodes that canvases are mostly made of. */
export const journey = (kind: string, more: Partial<SourceNode> = {}): Drawn => ({ type: `n8n-nodes-journey.journey${kind}`, ...more });
export const base = (name: string, more: Partial<SourceNode> = {}): Drawn => ({ type: `n8n-nodes-base.${name}`, ...more });
export const check = (more: Partial<SourceNode> = {}): Drawn => journey('Action', { parameters: { operation: 'check' }, ...more });
export const mailer = (more: Partial<SourceNode> = {}): Drawn => base('emailSend', { onError: 'continueRegularOutput', ...more });

/**
 * A canvas from its nodes by name and its lines: `'A > B > C'`, from another output than the first `'A:1 > B'`,
 * to another input than the first `'A > B:1'`.
 */
export function draw(nodes: Record<string, Drawn>, ...lines: string[]): Canvas {
	const connections: Connections = {};
	for (const line of lines) {
		const stops = line.split(' > ');
		for (const [index, stop] of stops.slice(1).entries()) {
			const [from = '', output = '0'] = (stops[index] ?? '').split(':');
			const [to = '', input = '0'] = stop.split(':');
			for (const name of [from, to]) if (!nodes[name]) throw new Error(`'${line}' names '${name}', which is not drawn`);
			const outputs = ((connections[from] ??= {}).main ??= []);
			while (outputs.length <= Number(output)) outputs.push(null);
			const targets = (outputs[Number(output)] ??= []);
			targets.push({ node: to, type: 'main', index: index === stops.length - 2 ? Number(input) : 0 });
		}
	}
	return canvasOf(
		Object.entries(nodes).map(([name, node]) => ({ id: `id of ${name}`, name, parameters: {}, ...node })),
		connections,
	);
}
