import type { IExecuteFunctions, INodeExecutionData, IRunData } from 'n8n-workflow';

import { acknowledgeAtEnd } from '../../nodes/shared/execution';
import { outcomesOf } from '../../nodes/shared/settlement';

const SENDING = { action: 'Check', run: 0, mailers: ['Mail'], withErrorOutput: [] };

/** What the nodes of an execution left behind in which *Check* let so many through to *Mail*, which put out these. */
function runData(outputs: Array<Partial<INodeExecutionData>>): IRunData {
	const sent = outputs.map((_, at): INodeExecutionData => ({ json: { delivery: { id: at + 1 } } }));
	const said = outputs.map((one, item): INodeExecutionData => ({ json: {}, pairedItem: { item }, ...one }));
	return { Check: [{ data: { main: [sent] } }], Mail: [{ source: [{ previousNode: 'Check' }], data: { main: [said] } }] } as unknown as IRunData;
}

/** As a community node or a Code node puts it there. */
const odd = (error: unknown) => ({ error } as Partial<INodeExecutionData>);
const around: Record<string, unknown> = {};
around.self = around;

describe('what became of messages', () => {
	it('is read from whatever a node calls an error', () => {
		const outcomes = outcomesOf(runData([
			odd({ message: { code: 550 } }), odd({ message: 550 }), odd('no such box'), odd({ message: around }), odd({ code: 7 }),
			{ json: { error: { message: ['a', 'b'] } } }, { json: { error: around as never } }, { json: { messageId: 'm' } }, odd(new Error('550')), odd({ message: undefined }),
		]), SENDING);
		const circular = 'an error that cannot be told as text';
		expect(outcomes.map((one) => [one.outcome, one.error])).toEqual([
			['failed', '{"code":550}'], ['failed', '550'], ['failed', 'no such box'], ['failed', circular], ['failed', '{"code":7}'],
			['failed', '["a","b"]'], ['failed', circular], ['sent', undefined], ['failed', '550'], ['failed', 'undefined'],
		]);
	});

	it('is told with the error of the execution in words, whatever that is', async () => {
		for (const [error, told] of [[{ message: 7n }, 'an error that cannot be told as text'], [{ message: { code: 1 } }, '{"code":1}'], [undefined, undefined]]) {
			const acknowledged: unknown[] = [];
			let end = async () => undefined as void;
			let held = false;
			const context = { onExecutionFinish: (work: () => Promise<void>) => (end = work), runExecutionData: { resultData: { error, runData: {} } } };
			const engine = { executions: { has: () => held, acknowledge: async (_: unknown, ending: { error?: string }) => acknowledged.push(ending.error) } };
			acknowledgeAtEnd(context as unknown as IExecuteFunctions, engine as never, { token: 't', execution: 'e' });
			held = true;
			await end();
			expect(acknowledged).toEqual([told]);
		}
	});
});
