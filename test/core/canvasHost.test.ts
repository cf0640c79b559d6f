import { readFileSync } from 'node:fs';
import { loopOutput, waits } from '../../lib/core/canvas/roles';
import type { CanvasNode } from '../../lib/core/canvas/canvas';

/** What n8n's own nodes say about themselves, so that a new release cannot bring a way to wait unnoticed. */
interface Description {
	name: string;
	version: number | number[];
	webhooks?: Array<{ restartWebhook?: boolean }>;
	outputNames?: string[];
	properties: Array<{ name: string; options?: Array<{ value?: unknown }> }>;
}
const descriptions = JSON.parse(readFileSync(require.resolve('n8n-nodes-base/dist/types/nodes.json'), 'utf8')) as Description[];

const node = (name: string, more: Partial<CanvasNode> = {}): CanvasNode => ({
	id: 'id', name: 'It', type: `n8n-nodes-base.${name}`, parameters: {}, ...more,
});

test('every node of n8n that can be resumed by a web request is known to wait', () => {
	const resumable = descriptions.filter(({ webhooks }) => webhooks?.some((webhook) => webhook.restartWebhook));
	const unknown = resumable.filter(({ name, properties }) => {
		if (waits(node(name))) return false;
		const operations = properties.filter((property) => property.name === 'operation').flatMap((property) => property.options ?? []);
		return !operations.some(({ value }) => waits(node(name, { parameters: { operation: value } })));
	});
	expect(resumable.length).toBeGreaterThan(8);
	expect(unknown.map(({ name }) => name)).toEqual([]);
});

test('no operation that says it waits is missed', () => {
	const operations = descriptions.flatMap(({ properties }) =>
		properties.filter((property) => property.name === 'operation').flatMap((property) => property.options ?? []),
	);
	const waiting = [...new Set(operations.map(({ value }) => value))].filter((value) => /AndWait/i.test(String(value)));
	expect(waiting.sort()).toEqual(['dispatchAndWait', 'sendAndWait']);
	for (const operation of waiting) expect(waits(node('any', { parameters: { operation } }))).toBe(true);
});

test('the output of Loop Over Items that loops', () => {
	const loops = descriptions.filter(({ name }) => name === 'splitInBatches');
	expect(loops.length).toBeGreaterThan(0);
	for (const { version, outputNames } of loops) {
		for (const typeVersion of [version].flat()) {
			expect(loopOutput(node('splitInBatches', { typeVersion }))).toBe(outputNames ? outputNames.indexOf('loop') : 0);
		}
	}
	expect(loopOutput(node('splitInBatches'))).toBe(1);
	expect(loopOutput(node('set'))).toBeUndefined();
});
