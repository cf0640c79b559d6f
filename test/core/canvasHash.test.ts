import type { IConnections, INode } from 'n8n-workflow';
import { canvasHash, canvasOf } from '../../lib/core/canvas/canvas';

const start: INode = {
	id: 'b', name: 'Start', type: 'n8n-nodes-journey.journeyEntryTrigger', typeVersion: 1, position: [0, 0], notes: 'a note', webhookId: 'w',
	parameters: { event: 'Cart Updated', nested: { one: 1, two: [{ x: 1, y: 2 }] } },
	credentials: { journeyStore: { id: '7', name: 'Shop' } },
};
const mail: INode = {
	id: 'a', name: 'Mail', type: 'n8n-nodes-base.emailSend', typeVersion: 2, position: [9, 9], onError: 'continueErrorOutput', retryOnFail: false,
	parameters: {}, credentials: { smtp: { id: '9', name: 'Mail' } },
};
const lines: IConnections = { Start: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] } };
/** Rows that change the nodes, the lines or both. */
const rows = (...changes: Array<[string, INode[], IConnections?]>) =>
	changes.map(([name, nodes, connections]): [string, INode[], IConnections] => [name, nodes, connections ?? lines]);
const hash = (nodes: INode[], connections: IConnections = lines) => canvasHash(canvasOf(nodes, connections));

test('canvasOf keeps what decides about people', () => {
	expect(canvasOf([start, mail], lines)).toEqual({
		nodes: [
			{ id: 'a', name: 'Mail', type: 'n8n-nodes-base.emailSend', typeVersion: 2, onError: 'continueErrorOutput', parameters: {} },
			{
				id: 'b', name: 'Start', type: 'n8n-nodes-journey.journeyEntryTrigger', typeVersion: 1, parameters: start.parameters,
				credentials: { journeyStore: { id: '7', name: 'Shop' } },
			},
		],
		connections: lines,
	});
});

test('the hash does not depend on this machine', () => {
	expect(hash([start, mail])).toBe('3436d5d7e36468e6d9da8a6bc0fcb1e9d94403d05241d478c6510dcf3fe58f0e');
});

test.each(rows(
	['positions and notes', [{ ...start, position: [5, 5], notes: 'another' }, mail]],
	['the order of nodes', [mail, start]],
	['the order of keys', [{ ...start, parameters: { nested: { two: [{ y: 2, x: 1 }], one: 1 }, event: 'Cart Updated' } }, mail]],
	['switches that are off', [{ ...start, disabled: false, executeOnce: false, onError: 'stopWorkflow' }, mail]],
	['other credentials', [start, { ...mail, credentials: { smtp: { id: '10', name: 'New' } } }]],
	['sticky notes', [start, mail, { ...mail, id: 'n', name: 'Note', type: 'n8n-nodes-base.stickyNote', parameters: { content: 'x' } }]],
	['outputs and nodes without lines', [start, mail], { Start: { main: [lines.Start!.main![0]!, [], null], ai_tool: [[]] }, Mail: { main: [null] } }],
))('%s make no difference', (_, nodes, connections) => {
	expect(hash(nodes, connections)).toBe(hash([start, mail]));
});

test.each(rows(
	['a name', [{ ...start, name: 'Begin' }, mail]],
	['an id', [{ ...start, id: 'c' }, mail]],
	['a type', [start, { ...mail, type: 'n8n-nodes-base.gmail' }]],
	['a type version', [start, { ...mail, typeVersion: 2.1 }]],
	['a parameter', [{ ...start, parameters: { ...start.parameters, event: 'Cart' } }, mail]],
	['the order of a list', [{ ...start, parameters: { ...start.parameters, list: [1, 2] } }, mail]],
	['disabled', [start, { ...mail, disabled: true }]],
	['On Error', [start, { ...mail, onError: 'continueRegularOutput' }]],
	['Retry On Fail', [start, { ...mail, retryOnFail: true }]],
	['the store', [{ ...start, credentials: { journeyStore: { id: '8', name: 'Shop' } } }, mail]],
	['a node', [start]],
	['a line', [start, mail], {}],
	['an output', [start, mail], { Start: { main: [null, lines.Start!.main![0]!] } }],
))('%s makes another version', (_, nodes, connections) => {
	expect(hash(nodes, connections)).not.toBe(hash([start, mail]));
});

test('an empty output is an empty output, however n8n writes it', () => {
	const line = lines.Start!.main![0]!;
	expect(hash([start, mail], { Start: { main: [[], line] } })).toBe(hash([start, mail], { Start: { main: [null, line] } }));
});

test('a parameter called __proto__ counts', () => {
	const odd = JSON.parse('{"__proto__": {"x": 1}}') as INode['parameters'];
	expect(hash([{ ...start, parameters: odd }, mail])).not.toBe(hash([{ ...start, parameters: {} }, mail]));
});
